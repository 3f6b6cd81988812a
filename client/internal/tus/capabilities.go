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

const (
	// capabilitiesAge is how long a server's answer to OPTIONS is believed.
	capabilitiesAge = 24 * time.Hour

	// discoveryStall is how long a question about features may show no sign of life. Some
	// firewalls drop OPTIONS, and uploads work without the answer.
	discoveryStall = 4 * time.Second

	// requiredStall is the same for an upload that needs the answer.
	requiredStall = 15 * time.Second

	// silenceAge is how long a server that gives no answer to OPTIONS is not asked again.
	silenceAge = 15 * time.Minute

	// maxUnanswered is how many questions in a row may break off without an answer
	// before the server counts as silent.
	maxUnanswered = 2

	// maxFailed is the same for questions in a row of which each may have been answered by a
	// gateway or a server that fails, and for questions that stall although their answer is
	// required.
	maxFailed = 3
)

// capabilities is what the server of the endpoint supports, as far as it is known. The
// zero value knows nothing. It is safe for concurrent use.
type capabilities struct {
	mu    sync.Mutex
	caps  protocol.Capabilities
	asked time.Time // zero: never

	silent     error // why the server gave no answer; nil: it may give one
	silentFrom time.Time
	unanswered int // questions in a row that broke off
}

func (c *capabilities) set(caps protocol.Capabilities) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.caps, c.asked = caps, time.Now()
	c.silent, c.unanswered = nil, 0
}

// silence returns why the server is not asked again, or nil.
func (c *capabilities) silence() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if age := time.Since(c.silentFrom); age < 0 || age > silenceAge {
		c.silent = nil
	}
	return c.silent
}

// noAnswer records a question without an answer. It reports whether the server counts as
// silent from now on: after a stall at once, because the next question would take as long,
// and after failed answers later than after broken connections. If the answer is required,
// only several stalls count, because a failing server may answer later.
func (c *capabilities) noAnswer(err error, required bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	most := maxFailed
	switch {
	case required && !errors.Is(err, failure.ErrStalled):
		return false
	case required:
	case errors.Is(err, failure.ErrStalled):
		most = 1
	case !isAnswered(err):
		most = maxUnanswered
	}
	if c.unanswered++; c.unanswered < most {
		return false
	}
	c.silent, c.silentFrom, c.unanswered = err, time.Now(), 0
	return true
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
	return s.options(ctx, url, 0, call)
}

func (s *Server) options(ctx context.Context, url string, stall time.Duration, call wire.Call) (*Reply, error) {
	var caps protocol.Capabilities
	reply, err := s.do(ctx, exchange{
		op: protocol.OpOptions, method: http.MethodOptions, url: url, stall: stall,
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
// known. Silent is why the server did not say. An answer that says nothing is not
// remembered, because a proxy may have answered in the server's place.
//
// A server that gives no answer is silent as well, and is not asked again for a while.
// With required, the caller cannot do without the answer: the question may stall for longer
// and more often, and any other failure is an error.
func (s *Server) Discover(ctx context.Context, url string, required bool, call wire.Call) (caps protocol.Capabilities, silent, err error) {
	ours := s.Conn.Serves(url)
	stall := discoveryStall
	if ours {
		if caps, ok := s.known.get(); ok {
			return caps, nil, nil
		}
		if silent := s.known.silence(); silent != nil && !required {
			return protocol.Capabilities{}, silent, nil
		}
	}
	if required {
		stall = requiredStall
	}
	reply, err := s.options(ctx, url, stall, call)
	switch {
	case isSilent(err), ours && isUnanswered(ctx, err) && s.known.noAnswer(err, required):
		return protocol.Capabilities{}, err, nil
	case err != nil:
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

// isUnanswered reports whether a question was sent and nothing answered it, or only a gateway
// or a server that failed. A server that asks for a wait is not one of them.
func isUnanswered(ctx context.Context, err error) bool {
	e, ok := errors.AsType[*failure.Error](err)
	return ok && ctx.Err() == nil && e.Class != failure.ClassThrottled && (e.AnswerLost || e.StatusCode != 0 && e.Class == failure.ClassTransient)
}

func isAnswered(err error) bool {
	e, ok := errors.AsType[*failure.Error](err)
	return ok && e.StatusCode != 0
}
