package httpsource_test

import (
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake/object"
	"github.com/tusker-go/tusker/client/source"
	"github.com/tusker-go/tusker/client/source/httpsource"
	"github.com/tusker-go/tusker/client/sourcetest"
	"github.com/tusker-go/tusker/retry"
	"github.com/tusker-go/tusker/transport"
	"github.com/tusker-go/tusker/transport/nethttp"
)

// quick retries n times without a wait.
func quick(n int) retry.Policy { return retry.Delays(make([]time.Duration, n)...) }

// aDay is a Last-Modified.
var aDay = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// doer returns a Doer whose connections end with the test.
func doer(t *testing.T) transport.Doer {
	t.Helper()
	d := nethttp.New(nethttp.Config{NoProxy: true})
	t.Cleanup(d.CloseIdleConnections)
	return d
}

func open(t *testing.T, url string, cfg httpsource.Config) *httpsource.Object {
	t.Helper()
	if cfg.Doer == nil {
		cfg.Doer = doer(t)
	}
	if cfg.Retry == nil {
		cfg.Retry = retry.Never
	}
	o, err := httpsource.Open(t.Context(), url, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// openBodies counts the bodies of answers that are open.
func openBodies(n *atomic.Int64) transport.Middleware {
	return func(next transport.Doer) transport.Doer {
		return transport.DoerFunc(func(req *http.Request) (*http.Response, error) {
			resp, err := next.Do(req)
			if err == nil {
				n.Add(1)
				resp.Body = &countedBody{resp.Body, sync.OnceFunc(func() { n.Add(-1) })}
			}
			return resp, err
		})
	}
}

// An object passes the suite for sources.
func TestSuite(t *testing.T) {
	content := clienttest.Noise(100_000)
	for name, set := range map[string]func(o *object.Server){
		"strong ETag":            func(*object.Server) {},
		"Last-Modified":          func(o *object.Server) { o.NoETag, o.Modified = true, aDay },
		"conditions are ignored": func(o *object.Server) { o.NoConditions = true },
	} {
		t.Run(name, func(t *testing.T) {
			sourcetest.Run(t, func(t *testing.T) sourcetest.Config {
				t.Helper()
				server := object.New(t, content)
				set(server)
				bodies := new(atomic.Int64)
				d := transport.Chain(doer(t), openBodies(bodies))
				other := object.New(t, content+"x")
				set(other)
				stalled := object.New(t, content)
				return sourcetest.Config{
					Source:   open(t, server.URL, httpsource.Config{Doer: d}),
					Content:  []byte(content),
					Reopen:   func(t *testing.T) source.Source { t.Helper(); return open(t, server.URL, httpsource.Config{}) },
					Other:    func(t *testing.T) source.Source { t.Helper(); return open(t, other.URL, httpsource.Config{}) },
					Change:   func(*testing.T) { server.Replace(content[1:] + "x") },
					Truncate: func(*testing.T) { server.Replace(content[1:]) },
					Stall: func(t *testing.T) (source.Source, <-chan struct{}) {
						t.Helper()
						waiting := make(chan struct{})
						src := open(t, stalled.URL, httpsource.Config{})
						stalled.On(func(w http.ResponseWriter, r *http.Request) {
							close(waiting)
							stalled.HangAfter(10)(w, r)
						})
						return src, waiting
					},
					CountOpen: func() int { return int(bodies.Load()) },
				}
			})
		})
	}
}

// A source that is read as a stream passes the suite, too.
func TestSuiteOfStream(t *testing.T) {
	content := strings.Repeat("stream", 10_000)
	sourcetest.Run(t, func(t *testing.T) sourcetest.Config {
		t.Helper()
		server := object.New(t, content)
		server.NoRanges = true
		bodies := new(atomic.Int64)
		return sourcetest.Config{
			Source:    open(t, server.URL, httpsource.Config{Doer: transport.Chain(doer(t), openBodies(bodies)), Stream: true}),
			Content:   []byte(content),
			CountOpen: func() int { return int(bodies.Load()) },
		}
	})
}

type countedBody struct {
	io.ReadCloser
	closed func()
}

// Close implements io.Closer.
func (b *countedBody) Close() error {
	b.closed()
	return b.ReadCloser.Close()
}
