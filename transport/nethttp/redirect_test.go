package nethttp_test

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/transport/nethttp"
)

// landing is the target of redirects. It answers with method and body of the
// request.
func landing(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	_, _ = fmt.Fprintf(w, "%s %s", r.Method, body)
}

// A redirect that changes the method, or needs a body again that cannot be read
// again, is returned to the caller.
func TestRedirectMethod(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.HandleFunc("/new", landing)
	mux.HandleFunc("/old/{status}", func(w http.ResponseWriter, r *http.Request) {
		var status int
		_, _ = fmt.Sscan(r.PathValue("status"), &status)
		w.Header().Set("Location", "/new")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "moved")
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)

	for _, c := range []struct {
		method string
		status int
		stream bool // a body without GetBody
		want   int
		body   string
	}{
		{http.MethodPost, 301, false, 301, "moved"},
		{http.MethodPost, 302, false, 302, "moved"},
		{http.MethodPost, 303, false, 303, "moved"},
		{http.MethodPatch, 301, false, 301, "moved"},
		{http.MethodPatch, 302, false, 302, "moved"},
		{http.MethodPatch, 303, false, 303, "moved"},
		{http.MethodDelete, 301, false, 301, "moved"},
		{http.MethodOptions, 302, false, 302, "moved"},
		{http.MethodGet, 301, false, 200, "GET "},
		{http.MethodHead, 301, false, 200, ""},
		{http.MethodHead, 303, false, 200, ""},
		{http.MethodPost, 307, false, 200, "POST bytes"},
		{http.MethodPatch, 307, false, 200, "PATCH bytes"},
		{http.MethodPatch, 308, false, 200, "PATCH bytes"},
		{http.MethodDelete, 308, false, 200, "DELETE bytes"},
		{http.MethodPatch, 307, true, 307, "moved"},
		{http.MethodPatch, 308, true, 308, "moved"},
	} {
		t.Run(fmt.Sprintf("%s %d stream %v", c.method, c.status, c.stream), func(t *testing.T) {
			t.Parallel()
			client := nethttp.New(nethttp.Config{})
			t.Cleanup(client.CloseIdleConnections)
			var body io.Reader = strings.NewReader("bytes")
			if c.method == http.MethodGet {
				body = nil
			}
			if c.stream {
				body = struct{ io.Reader }{body}
			}
			req, err := http.NewRequestWithContext(t.Context(), c.method, fmt.Sprintf("%s/old/%d", s.URL, c.status), body)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = resp.Body.Close() }()
			got, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			if resp.StatusCode != c.want || string(got) != c.body {
				t.Errorf("status %d, body %q; want %d, %q", resp.StatusCode, got, c.want, c.body)
			}
			if c.want >= 300 && (resp.Header.Get("Location") != "/new" || resp.Request.Method != c.method) {
				t.Errorf("Location is %q for method %s, want \"/new\" and %s", resp.Header.Get("Location"), resp.Request.Method, c.method)
			}
		})
	}
}

// A redirect to another origin has the headers of the protocol only.
func TestRedirectHeaders(t *testing.T) {
	t.Parallel()
	var arrived http.Header
	mux := http.NewServeMux()
	mux.HandleFunc("/landing", func(_ http.ResponseWriter, r *http.Request) { arrived = r.Header })
	// /to?URL redirects to URL.
	mux.HandleFunc("/to", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, r.URL.RawQuery, http.StatusTemporaryRedirect)
	})
	one, two := httptest.NewServer(mux), httptest.NewServer(mux)
	t.Cleanup(one.Close)
	t.Cleanup(two.Close)
	// Another name of the same server is another origin.
	named := strings.Replace(one.URL, "127.0.0.1", "localhost", 1)

	protocol := http.Header{
		"Tus-Resumable":   {"1.0.0"},
		"Upload-Offset":   {"5"},
		"Upload-Metadata": {"a"},
		"Content-Type":    {"application/offset+octet-stream"},
		"Content-Length":  {"0"},
		"User-Agent":      {"ua"},
		"Accept-Encoding": {"gzip"},
	}
	secret := http.Header{
		"Authorization": {"Bearer t"},
		"Cookie":        {"c=1"},
		"Apikey":        {"k"},
		"X-Upsert":      {"true"},
		"Upload-Token":  {"t"},
	}
	for _, c := range []struct {
		name    string
		to      string
		secrets bool
	}{
		{"same origin", "/landing", true},
		{"same origin as a URL", one.URL + "/landing", true},
		{"same origin twice", one.URL + "/to?/landing", true},
		{"another port", two.URL + "/landing", false},
		{"another host", named + "/landing", false},
		{"another port, then a path", two.URL + "/to?/landing", false},
		{"another port and back", two.URL + "/to?" + one.URL + "/landing", false},
	} {
		t.Run(c.name, func(t *testing.T) { // not parallel, because arrived is shared
			client := nethttp.New(nethttp.Config{})
			defer client.CloseIdleConnections()
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPatch, one.URL+"/to?"+c.to, nil)
			if err != nil {
				t.Fatal(err)
			}
			want := protocol.Clone()
			for _, h := range []http.Header{protocol, secret} {
				for key, values := range h {
					if key != "Content-Length" && key != "Accept-Encoding" {
						req.Header[key] = values
					}
				}
			}
			if c.secrets {
				maps.Copy(want, secret)
			}
			arrived = nil
			resp, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close()
			if c.secrets {
				arrived.Del("Referer") // added by net/http
			}
			if diff := cmp.Diff(want, arrived); diff != "" {
				t.Errorf("headers that arrive (-want +got):\n%s", diff)
			}
		})
	}
}

// A redirect from https to http is an error and is not followed.
func TestRedirectInsecure(t *testing.T) {
	t.Parallel()
	reached := false
	plain := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	t.Cleanup(plain.Close)
	for _, method := range []string{http.MethodHead, http.MethodPatch} {
		secure := httptest.NewTLSServer(http.RedirectHandler(plain.URL, http.StatusTemporaryRedirect))
		t.Cleanup(secure.Close)
		_, _, err := do(t, nethttp.New(nethttp.Config{InsecureSkipVerify: true}), method, secure.URL)
		if !errors.Is(err, nethttp.ErrInsecureRedirect) || reached {
			t.Errorf("%s: error %v, want ErrInsecureRedirect; reached: %v", method, err, reached)
		}
	}
}

// A redirect from http to https is followed.
func TestRedirectUpgrade(t *testing.T) {
	t.Parallel()
	secure := httptest.NewTLSServer(http.HandlerFunc(landing))
	t.Cleanup(secure.Close)
	plain := httptest.NewServer(http.RedirectHandler(secure.URL, http.StatusPermanentRedirect))
	t.Cleanup(plain.Close)
	_, got, err := do(t, nethttp.New(nethttp.Config{InsecureSkipVerify: true}), http.MethodPatch, plain.URL)
	if err != nil || got != "PATCH " {
		t.Errorf("answer %q, error %v, want %q and no error", got, err, "PATCH ")
	}
}

// The client follows at most 10 redirects.
func TestRedirectLimit(t *testing.T) {
	t.Parallel()
	n := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n++
		http.Redirect(w, r, "/", http.StatusTemporaryRedirect)
	}))
	t.Cleanup(s.Close)
	_, _, err := do(t, nethttp.New(nethttp.Config{}), http.MethodPatch, s.URL)
	if !errors.Is(err, nethttp.ErrTooManyRedirects) || n != 10 {
		t.Errorf("error %v after %d requests, want ErrTooManyRedirects and 10", err, n)
	}
}

// A redirect to a URL of up to 16 KiB is followed. The caller gets the answer
// with a longer Location.
func TestRedirectToLongURL(t *testing.T) {
	t.Parallel()
	const limit = 16 << 10
	var location string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.RawQuery == "" {
			w.Header().Set("Location", location)
			w.WriteHeader(http.StatusPermanentRedirect)
		}
	}))
	t.Cleanup(s.Close)
	client := nethttp.New(nethttp.Config{})
	t.Cleanup(client.CloseIdleConnections)
	for size, want := range map[int]int{limit: http.StatusOK, limit + 1: http.StatusPermanentRedirect} {
		location = "/?" + strings.Repeat("a", size-2)
		if status, _, err := do(t, client, http.MethodPatch, s.URL); err != nil || status != want {
			t.Errorf("URL of %d bytes: status %d, error %v, want %d", size, status, err, want)
		}
	}
}
