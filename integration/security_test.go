package integration

import (
	"bytes"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
	"github.com/tusker-go/tusker/transport/nethttp"
)

// hostileHTTP2 returns an HTTP/2 server and its client.
func hostileHTTP2(t *testing.T, cfg client.Config, answer http.HandlerFunc) *client.Client {
	t.Helper()
	s := httptest.NewUnstartedServer(answer)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.EnableHTTP2 = true
	s.StartTLS()
	t.Cleanup(s.Close)
	doer := nethttp.New(nethttp.Config{InsecureSkipVerify: true, NoProxy: true, PreferHTTP2: true})
	t.Cleanup(doer.CloseIdleConnections)
	cfg.Endpoint, cfg.Doer = s.URL+"/files/", doer
	return newClient(t, cfg)
}

// S-LOOP: a server that resets each HTTP/2 stream gets exactly the number of requests of
// the policy. net/http repeats no request by itself.
func TestHTTP2ResetForEver(t *testing.T) {
	t.Parallel()
	for name, reset := range map[string]http.HandlerFunc{
		"at once": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"after the body": func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			panic(http.ErrAbortHandler)
		},
		"in the answer": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusInternalServerError)
			flush(w)
			panic(http.ErrAbortHandler)
		},
		"after the hints": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusEarlyHints)
			panic(http.ErrAbortHandler)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var requests atomic.Int64
			c := hostileHTTP2(t, client.Config{Retry: retry.Delays(0, 0, 0)}, func(w http.ResponseWriter, r *http.Request) {
				if r.ProtoMajor != 2 {
					t.Errorf("a request used %s", r.Proto)
				}
				requests.Add(1)
				reset(w, r)
			})
			_, err := c.Head(t.Context(), c.Endpoint()+"1", nil)
			if err == nil {
				t.Error("HEAD: no error")
			}
			if n := requests.Swap(0); n != 1 {
				t.Errorf("HEAD: %d requests", n)
			}
			_, err = c.Upload(t.Context(), readerAt(t, content(100)), nil)
			if !errors.Is(err, retry.ErrExhausted) {
				t.Errorf("error %v", err)
			}
			if n := requests.Load(); n != 4 {
				t.Errorf("%d requests, want 4", n)
			}
		})
	}
}

func flush(w http.ResponseWriter) { _ = http.NewResponseController(w).Flush() }

// S-FLOOD-BODY: the client receives at most the window of one stream of an endless body
// over HTTP/2.
func TestHTTP2EndlessBody(t *testing.T) {
	t.Parallel()
	const window = 4 * mib // the window of a stream in net/http
	block := bytes.Repeat([]byte("no\n"), 10_000)
	for name, status := range map[string]int{"success": 200, "refusal": 403, "failure": 500} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			done := make(chan int64, 1)
			c := hostileHTTP2(t, client.Config{Retry: retry.Never}, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set(protocol.HeaderVersion, "1.0.0")
				w.WriteHeader(status)
				var sent int64
				for {
					n, err := w.Write(block)
					sent += int64(n)
					if err != nil {
						done <- sent
						return
					}
				}
			})
			reply, err := c.Options(t.Context(), nil)
			if (err == nil) != (status == 200) {
				t.Errorf("reply %v, error %v", reply, err)
			}
			if e, ok := errors.AsType[*client.Error](err); ok && len(e.Body) > 4<<10 {
				t.Errorf("%d bytes of the body are kept", len(e.Body))
			}
			sent := <-done
			t.Logf("%d KiB were sent", sent>>10)
			if sent > window+mib {
				t.Errorf("%d bytes were sent", sent)
			}
		})
	}
}

// S-SLOW: a request whose stream stays silent ends after StallTimeout.
func TestHTTP2Silence(t *testing.T) {
	t.Parallel()
	var there atomic.Int32
	c := hostileHTTP2(t, client.Config{Retry: retry.Never, StallTimeout: time.Second}, func(_ http.ResponseWriter, r *http.Request) {
		there.Add(1)
		<-r.Context().Done()
	})
	_, err := c.Upload(t.Context(), readerAt(t, content(100)), nil)
	if n := there.Load(); !errors.Is(err, client.ErrStalled) || n != 1 {
		t.Errorf("%d requests, error %v", n, err)
	}
}
