package client_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/client/source"
	"github.com/tusker-go/tusker/retry"
	"github.com/tusker-go/tusker/transport/nethttp"
)

// waitAt reads to a place, and then waits for the end of ctx.
type waitAt struct {
	ctx  context.Context
	from io.Reader // of the bytes before the place
}

func (r *waitAt) Read(p []byte) (int, error) {
	if n, err := r.from.Read(p); n > 0 || err == nil {
		return n, err
	}
	<-r.ctx.Done()
	return 0, context.Cause(r.ctx)
}

func (*waitAt) Close() error { return nil }

// waitingSource returns data whose first reader waits after half of them.
func waitingSource(t *testing.T, data string) (src client.Source, opened *atomic.Int32) {
	t.Helper()
	opened = new(atomic.Int32)
	src, err := source.NewRanged(source.Ranged{Name: "film", Size: int64(len(data)), Open: func(ctx context.Context, off, n int64) (io.ReadCloser, error) {
		end := off + n
		if opened.Add(1) == 1 {
			end = int64(len(data) / 2)
		}
		return &waitAt{ctx, strings.NewReader(data[off:end])}, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	return src, opened
}

// A request whose connection breaks, or that the server answers early, while its source waits
// does not wait for the source. The upload resumes with another reader.
func TestRequestEndsWhileSourceWaits(t *testing.T) {
	data := clienttest.Noise(clienttest.MiB)
	endings := map[string]fake.Action{
		"connection closed": fake.Cut(int64(len(data) / 2)),
		"early answer": func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
			_ = http.NewResponseController(w).EnableFullDuplex() // HTTP/2 always is
			_, _ = io.CopyN(io.Discard, r.Body, int64(len(data)/2))
			w.WriteHeader(http.StatusServiceUnavailable)
			_ = http.NewResponseController(w).Flush()
		},
	}
	servers := map[string]func(server *httptest.Server){
		"HTTP/1.1":          (*httptest.Server).Start,
		"HTTP/1.1 over TLS": (*httptest.Server).StartTLS,
		"HTTP/2": func(server *httptest.Server) {
			server.EnableHTTP2 = true
			server.StartTLS()
		},
	}
	for ending, action := range endings {
		for protocol, start := range servers {
			t.Run(ending+", "+protocol, func(t *testing.T) {
				s := fake.Handler(fake.Config{})
				server := httptest.NewUnstartedServer(s)
				start(server)
				t.Cleanup(server.Close)
				s.URL = server.URL + "/files/"
				doer := nethttp.New(nethttp.Config{NoProxy: true, InsecureSkipVerify: true, PreferHTTP2: true})
				t.Cleanup(doer.CloseIdleConnections)
				s.On(http.MethodPatch, action)
				src, opened := waitingSource(t, data)
				ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
				defer cancel()
				c, err := client.New(client.Config{Endpoint: s.URL, Doer: doer, Retry: retry.Delays(0)})
				if err != nil {
					t.Fatal(err)
				}
				res, err := c.Upload(ctx, src, nil)
				if err != nil {
					t.Fatal(err)
				}
				clienttest.WantStored(t, s, res.URL, data)
				if n := opened.Load(); n != 2 {
					t.Errorf("%d readers, want 2", n)
				}
			})
		}
	}
}
