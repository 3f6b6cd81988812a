// Package rufh is the dialect of the IETF's "Resumable Uploads for HTTP", in the interop
// versions 3 to 10 of its drafts. Package protocol/rufh has the fields and the meaning of
// responses; this package has the exchanges, and the driver of an upload ([Dialect]).
//
// An upload is created with all of its bytes (optimistic creation), or without any (careful
// creation). A 104 (Upload Resumption Supported) tells the URL while the bytes are sent. Only
// a request that says so completes an upload; the last one gets the response of the resource
// that the creation was sent to.
package rufh

import (
	"sync"

	"github.com/tusker-go/tusker/client/internal/dialect"
	"github.com/tusker-go/tusker/client/internal/wire"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/protocol/rufh"
)

// Server has what the uploads of one Client share: the connection, and what the server of its
// endpoint said. It is safe for concurrent use.
type Server struct {
	Conn *wire.Conn

	mu     sync.Mutex
	limits protocol.Limits // of the endpoint, as the server announced them last
	silent bool            // the server does not acknowledge bytes while it receives them
}

// Options describes the requests of one upload.
type Options struct {
	// Version is that of all requests.
	Version rufh.Version

	// Endpoint is the URL that creations are sent to, "" if nothing is created.
	Endpoint string

	// Method is that of a creation. "": POST.
	Method string

	// Plain means that a creation is an ordinary request, which may succeed although the
	// server does not know the protocol.
	Plain bool

	// Call has the headers of the upload.
	Call wire.Call
}

// Dialect speaks one version for one upload.
type Dialect struct {
	server *Server
	Options
}

// Dialect implements these interfaces of package dialect.
var (
	_ dialect.Dialect    = (*Dialect)(nil)
	_ dialect.Remover    = (*Dialect)(nil)
	_ dialect.Discoverer = (*Dialect)(nil)
)

// New returns the dialect of one upload.
func (s *Server) New(o Options) *Dialect {
	if o.Method == "" {
		o.Method = "POST"
	}
	return &Dialect{server: s, Options: o}
}

// Name implements [dialect.Dialect].
func (d *Dialect) Name() string { return d.Version.String() }

// DefaultChunk implements [dialect.Dialect].
func (d *Dialect) DefaultChunk() int64 { return 0 }

// Supports implements [dialect.Dialect]: the protocol has none of these features.
func (d *Dialect) Supports(dialect.Feature) bool { return false }

// Hear remembers the limits of the endpoint.
func (s *Server) Hear(limits protocol.Limits) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limits = limits
}

// noProgress remembers that the server does not acknowledge bytes while it receives them.
func (s *Server) noProgress() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.silent = true
}

// features returns what the protocol offers, and what the server said.
func (s *Server) features(v rufh.Version) dialect.Features {
	s.mu.Lock()
	defer s.mu.Unlock()
	return dialect.Features{
		DeferLength: true, CreateWithBody: true, Announces: true, Acknowledges: v.HasProgress() && !s.silent,
		Limits: s.limits,
		Terms:  dialect.Terms{DeferLength: "uploads of unknown length", Join: "joins of uploads"},
	}
}
