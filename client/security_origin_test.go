package client_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/transport"
)

// S-ORIGIN-HOME: without an endpoint, headers are sent only to the origin of the URL that the
// caller named, not to the targets of redirects.
func TestRedirectWithoutEndpoint(t *testing.T) {
	tests := map[string]struct {
		to      string
		trusted []string
		foreign bool
		want    bool // credentials are sent there
	}{
		"another origin": {"http://evil.example", nil, false, false},
		"trusted":        {"http://other.example", []string{"http://other.example"}, false, true},
		"asked for":      {"http://other.example", nil, true, true},
		"its own":        {"http://tus.example", nil, false, true},
	}
	for name, test := range tests {
		redirected := func(t *testing.T, status int, home string) {
			t.Helper()
			synctest.Test(t, func(t *testing.T) {
				s := fake.New(t, fake.Config{Content: true})
				url := s.Put("", protocol.Known(5), nil)
				s.On(http.MethodHead, func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
					http.Redirect(w, r, test.to+r.URL.Path, status)
				})
				c, err := client.New(client.Config{
					Header: http.Header{"X-Key": {"a"}, "Cookie": {"b"}}, ChunkSize: 3,
					TrustedOrigins: append(clienttest.AnyOriginIf(test.foreign), test.trusted...),
					Doer: transport.Chain(s.Doer(),
						transport.Header(http.Header{"X-Middleware": {"c"}}), transport.Bearer(transport.StaticToken("d"))),
				})
				if err != nil {
					t.Fatal(err)
				}
				res, err := c.Resume(t.Context(), url, clienttest.TextSource(t, "hello"), &client.UploadOptions{
					Header: http.Header{"X-Call": {"e"}}, Verify: true,
				})
				if err != nil {
					t.Fatal(err)
				}
				if !strings.HasPrefix(res.URL, home) || !res.Verified {
					t.Errorf("result %+v, want the prefix %q and Verified true", res, home)
				}
				// The Doer removes the headers of redirected requests itself.
				all := s.Requests()
				if len(all) < 6 {
					t.Fatalf("only %d requests", len(all))
				}
				for i, r := range all {
					want := test.want || strings.HasPrefix(r.URL, "http://tus.example")
					if i == 1 && test.to != "http://tus.example" {
						want = false
					}
					for _, name := range clienttest.CredentialHeaders {
						if got := r.Header.Get(name) != ""; got != want {
							t.Errorf("%s %s with %s: %t, want %t", r.Method, r.URL, name, got, want)
						}
					}
				}
			})
		}
		t.Run(name, func(t *testing.T) {
			t.Run("for good", func(t *testing.T) { redirected(t, http.StatusPermanentRedirect, test.to) })
			t.Run("for once", func(t *testing.T) { redirected(t, http.StatusTemporaryRedirect, "http://tus.example") })
		})
	}
}

// S-ORIGIN-ASK: a token source is not asked for a token for another origin, because that may
// need a login or leave a log entry.
func TestTokenIsNotAskedFor(t *testing.T) {
	for name, location := range map[string]string{
		"same origin":  "/files/1",
		"other origin": "http://evil.example/files/1",
		"other scheme": "https://tus.example/files/1",
		"look-alike":   "http://tus.example.evil.example/files/1",
		"user info":    "http://tus.example@evil.example/files/1",
	} {
		t.Run(name, func(t *testing.T) {
			asked, seen := 0, 0
			token := transport.TokenFunc(func(context.Context) (string, error) { asked++; return "s3cret", nil })
			doer := transport.DoerFunc(func(req *http.Request) (*http.Response, error) {
				if strings.Contains(req.Header.Get("Authorization"), "s3cret") {
					seen++
				}
				resp := &http.Response{StatusCode: http.StatusCreated, Header: http.Header{"Location": {location}}, Body: http.NoBody, Request: req}
				if req.Method != http.MethodPost {
					resp.StatusCode, resp.Header = 204, http.Header{"Upload-Offset": {"5"}}
				}
				if req.Body != nil {
					_, _ = io.Copy(io.Discard, req.Body)
				}
				return resp, nil
			})
			c, err := client.New(client.Config{Endpoint: "http://tus.example/files/", Doer: transport.Chain(doer, transport.Bearer(token))})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := c.Upload(t.Context(), clienttest.TextSource(t, "hello"), nil); err != nil {
				t.Fatal(err)
			}
			want := 1
			if name == "same origin" {
				want = 2
			}
			if asked != want || seen != want {
				t.Errorf("asked %d times, sent %d times, want %d", asked, seen, want)
			}
		})
	}
}

// S-ORIGIN-COOKIE: cookies are not kept, unless the caller sets a jar, which separates them by
// origin.
func TestCookies(t *testing.T) {
	for name, jar := range map[string]bool{"no jar": false, "jar": true} {
		t.Run(name, func(t *testing.T) {
			s := fake.New(t, fake.Config{Location: func(path string) string { return "http://other.example" + path }})
			d := *s.Doer()
			if jar {
				var err error
				if d.Jar, err = cookiejar.New(nil); err != nil {
					t.Fatal(err)
				}
			}
			s.On(http.MethodPost, fake.With("Set-Cookie", "a=b; Domain=example"), fake.With("Set-Cookie", "a=c; Path=/"))
			c := clienttest.NewClient(t, s, client.Config{Doer: &d})
			for range 2 {
				if _, err := c.Upload(t.Context(), clienttest.TextSource(t, "hello"), nil); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := c.Create(t.Context(), protocol.Creation{}, nil); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, r := range s.Requests() {
				if r.Header.Get("Cookie") != "" {
					got = append(got, r.String())
				}
			}
			want := 0
			if jar {
				want = 2 // the endpoint's, for its own origin
			}
			if len(got) != want {
				t.Errorf("cookies went with %q, want %v of them", got, want)
			}
		})
	}
}

// S-LOOP: a server that always fails cannot keep a client busy forever. The number and the
// duration of retries without progress are limited.
func TestServerThatAlwaysFails(t *testing.T) {
	back := 0
	tests := map[string]func(w http.ResponseWriter, r *http.Request, next http.Handler){
		"offset back and forth": func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			// The server loses the acknowledged bytes each time.
			switch r.Method {
			case http.MethodHead:
				fake.With("Upload-Offset", "0")(w, r, next)
			case http.MethodPatch:
				if back++; back%2 == 1 {
					fake.Status(204, "", "Upload-Offset", fmt.Sprint(min(5, r.ContentLength)))(w, r, next)
					return
				}
				fake.Status(500, "")(w, r, next)
			default:
				next.ServeHTTP(w, r)
			}
		},
		"nothing kept":    onPatch(fake.Status(204, "", "Upload-Offset", "0")),
		"offset refused":  onPatch(fake.Status(409, "")),
		"locked":          onPatch(fake.Status(423, "")),
		"damaged":         onPatch(fake.Status(460, "")),
		"too large":       onPatch(fake.Status(413, "")),
		"gone":            onPatch(fake.Status(404, "")),
		"interrupted":     onPatch(fake.Status(400, "ERR_UPLOAD_INTERRUPTED: x")),
		"throttled":       onPatch(fake.Status(429, "", "Retry-After", "99999")),
		"not allowed":     onPatch(fake.Status(401, "")),
		"not any more":    onPatch(fake.Status(403, "ERR_UPLOAD_LOCKED: x")),
		"length refused":  onPatch(fake.Status(400, "ERR_INVALID_UPLOAD_LENGTH: x")),
		"cut":             onPatch(fake.Cut(0)),
		"too early":       onPatch(fake.Status(425, "")),
		"sent elsewhere":  onPatch(fake.Status(307, "", "Location", "/files/1")),
		"error from HEAD": onHead(fake.Status(500, "")),
	}
	for name, hook := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fake.New(t, fake.Config{Hook: hook})
				token := transport.TokenFunc(func(context.Context) (string, error) { return "a", nil })
				c := clienttest.NewClient(t, s, client.Config{
					Store: new(client.MemoryStore), ChunkSize: 4,
					Doer: transport.Chain(s.Doer(), transport.Bearer(token)),
				})
				began := time.Now()
				_, err := c.Upload(t.Context(), clienttest.TextSource(t, "hello"), nil)
				if err == nil && name != "error from HEAD" {
					t.Error("no error")
				}
				took, n := time.Since(began), len(s.Seen())
				t.Logf("%d requests in %v: %v", n, took, err)
				if n > 250 || took > 15*time.Minute {
					t.Errorf("%d requests in %v, want at most 250 and at most %v", n, took, 15*time.Minute)
				}
				_ = s.Violations()
			})
		})
	}
}

func onPatch(action fake.Action) fake.Action { return on(http.MethodPatch, action) }
func onHead(action fake.Action) fake.Action  { return on(http.MethodHead, action) }

// on applies action to one method. The server handles the others.
func on(method string, action fake.Action) fake.Action {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if r.Method == method {
			action(w, r, next)
			return
		}
		next.ServeHTTP(w, r)
	}
}
