package tus

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/internal/wire"
	"github.com/tusker-go/tusker/protocol"
)

// capabilitiesAge is how long a server's answer to OPTIONS is believed.
const capabilitiesAge = 24 * time.Hour

// capabilities is what the server of the endpoint supports, as far as it is known. The
// zero value knows nothing. It is safe for concurrent use.
type capabilities struct {
	mu    sync.Mutex
	caps  protocol.Capabilities
	asked time.Time // zero: never
}

func (c *capabilities) set(caps protocol.Capabilities) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.caps, c.asked = caps, time.Now()
}

// get returns what is known. A time in the future is that of a clock that jumped.
func (c *capabilities) get() (protocol.Capabilities, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	age := time.Since(c.asked)
	return c.caps, age >= 0 && age <= capabilitiesAge
}

// Options asks the server at url what it supports (tus 1.0.0, OPTIONS).
func (s *Server) Options(ctx context.Context, url string, call wire.Call) (*Reply, error) {
	var caps protocol.Capabilities
	reply, err := s.do(ctx, exchange{
		op: protocol.OpOptions, method: http.MethodOptions, url: url,
		parse: func(h protocol.Header) (protocol.State, error) {
			var err error
			caps, err = protocol.ParseCapabilities(h)
			return protocol.State{}, err
		},
	}, call)
	if err != nil {
		return nil, err
	}
	reply.Capabilities = caps
	return reply, nil
}

// Known returns what the server of the endpoint said before.
func (s *Server) Known() (protocol.Capabilities, bool) { return s.known.get() }

// Discover returns what the server of url supports. It asks once, unless the answer is
// known. Silent is why the server did not say; that is not remembered, because a proxy
// may have answered in its place.
func (s *Server) Discover(ctx context.Context, url string, call wire.Call) (caps protocol.Capabilities, silent, err error) {
	ours := s.Conn.Serves(url)
	if ours {
		if caps, ok := s.known.get(); ok {
			return caps, nil, nil
		}
	}
	reply, err := s.Options(ctx, url, call)
	if isSilent(err) {
		return protocol.Capabilities{}, err, nil
	}
	if err != nil {
		return protocol.Capabilities{}, nil, err
	}
	if ours {
		s.known.set(reply.Capabilities)
	}
	return reply.Capabilities, nil, nil
}

// isSilent reports whether an answer to OPTIONS means that the server does not know the
// question, rather than that asking failed.
func isSilent(err error) bool {
	e, ok := errors.AsType[*failure.Error](err)
	return ok && e.StatusCode != 0 && (e.Class == failure.ClassFinal || e.Class == failure.ClassGone)
}
