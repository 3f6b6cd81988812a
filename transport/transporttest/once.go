package transporttest

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/tusker-go/tusker/transport"
)

// faults are failures after which a Doer might retry.
var faults = []struct {
	name    string
	answers bool
	do      func(http.ResponseWriter)
}{
	{"503", true, func(w http.ResponseWriter) {
		w.Header().Set("Retry-After", "0")
		w.WriteHeader(http.StatusServiceUnavailable)
	}},
	{"reset", false, func(w http.ResponseWriter) {
		if conn := hijack(w); conn != nil {
			if tcp, ok := conn.(*net.TCPConn); ok {
				_ = tcp.SetLinger(0)
			}
			_ = conn.Close()
		}
	}},
	{"dropped answer", false, func(w http.ResponseWriter) {
		if conn := hijack(w); conn != nil {
			_ = conn.Close()
		}
	}},
}

func hijack(w http.ResponseWriter) net.Conn {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return nil
	}
	return conn
}

// newFaultyServer returns a server that answers /ok with 200. It answers all other
// requests with a fault and counts them.
func newFaultyServer(t *testing.T, fault func(http.ResponseWriter)) (url string, count *atomic.Int32) {
	t.Helper()
	count = new(atomic.Int32)
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if r.URL.Path == "/ok" {
			return
		}
		count.Add(1)
		fault(w)
	})
	return s.URL, count
}

// passOnce checks that a failed POST or PATCH is not retried, even if it has
// GetBody: the server may have stored the bytes.
func passOnce(d subject) {
	t := d.t
	for _, fault := range faults {
		for _, method := range []string{http.MethodPost, http.MethodPatch} {
			for _, body := range []string{"", "bytes"} {
				name := method + " " + fault.name
				if body == "" {
					name += " without body"
				}
				t.Run(name, func(t *testing.T) {
					url, count := newFaultyServer(t, fault.do)
					ctx := d.boundedContext(t)
					// net/http itself may retry a request on a connection that
					// was used before.
					send(t, d, request(ctx, t, http.MethodPost, url+"/ok", strings.NewReader("x")))
					failOnce(t, d, request(ctx, t, method, url, strings.NewReader(body)), fault.answers, count)
				})
			}
		}
	}
}

// singleAttempt checks that a HEAD marked by transport.SingleAttempt is not
// retried.
func singleAttempt(d subject) {
	t := d.t
	for _, fault := range faults {
		for _, method := range []string{http.MethodHead, http.MethodOptions} {
			t.Run(method+" "+fault.name, func(t *testing.T) {
				url, count := newFaultyServer(t, fault.do)
				ctx := transport.SingleAttempt(d.boundedContext(t))
				failOnce(t, d, request(ctx, t, method, url, nil), fault.answers, count)
			})
		}
	}
}

func failOnce(t *testing.T, d transport.Doer, req *http.Request, answers bool, count *atomic.Int32) {
	t.Helper()
	resp, err := d.Do(req)
	switch {
	case err != nil && answers:
		t.Errorf("%v, want the answer 503", err)
	case err == nil && !answers:
		t.Errorf("answer %s, want an error", resp.Status)
	}
	if err == nil {
		drain(t, resp)
	}
	if n := count.Load(); n != 1 {
		t.Errorf("the request arrived %d times, want once", n)
	}
}

// failureIsError checks that a request without an answer returns an error and
// no answer.
func failureIsError(d subject) {
	t := d.t
	s := serve(t, func(http.ResponseWriter, *http.Request) {})
	s.Close()
	for _, method := range []string{http.MethodHead, http.MethodPatch} {
		t.Run(method, func(t *testing.T) {
			ctx, cancel := context.WithCancel(d.boundedContext(t))
			defer cancel()
			resp, err := d.Do(request(ctx, t, method, s.URL, nil))
			if err == nil {
				drain(t, resp)
				t.Fatal("got an answer, although the server is closed")
			}
			if resp != nil {
				t.Errorf("got the answer %s and the error %v, want no answer", resp.Status, err)
			}
		})
	}
}
