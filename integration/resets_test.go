package integration

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/testserver"
	"github.com/tusker-go/tusker/transport"
	"github.com/tusker-go/tusker/transport/nethttp"
)

const (
	resetSize  = 32 * mib
	resetLimit = 3 * mib
)

// Every connection is reset after some bytes. The upload finishes in seconds with default
// settings, and very few bytes are sent twice.
func TestResetsUnderDefaultSettings(t *testing.T) {
	data := content(resetSize)
	t.Run("server stores what was forwarded", func(t *testing.T) {
		if twice := uploadThroughResets(t, data, true); twice > resetSize/50 {
			t.Errorf("%d bytes more than the file has, want at most 2 %%", twice)
		}
	})
	// The server drops bytes that it has not read when the HEAD of the client arrives,
	// because a HEAD ends the PATCH in tusd. This can happen with any wait on a busy
	// machine, so the best of five runs counts.
	t.Run("reset at once", func(t *testing.T) {
		var twice []int64
		for range 5 {
			twice = append(twice, uploadThroughResets(t, data, false))
		}
		if slices.Min(twice) > resetSize/12 {
			t.Errorf("%v bytes more than the file has, want at most 8 %% once", twice)
		}
	})
}

// uploadThroughResets returns the number of bytes that were sent twice.
func uploadThroughResets(t *testing.T, data []byte, settle bool) (twice int64) {
	t.Helper()
	srv := testserver.New(t, testserver.Config{})
	proxy := newCutter(t, hostOf(t, srv.URL()), resetLimit, settle)
	doer := nethttp.New(nethttp.Config{})
	t.Cleanup(doer.CloseIdleConnections)
	c := newClient(t, client.Config{Endpoint: proxy.through(t, srv.URL()), Doer: doer})

	var waited time.Duration
	began := time.Now()
	res, err := c.Upload(t.Context(), readerAt(t, data), &client.UploadOptions{
		OnEvent: func(ev client.Event) {
			if ev.Kind == client.EventRetry {
				waited += ev.Wait
			}
		},
	})
	took := time.Since(began)
	if err != nil {
		t.Fatal(err)
	}
	checkStored(t, srv, res.URL, data)

	// The last connection is still open. Its bytes count too.
	doer.CloseIdleConnections()
	proxy.close()
	cuts, received := proxy.cuts.Load(), proxy.received.Load()
	twice = received - resetSize
	t.Logf("%d cuts, %d retries, %d bytes received for %d (%.2f %% more), waited %v, took %v",
		cuts, res.Retries, received, resetSize, 100*float64(twice)/resetSize, waited, took)
	if cuts < resetSize/resetLimit {
		t.Errorf("%d cuts, want at least %d", cuts, resetSize/resetLimit)
	}
	if int64(res.Retries) != cuts {
		t.Errorf("%d retries for %d cuts", res.Retries, cuts)
	}
	if waited > 5*time.Second {
		t.Errorf("waited %v in all, want seconds", waited)
	}
	return twice
}

// There are many more cuts, at any point of the requests and answers of every Doer.
func TestResetsWithEveryDoer(t *testing.T) {
	t.Parallel()
	for _, d := range doers {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			srv := testserver.New(t, testserver.Config{Wrap: d.wrap})
			proxy := newCutter(t, hostOf(t, srv.URL()), 128*kib, true)
			log := &methodLog{next: d.new(t)}
			c := newClient(t, client.Config{Endpoint: proxy.through(t, srv.URL()), Doer: log, Retry: quick})

			data := content(8 * mib)
			res, err := c.Upload(t.Context(), readerAt(t, data), nil)
			if err != nil {
				t.Fatalf("after %d cuts: %v", proxy.cuts.Load(), err)
			}
			checkStored(t, srv, res.URL, data)
			if n := proxy.cuts.Load(); n < 50 {
				t.Errorf("%d cuts, want many", n)
			}
			// There is a HEAD between a failed PATCH and the next PATCH.
			if strings.Contains(log.String(), "PATCH PATCH") {
				t.Errorf("requests %s, want a HEAD after each PATCH", log)
			}
		})
	}
}

// methodLog records the requests of one upload in the order of the client. The server may
// see them late and in another order.
type methodLog struct {
	next    transport.Doer
	methods []string
}

func (l *methodLog) Do(req *http.Request) (*http.Response, error) {
	l.methods = append(l.methods, req.Method)
	return l.next.Do(req)
}

func (l *methodLog) String() string { return strings.Join(l.methods, " ") }
