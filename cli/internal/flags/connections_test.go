package flags

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
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
			var now, most atomic.Int64
			all := make(chan struct{})
			srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
				n := now.Add(1)
				defer now.Add(-1)
				for seen := most.Load(); n > seen && !most.CompareAndSwap(seen, n); seen = most.Load() {
				}
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
			if got := int(most.Load()); got != test.want {
				t.Errorf("%d requests at the same time, want %d", got, test.want)
			}
		})
	}
}

func get(t *testing.T, doer transport.Doer, url string) error {
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
