package doctor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/tusker-go/tusker/cli/internal/advice"
	"github.com/tusker-go/tusker/cli/internal/units"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/transport"
)

const (
	mib = 1 << 20

	leastBody = 64 << 10 // smallest useful body limit

	bodyLimits = 4 // a request with a large body may take this many times the limit of an exchange

	maxProbes = 9 // requests that look for the body limit
)

// ladder contains the sizes of the bodies that are tried, small ones first: a low
// limit or a slow network is found with few bytes.
var ladder = []int64{1 * mib, 4 * mib, 16 * mib, 32 * mib}

// search looks for the largest body that passes.
type search struct {
	*examination
	began   time.Time
	refused int64   // size of the smallest refused body, 0: none
	probes  int     // bodies that were sent
	pace    float64 // nanoseconds for one byte of the last body that passed
	last    error   // of the last body that did not pass
	status  int     // of the answer to it; 0: no answer
}

// bodies looks for the largest body that passes. It returns false if no body
// passes.
func (e *examination) bodies(ctx context.Context) bool {
	for {
		s := &search{examination: e, began: time.Now()}
		n, why := s.run(ctx)
		switch {
		case why == "":
			return e.broken(ctx, n, s.last)
		case s.cutsAll() && s.override(ctx, leastBody, s.last):
			continue // the search begins again with POST
		}
		return s.report(why)
	}
}

// run sends bodies until the limit is known, and returns why it ended. If a body of n bytes
// failed for another reason than its size, why is "".
func (s *search) run(ctx context.Context) (n int64, why string) {
	for {
		n = s.next()
		if why = s.end(n); why != "" || !s.try(ctx, n) {
			return n, why
		}
	}
}

// cutsAll reports whether no body passed, and each request was cut or got no answer.
func (s *search) cutsAll() bool { return s.body == 0 && s.refused > 0 && s.status == 0 }

// next returns the size of the next body, or 0 if the limit is known.
func (s *search) next() int64 {
	if s.refused > 0 {
		return between(s.body, s.refused)
	}
	// A small upload has room only for small bodies, and the checks that follow need
	// some of that room.
	most := s.left() - min(2*flowBody, s.left()/2)
	limits := s.Client.Limits
	if limits.MaxRequest > 0 {
		most = min(most, limits.MaxRequest)
	}
	for _, n := range ladder {
		if n > s.body {
			return min(max(n, limits.MinRequest), most)
		}
	}
	return 0
}

// end returns the reason to end the search before a body of n bytes, or "".
func (s *search) end(n int64) string {
	switch {
	case n < leastBody || n <= s.body:
		return "all"
	case n > s.left():
		return "it would need too many bytes"
	case s.probes == maxProbes:
		return "it would need too many requests"
	case time.Since(s.began)+time.Duration(s.pace*float64(n)) > bodyLimits*s.Limit:
		return "it would take too long"
	}
	return ""
}

// try sends a body of n bytes. It returns false if the body failed for another reason
// than its size.
func (s *search) try(ctx context.Context, n int64) bool {
	s.probes++
	sent := time.Now()
	err := s.send(ctx, n)
	for tries := 1; err != nil && !errors.Is(err, protocol.ErrTooLarge); tries++ {
		s.last = err
		// The server may have kept a part of the body.
		if ctx.Err() != nil || !isLimit(err) || s.head(ctx) != nil {
			return false
		}
		// One failure is not a limit.
		if tries == 2 || errors.Is(err, client.ErrStalled) || n > s.left()/2 {
			break
		}
		sent = time.Now()
		err = s.send(ctx, n)
	}
	if err == nil {
		s.body, s.pace = max(s.body, n), float64(time.Since(sent))/float64(n)
		return true
	}
	s.last = err
	s.refused, s.status = n, 0
	if exchange, ok := errors.AsType[*client.Error](err); ok {
		s.status = exchange.StatusCode
	}
	return true
}

// send sends a body of n bytes, while the server is busy again and again, and in
// another way if something blocks PATCH.
func (s *search) send(ctx context.Context, n int64) error {
	patch := func(ctx context.Context) error { return s.patch(ctx, n) }
	err := s.patiently(ctx, patch)
	if errors.Is(err, protocol.ErrOffsetMismatch) && s.head(ctx) == nil {
		err = s.patiently(ctx, patch)
	}
	if !isBlocked(err) || s.body > 0 || !s.override(ctx, n, err) {
		return err
	}
	return nil
}

// override sends a body of n bytes as POST, after something blocked PATCH. If the body passes,
// all later requests are sent so.
func (s *search) override(ctx context.Context, n int64, blocked error) bool {
	override, err := client.New(s.overriding())
	if err != nil || s.isOverriding {
		return false
	}
	usual := s.c
	s.c = override
	if s.head(ctx) != nil || s.patiently(ctx, func(ctx context.Context) error { return s.patch(ctx, n) }) != nil {
		s.c = usual
		return false
	}
	s.isOverriding = true
	s.flag("--method-override", "")
	s.warn("method", "--method-override", "PATCH does not pass, but POST with X-HTTP-Method-Override does: %s", plain(blocked))
	return true
}

// overriding returns the configuration of a client that sends PATCH and DELETE as POST.
func (e *examination) overriding() client.Config {
	cfg := e.Client
	cfg.Doer = transport.Chain(cfg.Doer, transport.MethodOverride())
	return cfg
}

// isBlocked tells whether something may have refused the method of a request.
func isBlocked(err error) bool {
	exchange, ok := errors.AsType[*client.Error](err)
	return ok && advice.Method(exchange) != "" && !errors.Is(err, protocol.ErrTooLarge)
}

// isLimit tells whether a smaller body might pass: proxies answer a body that is too
// large with 413 or with a failure of their own, cut its connection, or say nothing.
func isLimit(err error) bool {
	exchange, ok := errors.AsType[*client.Error](err)
	if !ok {
		return false
	}
	switch exchange.StatusCode {
	case 0:
		return exchange.AnswerLost
	case http.StatusRequestTimeout:
		return true
	case http.StatusNotImplemented, http.StatusHTTPVersionNotSupported:
		return false
	}
	return errors.Is(err, protocol.ErrTooLarge) || exchange.StatusCode >= http.StatusInternalServerError && !isBusy(err)
}

// report tells which bodies pass. It returns false if none does.
func (s *search) report(why string) bool {
	switch {
	case s.refused == 0 && s.body == 0:
		s.warn("body-limit", "", "not tried: the server takes no upload that is large enough")
	case s.refused == 0:
		s.ok("body-limit", "", "bodies of %s pass%s", size(s.body), reason(why))
	case s.body == 0 && errors.Is(s.last, protocol.ErrTooLarge):
		s.fail("body-limit", "raise the limit for bodies", s.last)
	case s.body == 0:
		s.fail("patch", "", s.last)
	default:
		s.warn("body-limit", s.chunkFlag(s.body), "bodies of %s pass, of %s do not (%s)", size(s.body), size(s.refused), s.cause())
	}
	return s.body > 0
}

// cause describes the failure of the smallest body that did not pass.
func (s *search) cause() string {
	if s.status != 0 {
		return fmt.Sprint(s.status)
	}
	return plain(s.last)
}

func reason(why string) string {
	if why == "all" {
		return ""
	}
	return "; " + why
}

// between returns the size of the next body to try, or 0 if the limit is known well
// enough.
func between(passed, refused int64) int64 {
	if passed == 0 {
		return refused / 4
	}
	if refused-passed <= refused/8 {
		return 0
	}
	mid := (passed + refused) / 2
	if mid > mib {
		return mid / (256 << 10) * (256 << 10)
	}
	return mid
}

// broken reports a body that failed for another reason than its size. It returns
// false if no smaller body passed.
func (e *examination) broken(ctx context.Context, n int64, err error) bool {
	switch {
	case isBusy(err):
		e.warn("lock", "--retries N: tusker waits for locks", "the server is busy with the upload: %s", plain(err))
		return false
	case e.body == 0:
		e.fail("patch", e.misplaced(err), err)
		return false
	}
	hint := adviceFor(err)
	if errors.Is(err, client.ErrStalled) {
		chunk := units.Size(e.body)
		hint = "--chunk-size " + chunk.String() + " if that happens again"
	}
	e.warn("body-limit", hint, "bodies of %s pass, one of %s did not: %s", size(e.body), size(n), plain(err))
	// The server may have kept a part of the failed body.
	return e.head(ctx) == nil
}
