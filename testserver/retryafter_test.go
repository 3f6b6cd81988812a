package testserver_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tusker-go/tusker/testserver"
)

// Retry-After has whole seconds or a date.
func TestRetryAfter(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		do   testserver.Action
		code int
		wait time.Duration
		date bool
	}{
		{"429 in seconds", testserver.RetryAfter(429, 7*time.Second), 429, 7 * time.Second, false},
		{"503 in seconds", testserver.RetryAfter(503, time.Hour), 503, time.Hour, false},
		{"rounded up", testserver.RetryAfter(503, 1001*time.Millisecond), 503, 2 * time.Second, false},
		{"negative", testserver.RetryAfter(503, -time.Hour), 503, 0, false},
		{"429 with a date", testserver.RetryAfterDate(429, 7*time.Second), 429, 7 * time.Second, true},
		{"503 with a date", testserver.RetryAfterDate(503, time.Hour), 503, time.Hour, true},
		{"date rounded up", testserver.RetryAfterDate(503, 1001*time.Millisecond), 503, 2 * time.Second, true},
		{"date in the past", testserver.RetryAfterDate(503, -time.Hour), 503, -time.Hour, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := overNetwork(t, testserver.Config{})
				s.Inject(testserver.Fault{Times: testserver.Always, Do: tt.do})
				// The date counts from the request, not from the injection. The
				// clock of a bubble begins at a full second.
				time.Sleep(time.Hour)
				value := mustDo(t, tt.code, s.Client(), http.MethodHead, s.URL(), nil).header.Get("Retry-After")
				at, err := http.ParseTime(value)
				if tt.date {
					if err != nil || time.Until(at) != tt.wait {
						t.Errorf("got %q, in %v; want in %v", value, time.Until(at), tt.wait)
					}
					return
				}
				if got, err := time.ParseDuration(value + "s"); err != nil || got != tt.wait {
					t.Errorf("got %q, want %v", value, tt.wait)
				}
			})
		})
	}
}
