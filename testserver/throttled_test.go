package testserver_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tusker-go/tusker/testserver"
)

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
		{"at once", testserver.RetryAfter(503, -time.Hour), 503, 0, false},
		{"429 as a date", testserver.RetryAfterDate(429, 7*time.Second), 429, 7 * time.Second, true},
		{"503 as a date", testserver.RetryAfterDate(503, time.Hour), 503, time.Hour, true},
		{"a date rounded up", testserver.RetryAfterDate(503, 1001*time.Millisecond), 503, 2 * time.Second, true},
		{"a date gone by", testserver.RetryAfterDate(503, -time.Hour), 503, -time.Hour, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := overNetwork(t, testserver.Config{})
				s.Inject(testserver.Fault{Times: testserver.Always, Do: tt.do})
				// A date is of the moment, not of the making. A bubble's clock
				// begins at a full second.
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
