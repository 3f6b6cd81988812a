package retryablehttp_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/tusker-go/tusker/transport"
	"github.com/tusker-go/tusker/transport/nethttp"
	"github.com/tusker-go/tusker/transport/retryablehttp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errTest = errors.New("test failure")

// body records whether it was closed.
type body struct {
	io.Reader
	closed bool
}

func (b *body) Close() error { b.closed = true; return nil }

// server is a RoundTripper whose answers come from a script of statuses and
// errors. After the end of the script, it repeats the last entry. It does no
// I/O, so it can run in a synctest bubble.
type server struct {
	script []any
	header http.Header
	start  time.Time
	at     []time.Duration // time of each request since start
	got    []*http.Request
	bodies []*body
}

func (s *server) RoundTrip(req *http.Request) (*http.Response, error) {
	i := min(len(s.at), len(s.script)-1)
	s.at = append(s.at, time.Since(s.start))
	s.got = append(s.got, req)
	if req.Body != nil {
		_ = req.Body.Close()
	}
	if err, ok := s.script[i].(error); ok {
		return nil, err
	}
	b := &body{Reader: strings.NewReader(fmt.Sprintf("answer %d", len(s.at)))}
	s.bodies = append(s.bodies, b)
	return &http.Response{
		StatusCode: s.script[i].(int), Header: s.header.Clone(), Body: b, Request: req,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, ContentLength: -1,
	}, nil
}

func (s *server) client() *http.Client {
	s.start = time.Now()
	return &http.Client{Transport: s}
}

func newRequest(ctx context.Context, t *testing.T, method string, body io.Reader) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, method, "http://user:pass@tus.example/files/1?token=secret", body)
	if err != nil {
		t.Fatal(err)
	}
	return req
}

// checkClosed fails the test if a body is open, except for that of the returned
// answer.
func (s *server) checkClosed(t *testing.T, answer *http.Response) {
	t.Helper()
	for i, b := range s.bodies {
		want := answer == nil || i < len(s.bodies)-1
		if b.closed != want {
			t.Errorf("body of answer %d closed: %v, want %v", i+1, b.closed, want)
		}
	}
}

// OPTIONS and HEAD are retried after temporary failures. Other requests are not.
func TestRetries(t *testing.T) {
	t.Parallel()
	untrusted := &tls.CertificateVerificationError{Err: errTest}
	alert := &net.OpError{Op: "remote error", Err: errors.New("tls: certificate required")}
	for _, c := range []struct {
		name   string
		method string
		script []any
		single bool
		body   string
		config retryablehttp.Config
		tries  int
		want   any // status or error
	}{
		{name: "HEAD 200", method: http.MethodHead, script: []any{200}, tries: 1, want: 200},
		{name: "HEAD 503 then 200", method: http.MethodHead, script: []any{503, 200}, tries: 2, want: 200},
		{name: "OPTIONS 503 then 204", method: http.MethodOptions, script: []any{503, 204}, tries: 2, want: 204},
		{name: "HEAD error then 200", method: http.MethodHead, script: []any{errTest, 200}, tries: 2, want: 200},
		{name: "HEAD 503 always", method: http.MethodHead, script: []any{503}, tries: 10, want: 503},
		{name: "HEAD 429 always", method: http.MethodHead, script: []any{429}, tries: 10, want: 429},
		{name: "HEAD error always", method: http.MethodHead, script: []any{errTest}, tries: 10, want: errTest},
		{name: "HEAD 503, then always an error", method: http.MethodHead, script: []any{503, errTest}, tries: 10, want: errTest},
		{name: "HEAD error, then always 503", method: http.MethodHead, script: []any{errTest, 503}, tries: 10, want: 503},
		{name: "HEAD 408", method: http.MethodHead, script: []any{408, 200}, tries: 2, want: 200},
		{name: "HEAD 425", method: http.MethodHead, script: []any{425, 200}, tries: 2, want: 200},
		{name: "HEAD 500", method: http.MethodHead, script: []any{500, 200}, tries: 2, want: 200},
		{name: "HEAD 404", method: http.MethodHead, script: []any{404}, tries: 1, want: 404},
		{name: "HEAD 423", method: http.MethodHead, script: []any{423}, tries: 1, want: 423},
		{name: "HEAD 501", method: http.MethodHead, script: []any{501}, tries: 1, want: 501},
		{name: "HEAD 505", method: http.MethodHead, script: []any{505}, tries: 1, want: 505},
		{name: "HEAD untrusted", method: http.MethodHead, script: []any{untrusted}, tries: 1, want: untrusted},
		{name: "HEAD refused certificate", method: http.MethodHead, script: []any{alert}, tries: 1, want: alert},
		{name: "HEAD insecure redirect", method: http.MethodHead, script: []any{nethttp.ErrInsecureRedirect}, tries: 1, want: nethttp.ErrInsecureRedirect},
		{name: "HEAD http for https", method: http.MethodHead, script: []any{http.ErrSchemeMismatch}, tries: 1, want: http.ErrSchemeMismatch},
		{name: "HEAD single 503", method: http.MethodHead, single: true, script: []any{503, 200}, tries: 1, want: 503},
		{name: "HEAD single error", method: http.MethodHead, single: true, script: []any{errTest, 200}, tries: 1, want: errTest},
		{name: "OPTIONS single", method: http.MethodOptions, single: true, script: []any{503, 200}, tries: 1, want: 503},
		{name: "OPTIONS with a body", method: http.MethodOptions, body: "x", script: []any{503, 200}, tries: 1, want: 503},
		{name: "POST 503", method: http.MethodPost, body: "x", script: []any{503, 200}, tries: 1, want: 503},
		{name: "POST error", method: http.MethodPost, body: "x", script: []any{errTest, 200}, tries: 1, want: errTest},
		{name: "PATCH 503", method: http.MethodPatch, body: "x", script: []any{503, 200}, tries: 1, want: 503},
		{name: "PATCH without body", method: http.MethodPatch, script: []any{503, 200}, tries: 1, want: 503},
		{name: "DELETE 503", method: http.MethodDelete, script: []any{503, 200}, tries: 1, want: 503},
		{name: "GET 503", method: http.MethodGet, script: []any{503, 200}, tries: 1, want: 503},
		{name: "two retries", method: http.MethodHead, script: []any{503}, config: retryablehttp.Config{RetryMax: 2}, tries: 3, want: 503},
		{name: "no retries", method: http.MethodHead, script: []any{503}, config: retryablehttp.Config{RetryMax: -1}, tries: 1, want: 503},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &server{script: c.script, header: http.Header{"Upload-Offset": {"7"}}}
				c.config.Client = s.client()
				ctx := t.Context()
				if c.single {
					ctx = transport.SingleAttempt(ctx)
				}
				var reader io.Reader
				if c.body != "" {
					reader = strings.NewReader(c.body)
				}
				resp, err := retryablehttp.New(c.config).Do(newRequest(ctx, t, c.method, reader))
				if len(s.at) != c.tries {
					t.Errorf("%d attempts, want %d", len(s.at), c.tries)
				}
				s.checkClosed(t, resp)
				if want, ok := c.want.(error); ok {
					if !errors.Is(err, want) || resp != nil {
						t.Errorf("Do = %v, %v; want %v", resp, err, want)
					}
					return
				}
				if err != nil {
					t.Fatalf("Do: %v, want an answer", err)
				}
				defer func() { _ = resp.Body.Close() }()
				text, _ := io.ReadAll(resp.Body)
				if resp.StatusCode != c.want || resp.Header.Get("Upload-Offset") != "7" {
					t.Errorf("status %d, header %v, want StatusCode %v and Upload-Offset %q", resp.StatusCode, resp.Header, c.want, "7")
				}
				if want := fmt.Sprintf("answer %d", c.tries); string(text) != want {
					t.Errorf("body %q, want %q", text, want)
				}
			})
		})
	}
}

// Bodies are passed on without being read or wrapped.
func TestBody(t *testing.T) {
	t.Parallel()
	s := &server{script: []any{204}}
	mine := &body{Reader: strings.NewReader("x")}
	req := newRequest(t.Context(), t, http.MethodPatch, mine)
	resp, err := retryablehttp.New(retryablehttp.Config{Client: s.client()}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if s.got[0].Body != io.ReadCloser(mine) || !mine.closed {
		t.Errorf("the body sent is %T, closed: %v, want %T and true", s.got[0].Body, mine.closed, mine)
	}
}

// Waits respect the configured bounds and Retry-After.
func TestWaits(t *testing.T) {
	t.Parallel()
	const s, m = time.Second, time.Minute
	day := func(d time.Duration) string { // the start of a bubble's clock
		return time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Add(d).Format(http.TimeFormat)
	}
	type bounds struct{ from, to time.Duration }
	bounded := retryablehttp.Config{RetryMax: 1, RetryWaitMin: 2 * s, RetryWaitMax: 10 * s}
	for _, c := range []struct {
		name   string
		config retryablehttp.Config
		after  string
		want   []bounds
	}{
		{"default", retryablehttp.Config{}, "", []bounds{
			{s, 2 * s}, {s, 4 * s}, {s, 8 * s}, {s, 16 * s}, {s, 32 * s}, {s, m}, {s, m}, {s, m}, {s, m},
		}},
		{"configured bounds", bounded, "", []bounds{{2 * s, 4 * s}}},
		{"minimum above maximum", retryablehttp.Config{RetryMax: 1, RetryWaitMin: m, RetryWaitMax: s}, "", []bounds{{s, s}}},
		{"seconds", bounded, "9", []bounds{{9 * s, 9 * s}}},
		{"seconds, above the maximum", bounded, "3600", []bounds{{10 * s, 10 * s}}},
		{"seconds, huge", bounded, "9223372036854775807", []bounds{{10 * s, 10 * s}}},
		{"seconds, not a number", bounded, "99999999999999999999", []bounds{{2 * s, 4 * s}}},
		{"seconds, negative", bounded, "-5", []bounds{{2 * s, 4 * s}}},
		{"zero", bounded, "0", []bounds{{2 * s, 4 * s}}},
		{"date", bounded, day(8 * s), []bounds{{8 * s, 8 * s}}},
		{"date, above the maximum", bounded, day(time.Hour), []bounds{{10 * s, 10 * s}}},
		{"date in the past", bounded, day(-time.Hour), []bounds{{2 * s, 4 * s}}},
		{"garbage", bounded, "soon", []bounds{{2 * s, 4 * s}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := &server{script: []any{503}, header: http.Header{"Retry-After": {c.after}}}
				c.config.Client = srv.client()
				resp, err := retryablehttp.New(c.config).Do(newRequest(t.Context(), t, http.MethodHead, nil))
				if err != nil {
					t.Fatal(err)
				}
				_ = resp.Body.Close()
				if len(srv.at) != len(c.want)+1 {
					t.Fatalf("%d attempts, want %d", len(srv.at), len(c.want)+1)
				}
				for i, want := range c.want {
					if wait := srv.at[i+1] - srv.at[i]; wait < want.from || wait > want.to {
						t.Errorf("wait %d is %v, want %v to %v", i+1, wait, want.from, want.to)
					}
				}
			})
		})
	}
}

// Waits are random.
func TestJitter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		seen := make(map[time.Duration]bool)
		for range 20 {
			s := &server{script: []any{503}}
			resp, err := retryablehttp.New(retryablehttp.Config{Client: s.client(), RetryMax: 1}).
				Do(newRequest(t.Context(), t, http.MethodHead, nil))
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close()
			seen[s.at[1]] = true
		}
		if len(seen) < 15 {
			t.Errorf("20 waits have %d values, want at least 15", len(seen))
		}
	})
}

// The end of the context ends a wait, and its cause is preserved.
func TestContextEnds(t *testing.T) {
	t.Parallel()
	errCause := errors.New("user pressed stop")
	for _, c := range []struct {
		name   string
		script any
		cause  error
		want   error
	}{
		{"waiting after an answer", 503, nil, context.Canceled},
		{"waiting after an answer, with a cause", 503, errCause, errCause},
		{"waiting after an error", errTest, errCause, errCause},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &server{script: []any{c.script}}
				d := retryablehttp.New(retryablehttp.Config{Client: s.client(), RetryWaitMin: time.Minute})
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				time.AfterFunc(time.Second, func() { cancel(c.cause) })
				resp, err := d.Do(newRequest(ctx, t, http.MethodHead, nil))
				if err == nil {
					_ = resp.Body.Close()
				}
				if !errors.Is(err, c.want) || !errors.Is(err, context.Canceled) || resp != nil {
					t.Errorf("Do = %v, %v; want an error that wraps %v", resp, err, c.want)
				}
				s.checkClosed(t, nil)
				if took := time.Since(s.start); took != time.Second {
					t.Errorf("took %v, want 1s", took)
				}
			})
		})
	}
}

// Each wait is logged without the query and the user of the URL.
func TestLogger(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		s := &server{script: []any{503, errTest, 200}, header: http.Header{"Retry-After": {"5"}}}
		d := retryablehttp.New(retryablehttp.Config{
			Client: s.client(), RetryWaitMin: 5 * time.Second, RetryWaitMax: 5 * time.Second,
			Logger: slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{
				Level: slog.LevelDebug,
				ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
					if a.Key == slog.TimeKey {
						return slog.Attr{}
					}
					return a
				},
			})),
		})
		resp, err := d.Do(newRequest(t.Context(), t, http.MethodHead, nil))
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		want := `level=DEBUG msg=retry method=HEAD url=http://tus.example/files/1 attempt=1 wait=5s status=503` + "\n" +
			`level=DEBUG msg=retry method=HEAD url=http://tus.example/files/1 attempt=2 wait=5s err="test failure"` + "\n"
		if diff := cmp.Diff(want, out.String()); diff != "" {
			t.Errorf("log (-want +got):\n%s", diff)
		}
	})
}
