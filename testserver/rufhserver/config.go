package rufhserver

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/protocol/rufh"
	"github.com/tusker-go/tusker/testserver"
)

// Config configures a [Server]. The zero value speaks the newest version over plain HTTP/1.1
// on a free port of the loopback interface.
type Config struct {
	// Server has the address, TLS, Network, logger, Wrap and Site of the server, as for
	// testserver. Its fields about tusd, its store and extensions have no effect. Handler
	// must be nil.
	Server testserver.Config

	// Versions are the interop versions that the server accepts. A creation with another
	// version, or none, is an ordinary request to the Target; a request of this kind to an
	// upload gets 400. nil: rufh.Newest.
	Versions []rufh.Version

	// Limits are announced in Upload-Limit, and enforced. MaxAge is announced only; uploads
	// do not expire. Multiple must be 0. The zero value: no limits.
	Limits protocol.Limits

	// Progress is the number of bytes after which the server sends another 104 with
	// Upload-Offset, since version 5. 0: it sends none. Negative: an error.
	Progress int64

	// Interval is the time after which the server sends another 104 with Upload-Offset, with
	// the first bytes that arrive then, since version 5. 0: time does not count. Negative: an
	// error.
	Interval time.Duration

	// Target answers requests that are complete: it gets the method, the URL and the header
	// of the creation with the whole representation as body, and the context of the request
	// that completes the upload. Ordinary requests arrive unchanged. Calls may be
	// concurrent. nil: it answers 201 without content.
	Target http.Handler
}

// withDefaults validates cfg and replaces zero values by defaults.
func (cfg Config) withDefaults() (Config, error) {
	if cfg.Versions == nil {
		cfg.Versions = []rufh.Version{rufh.Newest}
	}
	cfg.Versions = slices.Clone(cfg.Versions)
	for _, v := range cfg.Versions {
		if !v.Valid() {
			return cfg, fmt.Errorf("%v is not between %v and %v", v, rufh.Oldest, rufh.Newest)
		}
	}
	if _, err := rufh.Newest.FormatLimits(cfg.Limits); err != nil {
		return cfg, err
	}
	if cfg.Progress < 0 {
		return cfg, fmt.Errorf("progress every %d bytes: want 0 or more", cfg.Progress)
	}
	if cfg.Interval < 0 {
		return cfg, fmt.Errorf("progress every %v: want 0 or more", cfg.Interval)
	}
	if cfg.Server.Handler != nil {
		return cfg, errors.New("field Server.Handler is set")
	}
	if cfg.Target == nil {
		cfg.Target = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusCreated) })
	}
	return cfg, nil
}
