package transport

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// RetryAfter returns how long the answer with header h asks the client to wait: the
// Retry-After header, which is a number of seconds or a date (RFC 9110, section
// 10.2.3). A date counts from the Date of the same answer, so that the clocks of server
// and client need not agree; without a Date, or with an invalid one, it counts from
// now. The wait is at least 0 and at most a year. RetryAfter reports false if there is no valid
// value.
func RetryAfter(h http.Header, now time.Time) (time.Duration, bool) {
	value := retryField(h, "Retry-After")
	if seconds, err := strconv.ParseUint(value, 10, 63); err == nil {
		return time.Duration(min(seconds, uint64(longestWait/time.Second))) * time.Second, true
	}
	until, err := http.ParseTime(value)
	if err != nil {
		return 0, false
	}
	if date, err := http.ParseTime(retryField(h, "Date")); err == nil {
		now = date
	}
	return min(max(until.Sub(now), 0), longestWait), true
}

const longestWait = 365 * 24 * time.Hour

// retryField returns the value of a header without the spaces around it, or "" if it is
// longer than any date.
func retryField(h http.Header, name string) string {
	const longest = 64
	value := strings.TrimSpace(h.Get(name))
	if len(value) > longest {
		return ""
	}
	return value
}
