package testserver

import (
	"net/http"
	"strconv"
	"time"
)

// retryAfterHeader is defined by RFC 9110, section 10.2.3.
const retryAfterHeader = "Retry-After"

// RetryAfter answers instead of tusd with code, usually 429 or 503, and
// Retry-After in seconds. Gateways with a quota, Cloudflare, and nginx under
// load send 429; load balancers during a deployment send 503. wait is rounded
// up to whole seconds.
//
// RetryAfter does not read the body of the request, see [Status]. Use
// [EarlyAnswer] for an answer during the body.
func RetryAfter(code int, wait time.Duration) Action {
	return withName(Status(code, http.Header{retryAfterHeader: {strconv.FormatInt(seconds(wait), 10)}}, ""),
		"RetryAfter(%d, %v)", code, wait)
}

// RetryAfterDate is [RetryAfter] with the date of the next attempt instead of
// seconds, by the clock of the server, as maintenance pages send it.
func RetryAfterDate(code int, wait time.Duration) Action {
	return newAction(func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		// The date has no fraction of a second, and must not shorten the wait.
		at := time.Now().Add(wait + time.Second - 1)
		w.Header().Set(retryAfterHeader, at.UTC().Format(http.TimeFormat))
		w.WriteHeader(code)
	}, "RetryAfterDate(%d, %v)", code, wait)
}

func seconds(d time.Duration) int64 {
	return int64((max(d, 0) + time.Second - 1) / time.Second)
}
