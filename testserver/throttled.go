package testserver

import (
	"net/http"
	"strconv"
	"time"
)

// retryAfterHeader is of RFC 9110, section 10.2.3.
const retryAfterHeader = "Retry-After"

// RetryAfter answers with code, which is 429 or 503 as a rule, and Retry-After
// in seconds, without asking tusd: gateways with a quota, Cloudflare and nginx
// under load (429), load balancers whose servers are being changed (503). wait
// is rounded up to whole seconds.
//
// As with [Status], the body of the request is not read; [EarlyAnswer] is the
// one that answers in the middle of it.
func RetryAfter(code int, wait time.Duration) Action {
	return named(Status(code, http.Header{retryAfterHeader: {strconv.FormatInt(seconds(wait), 10)}}, ""),
		"RetryAfter(%d, %v)", code, wait)
}

// RetryAfterDate is [RetryAfter] with the date when to come again, by the
// server's clock, as pages for planned maintenance send it.
func RetryAfterDate(code int, wait time.Duration) Action {
	return newAction(func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		// A date has no fraction of a second, which would shorten the wait.
		at := time.Now().Add(wait + time.Second - 1)
		w.Header().Set(retryAfterHeader, at.UTC().Format(http.TimeFormat))
		w.WriteHeader(code)
	}, "RetryAfterDate(%d, %v)", code, wait)
}

func seconds(d time.Duration) int64 {
	return int64((max(d, 0) + time.Second - 1) / time.Second)
}
