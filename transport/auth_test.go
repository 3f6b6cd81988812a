package transport_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/transport"
)

// answering returns a Doer that answers with status, or fails with errTest if
// status is 0.
func answering(status int) transport.Doer {
	return transport.DoerFunc(func(req *http.Request) (*http.Response, error) {
		if status == 0 {
			return nil, errTest
		}
		return &http.Response{StatusCode: status, Body: http.NoBody, Request: req}, nil
	})
}

// keeper is a TokenSource that records the refused tokens.
type keeper struct {
	token string
	err   error

	mu      sync.Mutex
	refused []string
}

func (k *keeper) Token(context.Context) (string, error) { return k.token, k.err }

func (k *keeper) Invalidate(token string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.refused = append(k.refused, token)
}

// Bearer calls Invalidate after a 401 to a request with its token only.
func TestInvalidator(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name               string
		status             int
		err                error // of the source
		header             http.Header
		withoutCredentials bool
		want               []string
	}{
		{name: "401", status: 401, want: []string{"abc"}},
		{name: "403", status: 403},
		{name: "407", status: 407},
		{name: "success", status: 204},
		{name: "no answer", status: 0},
		{name: "no token", status: 401, err: errTest},
		{name: "401 to Authorization in the request", status: 401, header: http.Header{"Authorization": {"own"}}},
		{name: "401 without credentials", status: 401, withoutCredentials: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			src := &keeper{token: "abc", err: c.err}
			ctx := t.Context()
			if c.withoutCredentials {
				ctx = transport.WithoutCredentials(ctx)
			}
			req := newRequest(ctx, t, http.MethodPatch, nil)
			maps.Copy(req.Header, c.header)
			resp, err := transport.Chain(answering(c.status), transport.Bearer(src)).Do(req)
			switch {
			case c.status == 0 || c.err != nil:
				if !errors.Is(err, errTest) {
					t.Errorf("error %v, want %v", err, errTest)
				}
			case err != nil:
				t.Fatal(err)
			case resp.StatusCode != c.status:
				t.Errorf("status %d is not passed on", resp.StatusCode)
			}
			if err == nil {
				_ = resp.Body.Close()
			}
			if diff := cmp.Diff(c.want, src.refused); diff != "" {
				t.Errorf("invalidated tokens (-want +got):\n%s", diff)
			}
		})
	}
}

// Invalidate gets the token that was sent, even if the source has another one
// by then.
func TestInvalidateSentToken(t *testing.T) {
	t.Parallel()
	src := new(counter)
	d := transport.Chain(answering(http.StatusUnauthorized), transport.Bearer(src))
	var wg sync.WaitGroup
	for range 16 {
		req := newRequest(t.Context(), t, http.MethodPatch, nil)
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
	if len(src.refused) != 16 {
		t.Errorf("%d tokens were refused, of 16", len(src.refused))
	}
}

// counter is a TokenSource that returns a new token each time.
type counter struct {
	mu      sync.Mutex
	n       int
	refused map[string]bool
}

func (c *counter) Token(context.Context) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n++
	return fmt.Sprint(c.n), nil
}

func (c *counter) Invalidate(token string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.refused == nil {
		c.refused = make(map[string]bool)
	}
	c.refused[token] = true
}

// Credentials of a source that may return others are renewable.
func TestTraceAuth(t *testing.T) {
	t.Parallel()
	source := transport.TokenFunc(func(context.Context) (string, error) { return "abc", nil })
	failing := transport.TokenFunc(func(context.Context) (string, error) { return "", errTest })
	own := func(next transport.Doer) transport.Doer {
		return transport.DoerFunc(func(req *http.Request) (*http.Response, error) {
			transport.MarkRenewable(req.Context())
			return next.Do(req)
		})
	}
	for _, c := range []struct {
		name               string
		mw                 transport.Middleware
		header             http.Header
		withoutCredentials bool
		want               bool
	}{
		{name: "no middleware", mw: nil},
		{name: "TokenFunc", mw: transport.Bearer(source), want: true},
		{name: "Invalidator", mw: transport.Bearer(&keeper{token: "abc"}), want: true},
		{name: "custom middleware", mw: own, want: true},
		{name: "StaticToken", mw: transport.Bearer(transport.StaticToken("abc"))},
		{name: "BasicAuth", mw: transport.BasicAuth("u", "p")},
		{name: "Header", mw: transport.Header(http.Header{"Authorization": {"abc"}})},
		{name: "failing source", mw: transport.Bearer(failing)},
		{name: "Authorization in the request", mw: transport.Bearer(source), header: http.Header{"Authorization": {"own"}}},
		{name: "without credentials", mw: transport.Bearer(source), withoutCredentials: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			ctx, trace := transport.TraceAuth(t.Context())
			if trace.Renewable() {
				t.Error("Renewable returns true before a request")
			}
			outer := ctx
			if c.withoutCredentials {
				ctx = transport.WithoutCredentials(ctx)
			}
			req := newRequest(ctx, t, http.MethodPatch, nil)
			maps.Copy(req.Header, c.header)
			resp, err := transport.Chain(answering(401), c.mw).Do(req)
			if err == nil {
				_ = resp.Body.Close()
			}
			if got := trace.Renewable(); got != c.want {
				t.Errorf("Renewable = %t, want %t", got, c.want)
			}
			// A new trace in the context replaces the previous one.
			if _, inner := transport.TraceAuth(outer); inner.Renewable() {
				t.Error("Renewable returns true for a new trace")
			}
		})
	}
}

// MarkRenewable does nothing without a trace.
func TestMarkRenewableWithoutTrace(t *testing.T) {
	t.Parallel()
	transport.MarkRenewable(t.Context())
}

// Neither fmt nor encoding/json prints the token.
func TestStaticTokenStaysSecret(t *testing.T) {
	t.Parallel()
	src := transport.StaticToken("secret")
	if token, err := src.Token(t.Context()); token != "secret" || err != nil {
		t.Errorf("token %q, error %v, want %q and no error", token, err, "secret")
	}
	if got := fmt.Sprint(src); got != "StaticToken" {
		t.Errorf("StaticToken prints as %q, want %q", got, "StaticToken")
	}
	config := struct {
		Public  transport.TokenSource
		private transport.TokenSource
	}{src, src}
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
		for _, v := range []any{src, &src, config} {
			if got := fmt.Sprintf(format, v); strings.Contains(got, "secret") || strings.Contains(got, "736563726574") {
				t.Errorf("%s prints the token: %s", format, got)
			}
		}
	}
	b, err := json.Marshal(config)
	if err != nil {
		t.Log(err) // an error does not contain the token either
	}
	if strings.Contains(string(b), "secret") {
		t.Errorf("JSON prints the token: %s", b)
	}
}

// Refuse calls Invalidate once, also after a status other than 401.
func TestAuthTraceRefuse(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusForbidden, http.StatusUnauthorized} {
		src := &keeper{token: "abc"}
		ctx, trace := transport.TraceAuth(t.Context())
		resp, err := transport.Chain(answering(status), transport.Bearer(src)).Do(newRequest(ctx, t, http.MethodPatch, nil))
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		trace.Refuse()
		trace.Refuse()
		if diff := cmp.Diff([]string{"abc"}, src.refused); diff != "" {
			t.Errorf("%d: invalidated tokens (-want +got):\n%s", status, diff)
		}
	}
}
