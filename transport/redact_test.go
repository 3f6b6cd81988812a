package transport_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/tusker-go/tusker/transport"
)

// RedactURL returns scheme, host and path only.
func TestRedactURL(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, url, want string }{
		{"plain", "https://tus.example/files/1", "https://tus.example/files/1"},
		{"query", "https://tus.example/files/1?token=secret", "https://tus.example/files/1"},
		{"user", "https://user:pass@tus.example:8080/files/1", "https://tus.example:8080/files/1"},
		{"fragment", "https://tus.example/#secret", "https://tus.example/"},
		{"encoded path", "https://tus.example/a%2Fb+c", "https://tus.example/a%2Fb+c"},
		{"opaque", "mailto:user@example", "mailto:"},
		{"relative", "/files/1?x", "/files/1"},
		{"one slash", "https:/host/1?x", "https:/host/1"},
		{"empty", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			u, err := url.Parse(c.url)
			if err != nil {
				t.Fatal(err)
			}
			if got := transport.RedactURL(u); got != c.want {
				t.Errorf("RedactURL(%q) = %q, want %q", c.url, got, c.want)
			}
		})
	}
	if got := transport.RedactURL(nil); got != "" {
		t.Errorf("RedactURL(nil) = %q, want \"\"", got)
	}
}

// URLs in the text of an error lose parts that may be secret. Other text does
// not change.
func TestRedactErrorText(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, want string }{
		{"no URL", `dial tcp 127.0.0.1:1: connection refused`, `dial tcp 127.0.0.1:1: connection refused`},
		{"no URL in quotes", `malformed HTTP response "\x15\x03"`, `malformed HTTP response "\x15\x03"`},
		{"plain", `get https://tus.example/files/1: refused`, `get https://tus.example/files/1: refused`},
		{"query", `get https://tus.example/1?sig=hush: refused`, `get https://tus.example/1?… refused`},
		{"fragment", `at https://tus.example/#hush`, `at https://tus.example/?…`},
		{"user", `at https://me:hush@tus.example/1 now`, `at https://tus.example/1 now`},
		{"quoted", `at "https://me:hush@tus.example/1?sig=hush"`, `at "https://tus.example/1?…"`},
		{"quoted, with a space", `at "https://tus.example/a b?sig=a hush"`, `at "https://tus.example/a b?…"`},
		{"relative", `parse "/1%zz?sig=hush": invalid URL escape "%zz"`, `parse "/1%zz?…": invalid URL escape "%zz"`},
		{"no scheme", `at "//me:hush@tus.example/"`, `at "//tus.example/"`},
		{"slash in a password", `parse "https://me:hu/sh@tus.example": invalid port ":hu" after host`, `parse "https://tus.example": invalid port "…" after host`},
		{"question mark in a password", `parse "https://me:hu?sh@tus.example": invalid port ":hu" after host`, `parse "https://tus.example": invalid port "…" after host`},
		{"quote in a password", `parse "https://me:hu\"sh@tus.example": no`, `parse "https://tus.example": no`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cause := errors.New(c.text)
			got := transport.RedactError(&url.Error{Op: "Get", URL: "http://tus.example/?hush", Err: cause})
			if got.Error() != c.want || !errors.Is(got, cause) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// RedactText changes URLs only.
func TestRedactText(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, want string }{
		{"no URL", `open "what?.txt": no such file`, `open "what?.txt": no such file`},
		{"plain", `open https://tus.example/1: no such file`, `open https://tus.example/1: no such file`},
		{"secrets", `open https://me:hush@tus.example/1?hush#hush: no such file`, `open https://tus.example/1?… no such file`},
		{"quoted", `unknown command "https://tus.example/a b?hush hush"`, `unknown command "https://tus.example/a b?…"`},
		{"JSON", `{"url":"https://tus.example/1?hush","n":1}`, `{"url":"https://tus.example/1?…","n":1}`},
		{"a column", "https://tus.example/1?hush\tvalue", "https://tus.example/1?…\tvalue"},
		{"at sign in a path", `https://tus.example/1@2`, `https://tus.example/1@2`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := transport.RedactText(c.text); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// Errors of net/http and net/url about a URL contain no secret after
// RedactError.
func TestRedactErrorOfNetHTTP(t *testing.T) {
	t.Parallel()
	for name, location := range map[string]string{
		"escape":   "https://me:hush@tus.example/%zz?sig=hush",
		"relative": "/%zz?sig=hush",
		"port":     "https://me:hush/x@tus.example/?sig=hush",
		"scheme":   "ftp://me:hush@tus.example/?sig=hush",
		"control":  "http://tus.example/\x7f?sig=hush",
		"no host":  "http:///1?sig=hush",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header()["Location"] = []string{location}
				w.WriteHeader(http.StatusTemporaryRedirect)
			}))
			t.Cleanup(s.Close)
			req, err := http.NewRequestWithContext(t.Context(), http.MethodHead, s.URL+"/?sig=hush", nil)
			if err != nil {
				t.Fatal(err)
			}
			client := &http.Client{Transport: new(http.Transport)}
			t.Cleanup(client.CloseIdleConnections)
			resp, err := client.Do(req)
			if err == nil {
				_ = resp.Body.Close()
				t.Fatal("no error")
			}
			if got := transport.RedactError(fmt.Errorf("head: %w", err)).Error(); strings.Contains(got, "hush") {
				t.Errorf("error %q, want no secret in it", got)
			}
			if _, err := url.Parse(location); err != nil {
				if got := transport.RedactError(err).Error(); strings.Contains(got, "hush") {
					t.Errorf("error %q, want no secret in it", got)
				}
			}
		})
	}
}
