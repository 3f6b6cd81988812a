// Package transporttest is a test suite for implementations of
// [transport.Doer].
//
// Call [Run] from your own test:
//
//	func TestDoer(t *testing.T) {
//		transporttest.Run(t, func(*testing.T) transporttest.Config {
//			return transporttest.Config{Doer: myDoer()}
//		})
//	}
//
// Call [RunWithCertificate] for a Doer with a client certificate.
//
// The suite starts servers on loopback that speak plain HTTP/1.1. Configure a
// Doer that retries with few retries and short waits, because the suite answers
// some requests with 503 only.
//
// The suite does not check properties that [http.DefaultClient] lacks.
// http.DefaultClient
//
//   - changes POST and PATCH to GET on 301, 302 and 303 (see
//     resp.Request.Method of the answer);
//   - follows a redirect from https to http;
//   - sends headers of the caller, except for Authorization, Cookie and similar
//     ones, to any origin that a redirect names, and presents its client
//     certificate there;
//   - may retry a HEAD by itself if a reused connection is broken;
//   - may lose an answer that comes before the body was sent, if the server
//     closes the connection after it;
//   - does not return at the end of its context while a Read of the request's
//     body blocks, so a body that waits for bytes has to check the context itself.
//
// nethttp.New does not have the first three problems, and does not lose answers
// over HTTP/1.1.
package transporttest

import (
	"cmp"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/tusker-go/tusker/transport"
)

// Config is a Doer under test.
type Config struct {
	// Doer is the Doer under test. If it has a method CloseIdleConnections, the suite calls
	// it after the subtest.
	Doer transport.Doer

	// Patience limits the time for actions that should be immediate, such as the return of
	// Do after its context was canceled. 0: 20 s.
	Patience time.Duration
}

// subject returns the subject of a subtest.
func (c Config) subject(t *testing.T) subject {
	t.Helper()
	if d, ok := c.Doer.(interface{ CloseIdleConnections() }); ok {
		t.Cleanup(d.CloseIdleConnections)
	}
	return subject{t: t, Doer: c.Doer, patience: cmp.Or(c.Patience, 20*time.Second)}
}

// subject is a Doer under test, and its test.
type subject struct {
	t *testing.T
	transport.Doer
	patience time.Duration
}

// Run checks the contract of [transport.Doer], with a subtest for each part.
// NewConfig is called for each subtest, and may return the same Doer each time.
//
// Run must not run in parallel with other tests of the process, because one
// subtest measures memory.
func Run(t *testing.T, newConfig func(t *testing.T) Config) {
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
			check.run(newConfig(t).subject(t))
		})
	}
}

// serve starts a server, which is closed with its connections after the test.
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

// boundedContext returns the context of the test with a timeout.
func (d subject) boundedContext(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d.patience)
	t.Cleanup(cancel)
	return ctx
}

// answer is an answer whose body has been read and closed.
type answer struct {
	status int
	header http.Header
	url    *url.URL // URL of the request that was answered; nil if unknown
	body   string
}

// send returns the answer, and fails the test if there is none.
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

// await fails the test if done is not closed in time.
func (d subject) await(t *testing.T, done <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-done:
	case <-time.After(d.patience):
		t.Fatalf("%s: no result within %v", what, d.patience)
	}
}
