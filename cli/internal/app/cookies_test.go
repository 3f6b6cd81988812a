package app_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/tusker-go/tusker/cli/internal/app"
	"github.com/tusker-go/tusker/testserver"
)

// stickyBalancer returns the URL of a load balancer before two servers that know only their own
// uploads. A cookie names the server of a session. A session begins with the first server if
// its request is a POST or HEAD, and otherwise with the second one.
func stickyBalancer(t *testing.T) string {
	t.Helper()
	nodes := make(map[string]http.Handler)
	for _, name := range []string{"s3cret0", "s3cret1"} {
		node, err := url.Parse(testserver.New(t, testserver.Config{}).URL())
		if err != nil {
			t.Fatal(err)
		}
		node.Path = ""
		nodes[name] = &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(node)
			r.Out.Host = r.In.Host
		}}
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := "s3cret1"
		if r.Method == http.MethodPost || r.Method == http.MethodHead {
			name = "s3cret0"
		}
		if c, err := r.Cookie("node"); err == nil {
			name = c.Value
		} else {
			http.SetCookie(w, &http.Cookie{Name: "node", Value: name, Path: "/"})
		}
		nodes[name].ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s.URL + "/files/"
}

// All requests of a run belong to one session, so a load balancer that finds the server of an
// upload by a cookie works without a flag. The cookie is not shown.
func TestStickySession(t *testing.T) {
	endpoint := stickyBalancer(t)
	file := filepath.Join(t.TempDir(), "a.bin")
	if err := os.WriteFile(file, bytes.Repeat([]byte("0123456789abcdef"), 1<<17), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) string {
		t.Helper()
		var out, errs bytes.Buffer
		code := app.Run(t.Context(), args, app.Streams{
			In: strings.NewReader(""), Out: &out, Err: &errs, LookupEnv: func(string) (string, bool) { return "", false },
		})
		if code != 0 || strings.Contains(out.String()+errs.String(), "s3cret") {
			t.Errorf("%s: exit %d, %s%s, want 0 and no %q in it", args[0], code, &out, &errs, "s3cret")
		}
		return strings.TrimSpace(out.String())
	}
	location := run("upload", "-v", "--config=", "--state-dir", t.TempDir(), "--chunk-size", "1MiB", "--retries", "0", endpoint, file)
	run("metadata", "-v", "--config=", location)
	got := filepath.Join(t.TempDir(), "got")
	run("download", "-v", "--config=", "--retries", "0", "-o", got, location)
	run("doctor", "-v", "--config=", endpoint)
}

// A server on another port of the same host gets no cookie of a session.
func TestCookiesOfOtherPort(t *testing.T) {
	var mu sync.Mutex
	var seen []string
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		seen = append(seen, r.Header.Get("Cookie"))
		mu.Unlock()
		http.SetCookie(w, &http.Cookie{Name: "a", Value: "b", Path: "/"})
		w.Header().Set("Tus-Resumable", "1.0.0")
		w.WriteHeader(http.StatusNoContent)
	})
	one, other := httptest.NewServer(handler), httptest.NewServer(handler)
	t.Cleanup(one.Close)
	t.Cleanup(other.Close)
	var errs bytes.Buffer
	code := app.Run(t.Context(), []string{"terminate", "--config=", one.URL + "/1", one.URL + "/2", other.URL + "/3"}, app.Streams{
		In: strings.NewReader(""), Out: &errs, Err: &errs, LookupEnv: func(string) (string, bool) { return "", false },
	})
	mu.Lock()
	defer mu.Unlock()
	if got := strings.Join(seen, ","); code != 0 || got != ",a=b," {
		t.Errorf("exit %d, cookies %q, %s, want 0 and %q", code, got, &errs, ",a=b,")
	}
}
