package testserver

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/tusker-go/tusker/testserver/internal/layers"
)

// defaultGracefulTimeout replaces tusd's default of ten seconds, which is made
// for remote stores. With that default, a goroutine per request would outlive
// each test.
const defaultGracefulTimeout = 10 * time.Millisecond

// defaultKeepRequests is more than a test looks at, and bounds the memory of a
// server that runs for long.
const defaultKeepRequests = 10_000

// Config configures a [Server]. The zero value serves plain HTTP/1.1 on a free
// port of the loopback interface and stores uploads in a temporary folder.
type Config struct {
	// Dir is the folder of the uploads. The server creates it if necessary, and
	// Close does not remove it. "": a temporary folder, which Close removes.
	Dir string

	// Addr is the address to listen on, as in [net.Listen]. "": 127.0.0.1:0.
	// With Network, Addr is a host name on that network, and "" means a new
	// name such as "tusd-1.test".
	Addr string

	// BasePath is the path of the creation endpoint. Missing slashes at its
	// start and end are added. "": "/files/".
	BasePath string

	// MaxSize is the largest upload in bytes, announced as Tus-Max-Size. 0: no
	// limit. Negative: an error.
	MaxSize int64

	// TLS enables HTTPS and HTTP/2 with these settings, which are copied. nil:
	// plain HTTP. If Certificates is empty, as in &tls.Config{}, the server
	// creates an authority and a certificate, see [Server.CertPool]. If
	// ClientAuth verifies certificates and ClientCAs is nil, the server trusts
	// its own authority, see [Server.ClientCertificate]. NextProtos without
	// "h2" disables HTTP/2. TLS together with Network is an error.
	TLS *tls.Config

	// DisableConcatenation disables the concatenation extension.
	DisableConcatenation bool

	// DisableTermination disables the termination extension.
	DisableTermination bool

	// DisableDeferLength disables the creation-defer-length extension.
	DisableDeferLength bool

	// Checksum adds the checksum extension, which tusd lacks, with these
	// algorithms of [ChecksumAlgorithms], announced in this order. nil: no
	// checksum extension, and Upload-Checksum is ignored as in tusd. A chunk
	// with a checksum is buffered until it is complete and verified: up to 1
	// MiB of it in memory and the rest in a temporary file. A chunk whose
	// request is cut is lost. The specification requires sha1.
	Checksum []string

	// ChecksumTrailer adds checksum-trailer: Upload-Checksum may be a trailer
	// if the header Trailer announces it. ChecksumTrailer without Checksum is
	// an error.
	ChecksumTrailer bool

	// Expiration adds the expiration extension: an incomplete upload is removed
	// this long after its creation, rounded up to a whole second. 0: uploads do
	// not expire. Negative: an error.
	Expiration time.Duration

	// ExpiresUnix sends Upload-Expires as seconds since 1970, as oCIS and
	// OpenCloud do. false: a date, as the specification requires.
	ExpiresUnix bool

	// ConcatUnfinished adds concatenation-unfinished: a final upload may be
	// created before its parts are complete. ConcatUnfinished with
	// DisableConcatenation is an error.
	ConcatUnfinished bool

	// Experimental enables tusd's experiment with the IETF's Resumable Uploads for HTTP, in
	// the interop versions 3 to 6. A request that declares one of them is not a request of
	// tus. [github.com/tusker-go/tusker/testserver/rufhserver] serves all versions. false:
	// tusd answers each request as one of tus.
	Experimental bool

	// TrustForwarded derives Location from the headers Forwarded,
	// X-Forwarded-Host and X-Forwarded-Proto, as tusd does behind a proxy.
	TrustForwarded bool

	// Network replaces TCP, for testing/synctest. nil: TCP. A Network carries
	// plain HTTP only: crypto/tls holds locks while it writes, and the clock of
	// a bubble stands still while a goroutine waits for a lock.
	Network *Network

	// Logger gets the log of tusd and net/http at debug level, and each applied
	// fault at info level. nil: no log.
	Logger *slog.Logger

	// KeepRequests is the number of the latest requests that [Server.Requests]
	// returns. 0: 10,000, which take about 20 MB. Negative: all requests,
	// without a limit on memory.
	KeepRequests int

	// Handler answers in the place of tusd, for a server of another protocol with the same
	// faults. The fields of Config about uploads and extensions have no effect, and Dir is
	// not created. Methods of the Server that read the store find no upload, and Forget and
	// RewindTo change nothing. nil: tusd.
	Handler http.Handler

	// Wrap puts a handler of the caller around the faults and tusd, for example
	// to check credentials. A request that this handler answers by itself uses
	// no fault, and [Server.Requests] lists it. nil: no handler.
	Wrap func(http.Handler) http.Handler

	// Site makes the handler of the requests whose path is not below BasePath,
	// such as those of a page. [Start] calls Site once, before the server accepts
	// connections. Wrap and faults do not apply to these requests, and
	// [Server.Requests] does not list them. nil: tusd answers 404.
	Site func(*Server) http.Handler

	// Finished is called after the last byte of an upload is stored, before tusd
	// answers. uploadURL is for the methods of the Server, such as
	// [Server.Info], which tells partial uploads from others. Finished is not
	// called for a final upload that was created before its parts were complete.
	// Calls for several uploads may be concurrent. nil: no call.
	Finished func(s *Server, uploadURL string)

	// AcquireLockTimeout is how long a request waits for the lock of an upload
	// that another request holds. 0 or less: tusd's default, 20 s.
	AcquireLockTimeout time.Duration

	// NetworkTimeout is how long tusd waits for the next bytes of a body. 0 or
	// less: tusd's default, 60 s.
	NetworkTimeout time.Duration

	// GracefulTimeout is how long tusd keeps the context of a request whose
	// client has disconnected. [Server.Close] waits as long for tusd's
	// goroutines. 0 or less: 10 ms, instead of tusd's default of 10 s.
	GracefulTimeout time.Duration
}

// withDefaults validates cfg and replaces zero values by defaults.
func (cfg Config) withDefaults() (Config, error) {
	if cfg.BasePath == "" {
		cfg.BasePath = "/files/"
	}
	if strings.Contains(cfg.BasePath, "://") {
		return cfg, fmt.Errorf("base path %q: want a path, not a URL", cfg.BasePath)
	}
	if strings.ContainsAny(cfg.BasePath, "?#") {
		return cfg, fmt.Errorf("base path %q: want a path without query or fragment", cfg.BasePath)
	}
	cfg.BasePath = strings.TrimRight("/"+strings.TrimLeft(cfg.BasePath, "/"), "/") + "/"
	if cfg.Addr == "" {
		cfg.Addr = "127.0.0.1:0"
		if cfg.Network != nil {
			cfg.Addr = fmt.Sprintf("tusd-%d.test", networkHosts.Add(1))
		}
	}
	if cfg.MaxSize < 0 {
		return cfg, fmt.Errorf("max size %d: want 0 or more", cfg.MaxSize)
	}
	cfg.Checksum = slices.Clone(cfg.Checksum)
	if err := cfg.layers().Validate(!cfg.DisableConcatenation); err != nil {
		return cfg, err
	}
	if cfg.KeepRequests == 0 {
		cfg.KeepRequests = defaultKeepRequests
	}
	if cfg.GracefulTimeout <= 0 {
		cfg.GracefulTimeout = defaultGracefulTimeout
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	return cfg, nil
}

// networkHosts numbers the servers on Networks, so that state which a client
// keeps for one host does not affect the next server.
var networkHosts atomic.Int64

// layers returns the extensions that cfg adds to tusd.
func (cfg Config) layers() layers.Config {
	return layers.Config{
		Checksum:         cfg.Checksum,
		ChecksumTrailer:  cfg.ChecksumTrailer,
		Expiration:       cfg.Expiration,
		ExpiresUnix:      cfg.ExpiresUnix,
		ConcatUnfinished: cfg.ConcatUnfinished,
	}
}

// ChecksumAlgorithms returns all algorithms that Config.Checksum accepts, sha1
// first, which the specification requires of every server with checksums. A
// crc32 sum is that of IEEE 802.3 in four bytes, most significant byte first.
func ChecksumAlgorithms() []string { return layers.ChecksumAlgorithms() }
