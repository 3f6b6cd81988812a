package flags

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/tusker-go/tusker/transport"
	"github.com/tusker-go/tusker/transport/nethttp"
)

// An upload command opens as many connections as it sends files at the same time, until it
// resumes an upload in parts.
func TestConnectionLimit(t *testing.T) {
	t.Parallel()
	const requests = 3
	for name, test := range map[string]struct {
		parallel Parts
		lift     bool
		want     int // most requests at the same time
	}{
		"limited":  {1, false, 1},
		"lifted":   {1, true, requests},
		"in parts": {4, false, requests},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var mu sync.Mutex
			var now, most int
			all := make(chan struct{})
			srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
				mu.Lock()
				now++
				n := now
				most = max(most, n)
				mu.Unlock()
				defer func() {
					mu.Lock()
					defer mu.Unlock()
					now--
				}()
				if n == requests {
					close(all)
				}
				if test.want == requests {
					select {
					case <-all:
					case <-time.After(10 * time.Second): // the check of most fails
					}
				}
			}))
			defer srv.Close()
			u := &Upload{Concurrency: 1, Parallel: test.parallel}
			u.LimitConnections()
			doer := newConnections(nethttp.Config{NoProxy: true}, u.maxConnections, &u.unlimited)
			if test.lift {
				u.LiftConnectionLimit()
			}
			errs := make(chan error)
			for range requests {
				go func() { errs <- get(t, doer, srv.URL) }()
			}
			for range requests {
				if err := <-errs; err != nil {
					t.Error(err)
				}
			}
			if most != test.want {
				t.Errorf("%d requests at the same time, want %d", most, test.want)
			}
		})
	}
}

func get(t *testing.T, doer transport.Doer, url string) error {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	resp, err := doer.Do(req)
	if err != nil {
		return err
	}
	return resp.Body.Close()
}
