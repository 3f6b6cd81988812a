package transport_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/tusker-go/tusker/transport"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// last is a Doer that keeps the latest request.
type last struct{ req *http.Request }

func (l *last) Do(req *http.Request) (*http.Response, error) {
	l.req = req
	return &http.Response{StatusCode: http.StatusNoContent, Body: http.NoBody, Request: req}, nil
}

// through sends req through mw and returns the request that arrives at the end.
func through(t *testing.T, req *http.Request, mw ...transport.Middleware) *http.Request {
	t.Helper()
	var end last
	resp, err := transport.Chain(&end, mw...).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return end.req
}

func newRequest(ctx context.Context, t *testing.T, method string, body io.Reader) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, method, "https://tus.example/files/1", body)
	if err != nil {
		t.Fatal(err)
	}
	return req
}

// Middleware adds headers to a copy of the request, and keeps those that the
// request has.
func TestMiddlewareHeaders(t *testing.T) {
	t.Parallel()
	user := http.Header{"apikey": {"secret"}, "X-Two": {"1", "2"}}
	header := transport.Header(user)
	user.Set("X-Two", "changed later")
	for _, c := range []struct {
		name               string
		mw                 transport.Middleware
		has                http.Header
		withoutCredentials bool // the context is marked by WithoutCredentials
		method             string
		want               http.Header
	}{
		{
			name: "Header", mw: header,
			want: http.Header{"Apikey": {"secret"}, "X-Two": {"1", "2"}},
		},
		{
			name: "Header keeps the header of the request", mw: header, has: http.Header{"X-Two": {"own"}},
			want: http.Header{"Apikey": {"secret"}, "X-Two": {"own"}},
		},
		{name: "Header without credentials", mw: header, withoutCredentials: true, want: http.Header{}},
		{name: "Header nil", mw: transport.Header(nil), want: http.Header{}},
		{
			name: "BasicAuth", mw: transport.BasicAuth("Aladdin", "open sesame"), // RFC 7617, 2
			want: http.Header{"Authorization": {"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="}},
		},
		{
			name: "BasicAuth keeps the header of the request", mw: transport.BasicAuth("u", "p"), has: http.Header{"Authorization": {"own"}},
			want: http.Header{"Authorization": {"own"}},
		},
		{name: "BasicAuth without credentials", mw: transport.BasicAuth("u", "p"), withoutCredentials: true, want: http.Header{}},
		{
			name: "Bearer", mw: transport.Bearer(transport.StaticToken("abc")),
			want: http.Header{"Authorization": {"Bearer abc"}},
		},
		{
			name: "Bearer keeps the header of the request", mw: transport.Bearer(nil), has: http.Header{"Authorization": {"own"}},
			want: http.Header{"Authorization": {"own"}},
		},
		{name: "Bearer without credentials", mw: transport.Bearer(nil), withoutCredentials: true, want: http.Header{}},
		{name: "Bearer empty", mw: transport.Bearer(transport.StaticToken("")), want: http.Header{}},
		{
			name: "UserAgent", mw: transport.UserAgent("tusker/1"), withoutCredentials: true,
			want: http.Header{"User-Agent": {"tusker/1"}},
		},
		{
			name: "UserAgent keeps the header of the request", mw: transport.UserAgent("tusker/1"), has: http.Header{"User-Agent": {"own"}},
			want: http.Header{"User-Agent": {"own"}},
		},
		{name: "UserAgent empty", mw: transport.UserAgent(""), want: http.Header{}},
		{
			name: "RequestID keeps the header of the request", mw: transport.RequestID(), has: http.Header{"X-Request-Id": {"own"}},
			want: http.Header{"X-Request-Id": {"own"}},
		},
		{
			name: "MethodOverride PATCH", mw: transport.MethodOverride(), method: http.MethodPatch,
			want: http.Header{"X-Http-Method-Override": {"PATCH"}},
		},
		{
			name: "MethodOverride DELETE", mw: transport.MethodOverride(), method: http.MethodDelete,
			want: http.Header{"X-Http-Method-Override": {"DELETE"}},
		},
		{name: "MethodOverride HEAD", mw: transport.MethodOverride(), method: http.MethodHead, want: http.Header{}},
		{
			name: "MethodOverride with a method", mw: transport.MethodOverride(http.MethodHead), method: http.MethodHead,
			want: http.Header{"X-Http-Method-Override": {"HEAD"}},
		},
		{name: "MethodOverride with another method", mw: transport.MethodOverride(http.MethodHead), method: http.MethodPatch, want: http.Header{}},
		{name: "nil", mw: nil, want: http.Header{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			if c.withoutCredentials {
				ctx = transport.WithoutCredentials(ctx)
			}
			req := newRequest(ctx, t, c.method, nil)
			if c.has != nil {
				req.Header = c.has.Clone()
			}
			before, method := req.Header.Clone(), req.Method

			got := through(t, req, c.mw)

			if diff := cmp.Diff(c.want, got.Header); diff != "" {
				t.Errorf("headers (-want +got):\n%s", diff)
			}
			wantMethod := method
			if got.Header.Get("X-HTTP-Method-Override") != "" {
				wantMethod = http.MethodPost
			}
			if got.Method != wantMethod {
				t.Errorf("method %s, want %s", got.Method, wantMethod)
			}
			if diff := cmp.Diff(before, req.Header); diff != "" || req.Method != method {
				t.Errorf("the caller's request was changed: %s %s", req.Method, diff)
			}
		})
	}
}

// all returns each middleware that changes a request.
func all() []transport.Middleware {
	return []transport.Middleware{
		transport.Bearer(transport.StaticToken("t")),
		transport.BasicAuth("u", "p"),
		transport.RequestID(),
		transport.UserAgent("ua"),
		transport.MethodOverride(),
		// Header is last, so that no middleware below it copies the values.
		transport.Header(http.Header{"X-One": {"1"}}),
	}
}

// Middleware passes on the same body, GetBody and Trailer: package net cannot
// use sendfile for a wrapped body, and a copied Trailer misses the fields that
// the body sets at its end.
func TestMiddlewareBody(t *testing.T) {
	t.Parallel()
	req := newRequest(t.Context(), t, http.MethodPatch, strings.NewReader("bytes"))
	body := struct{ io.ReadCloser }{req.Body}
	req.Body = &body
	req.Trailer = http.Header{"Upload-Checksum": nil}
	got := through(t, req, all()...)
	if got.Body != io.ReadCloser(&body) || got.GetBody == nil || got.ContentLength != 5 {
		t.Error("body, GetBody or length differ from those of the caller")
	}
	req.Trailer.Set("Upload-Checksum", "sha1 x")
	if got.Trailer.Get("Upload-Checksum") != "sha1 x" {
		t.Error("the trailer is a copy, want the same map")
	}
}

// A request without headers is valid.
func TestMiddlewareWithoutHeader(t *testing.T) {
	t.Parallel()
	req := newRequest(t.Context(), t, http.MethodPatch, nil)
	req.Header = nil
	got := through(t, req, all()...)
	if len(got.Header) != 5 || req.Header != nil {
		t.Errorf("headers sent %v, headers of the caller %v, want 5 and nil", got.Header, req.Header)
	}
}

// Middleware is safe for concurrent use.
func TestMiddlewareConcurrent(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	mw := all()
	ids := make(map[string]bool)
	d := transport.Chain(transport.DoerFunc(func(req *http.Request) (*http.Response, error) {
		mu.Lock()
		defer mu.Unlock()
		ids[req.Header.Get("X-Request-ID")] = true
		// A request may change its values without effect on the next one.
		req.Header["X-One"][0] = "changed"
		return &http.Response{Body: http.NoBody}, nil
	}), mw...)
	req := newRequest(t.Context(), t, http.MethodPatch, nil)
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			resp, err := d.Do(req)
			if err != nil {
				t.Error(err)
				return
			}
			_ = resp.Body.Close()
		})
	}
	wg.Wait()
	if len(ids) != 16 || ids[""] {
		t.Errorf("16 requests had %d different ids, want 16 that are not empty", len(ids))
	}
	if got := through(t, req, mw...); req.Header.Get("X-One") != "" || got.Header.Get("X-One") != "1" {
		t.Error("the caller's request or the middleware's own values were changed")
	}
}

// Bearer requests a token for each request, with its context.
func TestBearer(t *testing.T) {
	t.Parallel()
	type key struct{}
	n := 0
	src := transport.TokenFunc(func(ctx context.Context) (string, error) {
		n++
		return fmt.Sprintf("%v-%d", ctx.Value(key{}), n), nil
	})
	mw := transport.Bearer(src)
	ctx := context.WithValue(t.Context(), key{}, "of the request")
	for _, want := range []string{"Bearer of the request-1", "Bearer of the request-2"} {
		got := through(t, newRequest(ctx, t, http.MethodPatch, nil), mw)
		if got := got.Header.Get("Authorization"); got != want {
			t.Errorf("Authorization %q, want %q", got, want)
		}
	}
}

// errTest is the error of fakes in this package.
var errTest = errors.New("test failure")

// A request that is not sent returns an error and no answer, and its body is
// closed.
func TestRequestNotSent(t *testing.T) {
	t.Parallel()
	failing := transport.TokenFunc(func(context.Context) (string, error) { return "", errTest })
	for _, c := range []struct {
		name string
		doer transport.Doer
		text string
		is   error
	}{
		{"no token", transport.Chain(&last{}, transport.Bearer(failing)), "no credentials: bearer token: test failure", errTest},
		{"no token source", transport.Chain(&last{}, transport.Bearer(nil)), "no credentials: bearer token: no source", transport.ErrNoCredentials},
		{"no doer", transport.Chain(nil, transport.RequestID()), "transport: no Doer to send the request with", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			body, writer := io.Pipe()
			resp, err := c.doer.Do(newRequest(t.Context(), t, http.MethodPatch, body))
			if err == nil {
				_ = resp.Body.Close()
				t.Fatal("the request was sent")
			}
			if err.Error() != c.text || (c.is != nil && !errors.Is(err, c.is)) {
				t.Errorf("error %q, want %q", err, c.text)
			}
			if _, err := writer.Write([]byte("x")); !errors.Is(err, io.ErrClosedPipe) {
				t.Errorf("the body is open: %v, want ErrClosedPipe", err)
			}
		})
	}
}

// The first middleware of a Chain is the outermost one.
func TestChainOrder(t *testing.T) {
	t.Parallel()
	var got []string
	note := func(name string) transport.Middleware {
		return func(next transport.Doer) transport.Doer {
			return transport.DoerFunc(func(req *http.Request) (*http.Response, error) {
				got = append(got, name)
				defer func() { got = append(got, "/"+name) }()
				return next.Do(req)
			})
		}
	}
	through(t, newRequest(t.Context(), t, http.MethodHead, nil), note("a"), nil, note("b"))
	if diff := cmp.Diff([]string{"a", "b", "/b", "/a"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Marks of a context are independent of each other.
func TestContextMarks(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	if transport.IsSingleAttempt(ctx) || transport.IsWithoutCredentials(ctx) {
		t.Error("a context without a mark is reported as marked")
	}
	if single := transport.SingleAttempt(ctx); !transport.IsSingleAttempt(single) || transport.IsWithoutCredentials(single) {
		t.Error("SingleAttempt sets the wrong mark")
	}
	if withoutCredentials := transport.WithoutCredentials(ctx); !transport.IsWithoutCredentials(withoutCredentials) || transport.IsSingleAttempt(withoutCredentials) {
		t.Error("WithoutCredentials sets the wrong mark")
	}
}
