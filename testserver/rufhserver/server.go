package rufhserver

import (
	"fmt"
	"io/fs"
	"net/http"
	"net/url"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/testserver"
)

// Server is a listening server with faults in front of it. [New] and [Start] create a
// Server; the zero value is not usable. All methods are safe for concurrent use.
//
// The methods of testserver.Server inject faults, list requests and give the client and the
// certificates. Path has no file to name: the uploads are in memory.
type Server struct {
	*testserver.Server
	handler *handler
}

// New starts a server for a test and closes it when the test ends. New fails the test if
// the server cannot start.
func New(tb testserver.TB, cfg Config) *Server {
	tb.Helper()
	s, err := Start(cfg)
	if err != nil {
		tb.Fatalf("%v", err)
		return nil
	}
	tb.Cleanup(s.Close)
	return s
}

// Start starts a server, which the caller closes.
func Start(cfg Config) (*Server, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("rufhserver: start: %w", err)
	}
	h := &handler{cfg: cfg, uploads: map[string]*upload{}}
	cfg.Server.Handler = h
	outer := cfg.Server.Wrap
	cfg.Server.Wrap = func(next http.Handler) http.Handler {
		if outer != nil {
			next = outer(next)
		}
		return h.inContext(next)
	}
	s, err := testserver.Start(cfg.Server)
	if err != nil {
		return nil, fmt.Errorf("rufhserver: start: %w", err)
	}
	return &Server{Server: s, handler: h}, nil
}

// Uploads returns the sorted URLs of all uploads, complete or not.
func (s *Server) Uploads() ([]string, error) {
	base, err := url.Parse(s.URL())
	if err != nil {
		return nil, fmt.Errorf("rufhserver: list uploads: %w", err)
	}
	var urls []string
	for _, path := range s.handler.paths() {
		urls = append(urls, base.ResolveReference(&url.URL{Path: path}).String())
	}
	return urls, nil
}

// Bytes returns the bytes of an upload. uploadURL is absolute, or a path on the server. If
// there is no such upload, the error is [fs.ErrNotExist].
func (s *Server) Bytes(uploadURL string) ([]byte, error) {
	u, err := s.upload(uploadURL)
	if err != nil {
		return nil, err
	}
	return u.content(), nil
}

// Info returns the offset and the length of an upload. If there is no such upload, the
// error is [fs.ErrNotExist].
func (s *Server) Info(uploadURL string) (testserver.Info, error) {
	u, err := s.upload(uploadURL)
	if err != nil {
		return testserver.Info{}, err
	}
	state := u.state()
	n, _ := state.offset.Int64()
	return testserver.Info{Offset: n, Length: state.length}, nil
}

// Complete reports whether an upload is complete. If there is no such upload, the error is
// [fs.ErrNotExist].
func (s *Server) Complete(uploadURL string) (bool, error) {
	u, err := s.upload(uploadURL)
	if err != nil {
		return false, err
	}
	return u.state().complete, nil
}

func (s *Server) upload(uploadURL string) (*upload, error) {
	parsed, err := url.Parse(uploadURL)
	if err != nil {
		return nil, fmt.Errorf("rufhserver: upload URL: %w", err)
	}
	u := s.handler.find(parsed.Path)
	if u == nil {
		return nil, fmt.Errorf("rufhserver: upload %q: %w", uploadURL, fs.ErrNotExist)
	}
	return u, nil
}

// state is the state of an upload at one moment.
type state struct {
	offset, length protocol.Length
	complete       bool
}
