// Package transporttest is a suite for implementations of transport.Doer.
//
// Call [Run] from a test of your own:
//
//	func TestDoer(t *testing.T) {
//		transporttest.Run(t, func(*testing.T) transport.Doer { return myDoer() })
//	}
//
// [RunWithCertificate] is for one that has a client certificate.
//
// The Doer talks to servers that the suite starts on loopback, over plain
// HTTP/1.1. A Doer that retries should be made with few tries and short waits
// here: the suite answers some requests with nothing but 503.
//
// What [http.DefaultClient] cannot keep is not part of the suite. Such a Doer
//
//   - turns POST and PATCH into GET on 301, 302 and 303 (resp.Request.Method
//     of the answer tells);
//   - follows a redirect from https to http;
//   - sends headers given by a user, other than Authorization, Cookie and a few
//     like them, to whatever origin a redirect names, and presents its client
//     certificate there;
//   - may try a HEAD again by itself when a connection that was used before
//     turns out to be dead;
//   - may lose an answer that came before the body was sent, when the server
//     closes the connection right after it;
//   - does not return when its context ends while a Read of the request's body
//     is blocked, until that Read returns: a body that waits for more bytes has
//     to look at the context itself.
//
// nethttp.New mends the first three and, over HTTP/1.1, the lost answer.
package transporttest

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/tusker-go/tusker/transport"
)

// Option changes how [Run] works.
type Option func(*subject)

// Patience is how long a Doer may take for what should happen at once, such as
// to return after its context was cancelled. It bounds how long the suite waits
// for one that hangs. Without it: 20 s.
func Patience(d time.Duration) Option {
	return func(s *subject) { s.patience = d }
}

// subject is a Doer under test, and the test.
type subject struct {
	t *testing.T
	transport.Doer
	patience time.Duration
}

// Run checks the contract of [transport.Doer], each part in a subtest. newDoer
// is called for each subtest; it may return the same Doer every time. A Doer
// with a method CloseIdleConnections has it called after its subtest.
//
// Run must not be called in parallel with other tests of the process: one
// subtest measures memory.
func Run(t *testing.T, newDoer func(t *testing.T) transport.Doer, opts ...Option) {
	t.Helper()
	for _, check := range []struct {
		name string
		run  func(subject)
	}{
		{"request arrives unchanged", requestArrives},
		{"empty body has length zero", emptyBody},
		{"unknown length is chunked", unknownLength},
		{"caller's request is not modified", requestNotModified},
		{"body is streamed", bodyStreamed},
		{"large body does not grow the heap", largeBody},
		{"POST and PATCH pass once", passOnce},
		{"SingleAttempt passes once", singleAttempt},
		{"every status is an answer", statusIsAnswer},
		{"answer headers are canonical", canonicalHeaders},
		{"answer body is streamed", answerStreamed},
		{"failure is an error", failureIsError},
		{"request body is closed", bodyClosed},
		{"cancelled before the request", cancelledBefore},
		{"cancelled while the body is sent", cancelledSending},
		{"cancelled while the answer is awaited", cancelledAwaiting},
		{"connection is reused", connectionReused},
		{"307 and 308 keep method and body", redirectKeeps},
		{"concurrent use", concurrentUse},
	} {
		t.Run(check.name, func(t *testing.T) {
			d := newDoer(t)
			if c, ok := d.(interface{ CloseIdleConnections() }); ok {
				t.Cleanup(c.CloseIdleConnections)
			}
			s := subject{t: t, Doer: d, patience: 20 * time.Second}
			for _, opt := range opts {
				opt(&s)
			}
			check.run(s)
		})
	}
}

// serve starts a server that is gone, with its connections, after the test.
func serve(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return s
}

func request(ctx context.Context, t *testing.T, method, url string, body io.Reader) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	return req
}

// bounded is the context of a test, with an end.
func (d subject) bounded(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d.patience)
	t.Cleanup(cancel)
	return ctx
}

// answer is one whose body has been read and closed.
type answer struct {
	status int
	header http.Header
	url    *url.URL // of the request that it is for; nil if it does not say
	body   string
}

// send returns the answer, or fails the test where there is none.
func send(t *testing.T, d transport.Doer, req *http.Request) answer {
	t.Helper()
	resp, err := d.Do(req)
	if err != nil {
		t.Fatalf("%s: %v, want an answer", req.Method, err)
	}
	a := answer{status: resp.StatusCode, header: resp.Header, body: drain(t, resp)}
	if resp.Request != nil {
		a.url = resp.Request.URL
	}
	return a
}

func drain(t *testing.T, resp *http.Response) string {
	t.Helper()
	if resp == nil {
		t.Fatal("neither an answer nor an error")
	}
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err != nil {
		t.Fatalf("read the answer: %v", err)
	}
	return string(body)
}

// await fails the test when done is not closed in time.
func (d subject) await(t *testing.T, done <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-done:
	case <-time.After(d.patience):
		t.Fatalf("%s: not within %v", what, d.patience)
	}
}
