package client_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/retry"
)

// balancer is a load balancer before two servers that know only their own uploads. A cookie
// names the server of a session. A request without a cookie begins a session: with the first
// server if it creates an upload, and otherwise with the second one.
type balancer struct {
	nodes [2]*fake.Server
	url   string

	mu      sync.Mutex
	cookies []string // of the requests
}

func newBalancer(t *testing.T) *balancer {
	t.Helper()
	b := &balancer{}
	for i := range b.nodes {
		b.nodes[i] = fake.Handler(fake.Config{Content: true})
	}
	server := httptest.NewServer(b)
	t.Cleanup(server.Close)
	b.url = server.URL
	return b
}

// seen returns the cookies of each request.
func (b *balancer) seen() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.cookies)
}

func (b *balancer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	b.cookies = append(b.cookies, r.Header.Get("Cookie"))
	b.mu.Unlock()
	node := "1"
	if r.Method == http.MethodPost {
		node = "0"
	}
	if c, err := r.Cookie("node"); err == nil {
		node = c.Value
	} else {
		http.SetCookie(w, &http.Cookie{Name: "node", Value: node, Path: "/", HttpOnly: true})
	}
	b.nodes[strings.Index("01", node)].ServeHTTP(w, r)
}

// A load balancer may find the server that has an upload by a cookie. With a jar, all requests
// of the Client belong to one session; without one, the upload is not found.
func TestStickySession(t *testing.T) {
	data := clienttest.Noise(3 << 20)
	for name, request := range map[string]func(ctx context.Context, c *client.Client) error{
		"upload in chunks": func(ctx context.Context, c *client.Client) error {
			_, err := c.Upload(ctx, clienttest.TextSource(t, data), &client.UploadOptions{ChunkSize: 1 << 20})
			return err
		},
		"upload in parts": func(ctx context.Context, c *client.Client) error {
			_, err := c.Upload(ctx, clienttest.TextSource(t, data), &client.UploadOptions{Parallel: 2})
			return err
		},
		"upload, metadata, download, deletion": func(ctx context.Context, c *client.Client) error {
			res, err := c.Upload(ctx, clienttest.TextSource(t, data), nil)
			if err != nil {
				return err
			}
			if _, err := c.Metadata(ctx, res.URL, nil); err != nil {
				return err
			}
			var got bytes.Buffer
			if _, err := c.Download(ctx, res.URL, func(client.Content) (io.Writer, int64, error) { return &got, 0, nil }, nil); err != nil {
				return err
			}
			if got.String() != data {
				t.Error("the downloaded bytes differ")
			}
			_, err = c.Terminate(ctx, res.URL, nil)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, kept := range []bool{false, true} {
				b := newBalancer(t)
				cfg := client.Config{Endpoint: b.url + "/files/", Retry: retry.Backoff{MaxAttempts: 2, Initial: time.Millisecond}, Header: http.Header{"Cookie": {"a=b"}}}
				if kept {
					jar, err := cookiejar.New(nil)
					if err != nil {
						t.Fatal(err)
					}
					cfg.Jar = jar
				}
				c, err := client.New(cfg)
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(c.CloseIdleConnections)
				if err := request(t.Context(), c); (err == nil) != kept {
					t.Errorf("with a jar: %t; error %v, want success: %t", kept, err, kept)
				}
				for i, cookie := range b.seen() {
					if !strings.HasPrefix(cookie, "a=b") {
						t.Errorf("request %d has the cookies %q, want those of the caller", i, cookie)
					}
				}
			}
		})
	}
}

// A Location on another origin gets no cookie of the jar, and cannot set one, although the
// host is the same and the origin is trusted.
func TestCookiesOfOtherOrigin(t *testing.T) {
	other := newBalancer(t)
	var mu sync.Mutex
	var endpoint []string
	home := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		endpoint = append(endpoint, r.Header.Get("Cookie"))
		mu.Unlock()
		http.SetCookie(w, &http.Cookie{Name: "session", Value: "home", Path: "/"})
		other.nodes[1].ServeHTTP(relocated{w, other.url}, r)
	}))
	t.Cleanup(home.Close)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.New(client.Config{Endpoint: home.URL + "/files/", Jar: jar, TrustedOrigins: []string{other.url}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.CloseIdleConnections)
	for range 2 {
		if _, err := c.Upload(t.Context(), clienttest.TextSource(t, "hello"), nil); err != nil {
			t.Fatal(err)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if got := strings.Join(endpoint, ","); got != ",session=home" {
		t.Errorf("the endpoint got the cookies %q, want %q", got, ",session=home")
	}
	if got := strings.Join(other.seen(), ""); got != "" || len(other.seen()) != 2 {
		t.Errorf("the other origin got the cookies %q", other.seen())
	}
}

// relocated puts another origin before a Location.
type relocated struct {
	http.ResponseWriter
	origin string
}

func (w relocated) WriteHeader(status int) {
	if location := w.Header().Get("Location"); location != "" {
		w.Header().Set("Location", w.origin+location)
	}
	w.ResponseWriter.WriteHeader(status)
}
