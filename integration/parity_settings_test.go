package integration

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/exp/zapslog"
	"go.uber.org/zap/zaptest/observer"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
	"github.com/tusker-go/tusker/testserver"
	"github.com/tusker-go/tusker/transport"
	"github.com/tusker-go/tusker/transport/nethttp"
)

// The caller can use its own session: an http.Client with cookies, basic authentication
// and headers for all requests.
func paritySession(t *testing.T) {
	t.Parallel()
	srv := testserver.New(t, testserver.Config{Wrap: func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			user, password, _ := r.BasicAuth()
			if user != "ivory" || password != "p:w d" || r.Header.Get("X-Tenant") != "zoo" {
				w.Header().Set("WWW-Authenticate", `Basic realm="zoo"`)
				http.Error(w, "keepers only", http.StatusUnauthorized)
				return
			}
			if r.Method == http.MethodPost {
				http.SetCookie(w, &http.Cookie{Name: "session", Value: "42", Path: "/"})
			} else if c, err := r.Cookie("session"); err != nil || c.Value != "42" {
				http.Error(w, "no session", http.StatusForbidden)
				return
			}
			next.ServeHTTP(w, r)
		})
	}})
	srv.Inject(patch(testserver.CutAfter(10)))
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	session := nethttp.New(nethttp.Config{})
	session.Jar = jar
	t.Cleanup(session.CloseIdleConnections)
	header := transport.Header(http.Header{"X-Tenant": {"zoo"}})
	data := content(1000)

	t.Run("accepted", func(t *testing.T) {
		c := newClient(t, client.Config{
			Endpoint: srv.URL(),
			Doer:     transport.Chain(session, transport.BasicAuth("ivory", "p:w d"), header),
			Retry:    quick,
		})
		res, err := c.Upload(t.Context(), readerAt(t, data), nil)
		if err != nil {
			t.Fatal(err)
		}
		checkStored(t, srv, res.URL, data)
	})
	t.Run("user in the endpoint", func(t *testing.T) {
		c := newClient(t, client.Config{
			Endpoint: strings.Replace(srv.URL(), "http://", "http://ivory:p%3Aw%20d@", 1),
			Doer:     session,
			Header:   http.Header{"X-Tenant": {"zoo"}},
			Retry:    quick,
		})
		res, err := c.Upload(t.Context(), readerAt(t, data), nil)
		if err != nil {
			t.Fatal(err)
		}
		checkStored(t, srv, res.URL, data)
	})
	t.Run("wrong password", func(t *testing.T) {
		c := newClient(t, client.Config{
			Endpoint: srv.URL(),
			Doer:     transport.Chain(session, transport.BasicAuth("ivory", "guess"), header),
			Retry:    quick,
		})
		_, err := c.Upload(t.Context(), readerAt(t, data), nil)
		var e *client.Error
		if !errors.Is(err, protocol.ErrUnauthorized) || !errors.As(err, &e) || e.Header.Get("WWW-Authenticate") == "" {
			t.Errorf("error %v, want unauthorized, with the headers of the answer", err)
		}
	})
}

// All requests of a call have its extra headers.
func parityHeaders(t *testing.T) {
	t.Parallel()
	const name = "X-Extra"
	extra := http.Header{name: {"one", "two"}}
	call := &client.CallOptions{Header: extra}
	upload := &client.UploadOptions{Header: extra}
	size3 := protocol.Creation{Length: protocol.Known(3)}
	data := content(3)
	src := readerAt(t, data)

	for _, tt := range []struct {
		name string
		want string
		run  func(ctx context.Context, c *client.Client, url string) error
	}{
		{"Options", "OPTIONS", func(ctx context.Context, c *client.Client, _ string) error {
			_, err := c.Options(ctx, call)
			return err
		}},
		{"Create", "POST", func(ctx context.Context, c *client.Client, _ string) error {
			_, err := c.Create(ctx, size3, call)
			return err
		}},
		{"Head", "HEAD", func(ctx context.Context, c *client.Client, url string) error {
			_, err := c.Head(ctx, url, call)
			return err
		}},
		{"Metadata", "HEAD", func(ctx context.Context, c *client.Client, url string) error {
			_, err := c.Metadata(ctx, url, call)
			return err
		}},
		{"Patch", "PATCH@0", func(ctx context.Context, c *client.Client, url string) error {
			_, err := c.Patch(ctx, url, protocol.Patch{}, bytes.NewReader(data), 3, call)
			return err
		}},
		{"Terminate", "DELETE", func(ctx context.Context, c *client.Client, url string) error {
			_, err := c.Terminate(ctx, url, call)
			return err
		}},
		{"Upload", "POST PATCH@0", func(ctx context.Context, c *client.Client, _ string) error {
			_, err := c.Upload(ctx, src, upload)
			return err
		}},
		{"Resume", "HEAD PATCH@0", func(ctx context.Context, c *client.Client, url string) error {
			_, err := c.Resume(ctx, url, src, upload)
			return err
		}},
		{"UploadConcat and Concat", "OPTIONS POST POST", func(ctx context.Context, c *client.Client, _ string) error {
			_, err := c.UploadConcat(ctx, []client.Source{src}, &client.ConcatOptions{Header: extra})
			return err
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv, c := parityServer(t, testserver.Config{})
			reply, err := c.Create(t.Context(), size3, nil)
			if err != nil {
				t.Fatal(err)
			}
			srv.ResetRequests()
			if err := tt.run(t.Context(), c, reply.State.Location); err != nil {
				t.Fatal(err)
			}
			checkRequests(t, srv, tt.want)
			for _, r := range srv.Requests() {
				if got := strings.Join(r.Header.Values(name), " "); got != "one two" {
					t.Errorf("%s with %s %q", r.Method, name, got)
				}
			}
		})
	}
}

// There are ten attempts, with waits of at most a minute, even if the server asks for an
// hour.
func parityRetryDefaults(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name       string
		header     http.Header
		least, all time.Duration // lower limits of each wait and of the sum
	}{
		{name: "back-off"},
		{name: "server asks for an hour", header: http.Header{"Retry-After": {"3600"}}, least: time.Minute, all: 9 * time.Minute},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := testserver.New(t, testserver.Config{Network: testserver.NewNetwork()})
				srv.Inject(times(testserver.Always, post(testserver.Status(http.StatusServiceUnavailable, tt.header, ""))))
				c := newClient(t, client.Config{Endpoint: srv.URL(), Doer: srv.Client()})
				var waits []time.Duration
				began := time.Now()
				_, err := c.Upload(t.Context(), readerAt(t, content(1)), &client.UploadOptions{OnEvent: func(ev client.Event) {
					if ev.Kind == client.EventRetry {
						waits = append(waits, ev.Wait)
					}
				}})
				if !errors.Is(err, retry.ErrExhausted) {
					t.Errorf("error %v, want exhausted", err)
				}
				if n := srv.Count(http.MethodPost); n != 10 {
					t.Errorf("%d attempts, want 10", n)
				}
				for _, w := range waits {
					if w < tt.least || w > time.Minute {
						t.Errorf("waits %v, want each from %v to 1m", waits, tt.least)
						break
					}
				}
				if took := time.Since(began); took < tt.all {
					t.Errorf("took %v, want at least %v", took, tt.all)
				}
				srv.Close()
			})
		})
	}
}

func parityRetrySettings(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		policy retry.Policy
		tries  int
		waits  time.Duration
	}{
		{name: "attempts", policy: retry.Backoff{MaxAttempts: 3, Jitter: -1}, tries: 3, waits: 3 * time.Second},
		{name: "period", policy: retry.Backoff{Max: 5 * time.Second, Jitter: -1}, tries: 10, waits: 37 * time.Second},
		{name: "never", policy: retry.Never, tries: 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := testserver.New(t, testserver.Config{Network: testserver.NewNetwork()})
				srv.Inject(times(testserver.Always, head(testserver.Status(http.StatusBadGateway, nil, ""))))
				c := newClient(t, client.Config{Endpoint: srv.URL(), Doer: srv.Client(), Retry: tt.policy})
				began := time.Now()
				if _, err := c.Metadata(t.Context(), srv.URL()+"some", nil); !errors.Is(err, retry.ErrExhausted) {
					t.Errorf("error %v, want exhausted", err)
				}
				if took := time.Since(began); took != tt.waits {
					t.Errorf("took %v, want %v", took, tt.waits)
				}
				if n := srv.Count(http.MethodHead); n != tt.tries {
					t.Errorf("%d attempts, want %d", n, tt.tries)
				}
				srv.Close()
			})
		})
	}
}

func parityTLS(t *testing.T) {
	t.Parallel()
	srv := testserver.New(t, testserver.Config{TLS: &tls.Config{}})
	for _, tt := range []struct {
		name    string
		config  nethttp.Config
		refused bool
	}{
		{name: "default verifies", refused: true},
		{name: "own context", config: nethttp.Config{TLS: &tls.Config{RootCAs: srv.CertPool()}}},
		{name: "off", config: nethttp.Config{InsecureSkipVerify: true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			doer := nethttp.New(tt.config)
			t.Cleanup(doer.CloseIdleConnections)
			c := newClient(t, client.Config{Endpoint: srv.URL(), Doer: doer, Retry: quick})
			data := content(1000)
			res, err := c.Upload(t.Context(), readerAt(t, data), nil)
			if tt.refused {
				if err == nil || !strings.Contains(err.Error(), "certificate") || res.Retries != 0 {
					t.Errorf("error %v after %d retries, want the certificate refused at once", err, res.Retries)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			checkStored(t, srv, res.URL, data)
		})
	}
}

// All log records have one logger name, so a program can find or disable them.
func parityLogger(t *testing.T) {
	t.Parallel()
	core, logs := observer.New(zap.DebugLevel)
	srv := testserver.New(t, testserver.Config{})
	srv.Inject(patch(testserver.CutAfter(10)))
	c := newClient(t, client.Config{
		Endpoint: srv.URL(),
		Doer:     srv.Client(),
		Retry:    quick,
		Logger:   slog.New(zapslog.NewHandler(core, zapslog.WithName("tusker"))),
	})
	if _, err := c.Upload(t.Context(), readerAt(t, content(1000)), nil); err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for _, e := range logs.All() {
		if e.LoggerName != "tusker" {
			t.Errorf("record %q under the name %q", e.Message, e.LoggerName)
		}
		seen[e.Level.String()]++
	}
	// The log has exchanges, the beginning and the end of an upload, and retries, like
	// that of aiotus.
	if seen["debug"] != 4 || seen["info"] != 2 || seen["warn"] != 1 {
		t.Errorf("records %v", seen)
	}
}
