package doctor

import (
	"context"
	"errors"
	"time"

	"github.com/tusker-go/tusker/cli/internal/units"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
)

const (
	mib = 1 << 20

	leastBody = 64 << 10 // smallest useful body limit

	bodyLimits = 4 // a request with a large body may take this many times the limit of an exchange
)

// ladder contains the sizes of the bodies that are tried, small ones first: a low
// limit or a slow network is found with few bytes.
var ladder = []int64{1 * mib, 4 * mib, 16 * mib, 32 * mib}

// bodies looks for the largest body that passes. It returns false if no body
// passes.
func (e *examination) bodies(ctx context.Context) bool {
	began := time.Now()
	refused := int64(0) // size of the smallest refused body, 0: none
	probes := 0
	why := "" // reason for the end of the search
	pace := 0.0
	var last error
	try := func(n int64) bool {
		probes++
		sent := time.Now()
		err := e.patch(ctx, n)
		if errors.Is(err, protocol.ErrOffsetMismatch) && e.head(ctx) == nil {
			err = e.patch(ctx, n)
		}
		if err == nil {
			e.body, pace = max(e.body, n), float64(time.Since(sent))/float64(n)
			return true
		}
		last = err
		if errors.Is(err, protocol.ErrTooLarge) {
			refused = n
			return true
		}
		return false
	}
	next := func() int64 {
		if refused > 0 {
			return between(e.body, refused)
		}
		for _, n := range ladder {
			if n > e.body {
				return n
			}
		}
		return 0
	}
	for why == "" {
		n := next()
		if refused == 0 {
			// A small upload has room only for small bodies, and the checks that
			// follow need some of that room.
			n = min(n, e.left()-min(2*flowBody, e.left()/2))
		}
		switch {
		case n < leastBody || n <= e.body:
			why = "all"
		case n > e.left():
			why = "no more bytes are spent on it"
		case probes == maxProbes:
			why = "no more requests are spent on it"
		case time.Since(began)+time.Duration(pace*float64(n)) > bodyLimits*e.Limit:
			why = "no more time is spent on it"
		case !try(n):
			return e.broken(ctx, n, last)
		}
	}
	switch {
	case refused == 0 && e.body == 0:
		e.warn("body-limit", "", "not tried: the server takes no upload that is large enough")
	case refused == 0:
		e.ok("body-limit", "", "bodies of %s pass%s", size(e.body), reason(why))
	case e.body == 0:
		e.fail("body-limit", "raise the limit for bodies", last)
	default:
		chunk := units.Size(e.body)
		e.warn("body-limit", "--chunk-size "+chunk.String(), "bodies of %s pass, of %s do not (413)", size(e.body), size(refused))
	}
	return e.body > 0
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
	if e.body == 0 {
		e.fail("patch", e.misplaced(err), err)
		return false
	}
	advice := adviceFor(err)
	exchange, ok := errors.AsType[*client.Error](err)
	if ok && exchange.StatusCode == 0 || errors.Is(err, client.ErrStalled) {
		chunk := units.Size(e.body)
		advice = "--chunk-size " + chunk.String() + " if that happens again"
	}
	e.warn("body-limit", advice, "bodies of %s pass, one of %s did not: %s", size(e.body), size(n), plain(err))
	// The server may have kept a part of the failed body.
	return e.head(ctx) == nil
}
