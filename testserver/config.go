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
)

// defaultGrace stands in for tusd's ten seconds, which only matter to stores
// on another machine: a goroutine per request would outlive every test.
const defaultGrace = 10 * time.Millisecond

// defaultKeep is more than a test looks at, and little for a server that is
// left running.
const defaultKeep = 10_000

// Config says what a [Server] is to be. The zero value serves plain HTTP/1.1
// on a free port of the loopback interface and keeps uploads in a temporary
// folder.
type Config struct {
	// Dir is where uploads are kept: it is made if it does not exist, and
	// stays after Close. "": a temporary folder, removed by Close.
	Dir string

	// Addr is the address to listen on, as in [net.Listen]. "": 127.0.0.1:0.
	// With Network it is a name on that network, and "" is one like
	// "tusd-1.test", never the same twice.
	Addr string

	// BasePath is the path of the creation endpoint; slashes at its ends are
	// added. "": "/files/".
	BasePath string

	// MaxSize is the largest upload in bytes, announced as Tus-Max-Size.
	// 0: no limit. Negative: an error.
	MaxSize int64

	// TLS serves HTTPS, with HTTP/2, under these settings, which are copied.
	// nil: plain HTTP. Where Certificates is empty, as in &tls.Config{}, a
	// certificate is made on the spot by an authority made on the spot, see
	// [Server.CertPool]. Where ClientAuth asks for certificates to be verified
	// and ClientCAs is nil, that authority is trusted, see
	// [Server.ClientCertificate]. NextProtos without "h2" serves HTTP/1.1
	// only. With Network it is an error.
	TLS *tls.Config

	// DisableConcatenation withholds the concatenation extension.
	DisableConcatenation bool

	// DisableTermination withholds the termination extension.
	DisableTermination bool

	// DisableDeferLength withholds the creation-defer-length extension.
	DisableDeferLength bool

	// Checksum adds the checksum extension, which tusd lacks, with these
	// algorithms of [ChecksumAlgorithms], announced in this order. nil: none,
	// and Upload-Checksum is ignored as tusd does. A chunk with a checksum is
	// kept back until it has come whole and been compared, up to 1 MiB of it
	// in memory and the rest in a temporary file; a chunk that breaks off is
	// lost. The specification asks for sha1 among them.
	Checksum []string

	// ChecksumTrailer adds checksum-trailer: Upload-Checksum may come as a
	// trailer if the header Trailer announces it. Without Checksum it is an
	// error.
	ChecksumTrailer bool

	// Expiration adds the expiration extension: so long after its creation an
	// upload that is not finished is gone, rounded up to a whole second.
	// 0: uploads stay. Negative: an error.
	Expiration time.Duration

	// ExpiresUnix sends Upload-Expires as seconds since 1970, as oCIS and
	// OpenCloud do, where the specification wants a date.
	ExpiresUnix bool

	// ConcatUnfinished adds concatenation-unfinished: a final upload may be
	// created before its parts are finished. With DisableConcatenation it is
	// an error.
	ConcatUnfinished bool

	// TrustForwarded makes Location from Forwarded and X-Forwarded-Host and
	// -Proto, as tusd does behind a proxy.
	TrustForwarded bool

	// Network is served instead of TCP, for testing/synctest. nil: TCP. It
	// carries plain HTTP only: crypto/tls holds locks while it writes, and in
	// a bubble the clock stands still while a goroutine waits for a lock.
	Network *Network

	// Logger gets what tusd and net/http log, at debug level, and each fault
	// as it fires, at info level. nil: nothing.
	Logger *slog.Logger

	// KeepRequests is how many requests [Server.Requests] remembers, of the
	// latest. 0: 10,000, about 20 MB of them. Negative: all, for as long as
	// the server runs.
	KeepRequests int

	// Wrap puts a handler of the caller's around the faults and tusd, to
	// check credentials for example. A request that it answers by itself
	// uses up no fault, and is in [Server.Requests] all the same. nil: none.
	Wrap func(http.Handler) http.Handler

	// AcquireLockTimeout is how long a request waits for another one to let
	// go of the same upload. 0 or less: tusd's default, 20 s.
	AcquireLockTimeout time.Duration

	// NetworkTimeout is how long tusd waits for the next bytes of a body.
	// 0 or less: tusd's default, 60 s.
	NetworkTimeout time.Duration

	// GracefulTimeout is how long tusd keeps the context of a request whose
	// client has gone. [Server.Close] waits as long for the goroutines that
	// do so. 0 or less: 10 ms, where tusd's own default is 10 s.
	GracefulTimeout time.Duration
}

// withDefaults checks cfg and fills in what is zero.
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
	if err := cfg.checkLayers(); err != nil {
		return cfg, err
	}
	if cfg.KeepRequests == 0 {
		cfg.KeepRequests = defaultKeep
	}
	if cfg.GracefulTimeout <= 0 {
		cfg.GracefulTimeout = defaultGrace
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	return cfg, nil
}

// networkHosts numbers servers on a Network: what a client remembers of a host
// must not reach the next one.
var networkHosts atomic.Int64
