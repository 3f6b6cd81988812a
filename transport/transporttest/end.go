package transporttest

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// trackedBody is a body that reports its Close.
type trackedBody struct {
	io.ReadCloser
	once   sync.Once
	closed chan struct{}
}

func newTrackedBody(r io.ReadCloser) *trackedBody {
	return &trackedBody{ReadCloser: r, closed: make(chan struct{})}
}

func (c *trackedBody) Close() error {
	c.once.Do(func() { close(c.closed) })
	return c.ReadCloser.Close()
}

// bodyClosed checks that the body of a request is closed after success and
// failure. That may happen after Do has returned.
func bodyClosed(d subject) {
	t := d.t
	for _, c := range []struct {
		name   string
		handle func(http.ResponseWriter, *http.Request)
	}{
		{"success", func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }},
		{"refused unread", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusConflict) }},
		{"dropped", func(w http.ResponseWriter, _ *http.Request) { faults[2].do(w) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := serve(t, c.handle)
			body := newTrackedBody(io.NopCloser(io.LimitReader(zeros{}, 4<<20)))
			req := request(d.boundedContext(t), t, http.MethodPatch, s.URL, body)
			req.ContentLength = 4 << 20
			// An answer and an error are both correct if the server does not
			// read the body.
			if resp, err := d.Do(req); err == nil {
				drain(t, resp)
			}
			d.await(t, body.closed, "close the body")
		})
	}
	t.Run("no connection", func(t *testing.T) {
		s := serve(t, func(http.ResponseWriter, *http.Request) {})
		s.Close()
		body := newTrackedBody(io.NopCloser(strings.NewReader("x")))
		if resp, err := d.Do(request(d.boundedContext(t), t, http.MethodPost, s.URL, body)); err == nil {
			drain(t, resp)
			t.Error("got an answer, although the server is closed")
		}
		d.await(t, body.closed, "close the body")
	})
}

// cancelledBefore checks that a request with an ended context is not sent.
func cancelledBefore(d subject) {
	t := d.t
	url, arrived := recordRequests(t)
	ctx, cancel := context.WithCancel(d.boundedContext(t))
	cancel()
	body := newTrackedBody(io.NopCloser(strings.NewReader("x")))
	resp, err := d.Do(request(ctx, t, http.MethodPatch, url, body))
	if err == nil {
		_ = resp.Body.Close()
	}
	wantCanceled(t, err)
	d.await(t, body.closed, "close the body")
	select {
	case got := <-arrived:
		t.Errorf("a %s request arrived", got.method)
	default:
	}
}

// cancelledSending checks that a canceled context ends a request while the
// server does not read its body.
func cancelledSending(d subject) {
	t := d.t
	begun, end := make(chan struct{}), make(chan struct{})
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.ReadFull(r.Body, make([]byte, 1))
		close(begun)
		<-end
	})
	defer close(end)
	body := newTrackedBody(io.NopCloser(zeros{}))
	cancelDuring(t, d, http.MethodPatch, s.URL, body, begun)
	d.await(t, body.closed, "close the body")
}

// cancelledAwaiting checks that a canceled context ends a request that the
// server does not answer.
func cancelledAwaiting(d subject) {
	t := d.t
	for _, method := range []string{http.MethodHead, http.MethodPatch} {
		t.Run(method, func(t *testing.T) {
			begun, end := make(chan struct{}), make(chan struct{})
			s := serve(t, func(_ http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				close(begun)
				<-end
			})
			defer close(end)
			var body io.ReadCloser
			if method == http.MethodPatch {
				body = io.NopCloser(strings.NewReader("x"))
			}
			cancelDuring(t, d, method, s.URL, body, begun)
		})
	}
}

func cancelDuring(t *testing.T, d subject, method, url string, body io.ReadCloser, begun <-chan struct{}) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var reader io.Reader // an interface with a nil body is not nil
	if body != nil {
		reader = body
	}
	req := request(ctx, t, method, url, reader)
	ended := make(chan error, 1)
	go func() {
		resp, err := d.Do(req)
		if err == nil {
			_ = resp.Body.Close()
		}
		ended <- err
	}()
	d.await(t, begun, "reach the server")
	cancel()
	select {
	case err := <-ended:
		wantCanceled(t, err)
	case <-time.After(d.patience):
		t.Fatalf("Do has not returned within %v after its context was canceled", d.patience)
	}
}

func wantCanceled(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want one that wraps context.Canceled", err)
	}
}
