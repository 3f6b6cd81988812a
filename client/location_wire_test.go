package client_test

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
	"github.com/tusker-go/tusker/transport/nethttp"
)

// Requests use the URL of the Location unchanged, in every form that a Location may have.
func TestLocationOnTheWire(t *testing.T) {
	tests := map[string]struct {
		endpoint string // "": that of the server
		location string
		want     string
	}{
		"absolute":             {"", "http://tus.example/files/1", "http://tus.example/files/1"},
		"absolute path":        {"", "/files/1", "http://tus.example/files/1"},
		"relative path":        {"", "1", "http://tus.example/files/1"},
		"host":                 {"", "//up.example/files/1", "http://up.example/files/1"},
		"another port":         {"", "http://tus.example:8080/files/1", "http://tus.example:8080/files/1"},
		"query only":           {"http://tus.example/files/1", "?a=%2B+%7a;b", "http://tus.example/files/1?a=%2B+%7a;b"},
		"query to the letter":  {"", "/files/1?a=%2B+%7a&b=%c3%A9//?", "http://tus.example/files/1?a=%2B+%7a&b=%c3%A9//?"},
		"path to the letter":   {"", "/files/%31", "http://tus.example/files/%31"},
		"spaces around":        {"", "  1  ", "http://tus.example/files/1"},
		"IPv6":                 {"", "http://[2001:db8::1]/files/1", "http://[2001:db8::1]/files/1"},
		"IPv6 endpoint":        {"http://[::1]:1080/files/", "1?a", "http://[::1]:1080/files/1?a"},
		"IPv6, host in braces": {"http://[::1]:1080/files/", "//[::2]:1081/files/1", "http://[::2]:1081/files/1"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fake.New(t, fake.Config{Location: func(string) string { return test.location }})
				s.On(http.MethodPatch, fake.Cut(2))
				res, err := clienttest.NewClient(t, s, client.Config{Endpoint: test.endpoint}).Upload(t.Context(), clienttest.TextSource(t, "hello"), nil)
				if err != nil {
					t.Fatal(err)
				}
				clienttest.WantStored(t, s, "http://tus.example"+clienttest.Upload1, "hello")
				if res.URL != test.want {
					t.Errorf("URL  %s\nwant %s", res.URL, test.want)
				}
				for _, r := range s.Requests()[1:] {
					if r.URL != test.want {
						t.Errorf("%s to %s\nwant %s", r.Method, r.URL, test.want)
					}
				}
			})
		})
	}
}

// User information in a Location is sent with the requests to it, and is not shown.
func TestLocationWithUser(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{Location: func(path string) string { return "http://aladdin:hidden@up.example" + path }})
		s.On(http.MethodPatch, fake.Cut(2), fake.Status(403, ""))
		var log bytes.Buffer
		c := clienttest.NewClient(t, s, client.Config{
			Header: http.Header{"Authorization": {"Bearer a"}},
			Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		})
		_, err := c.Upload(t.Context(), clienttest.TextSource(t, "hello"), nil)
		if clienttest.ErrorOf(t, err).StatusCode != http.StatusForbidden || strings.Contains(err.Error()+log.String(), "hidden") {
			t.Errorf("error %v, log, want StatusCode 403 and no %q in it:\n%s", err, "hidden", log.String())
		}
		for _, r := range s.Requests()[1:] {
			req := http.Request{Header: r.Header}
			if user, password, _ := req.BasicAuth(); user != "aladdin" || password != "hidden" {
				t.Errorf("%s has Authorization %q, want user %q and password %q", r, r.Header.Values("Authorization"), "aladdin", "hidden")
			}
		}
	})
}

// Requests over a real connection use the bytes of the Location unchanged, also in a later run
// that has a record. Only bytes that a URL cannot contain are encoded, once.
func TestLocationToTheByte(t *testing.T) {
	for location, want := range map[string]string{
		"/files/a%2Fb":                             "",
		"/files/a+b;v=1,c!$&'()*=:@~_-.[d]":        "",
		"/files/x%7Cy%7e%c3%BC":                    "",
		"/files/a%2Fb?key=x%2Fy&sig=a+b==&p[]=1/?": "",
		"/files/a%2Fb|c":                           "/files/a%2Fb%7Cc",
		"/files/a%2Fb^c":                           "/files/a%2Fb%5Ec",
		"/files/a%20b%2Fc d":                       "/files/a%20b%2Fc%20d",
		"/files/a%2Fb\u00fcc":                      "/files/a%2Fb%C3%BCc",
		"/files/a%2Fb\xfcc":                        "/files/a%2Fb%FCc",
		"/files/a%2F\"<>\\`{}":                     "/files/a%2F%22%3C%3E%5C%60%7B%7D",
		"/files/a%2F%zz/100%":                      "/files/a%2F%25zz/100%25",
		"/files/a%2Fb?x=%2F \"<>\\^`{|}\u00fc%":    "/files/a%2Fb?x=%2F%20%22%3C%3E%5C%5E%60%7B%7C%7D%C3%BC%25",
		"a%2Fb|c":                                  "/files/a%2Fb%7Cc",
	} {
		if want == "" {
			want = location
		}
		for _, status := range []int{http.StatusCreated, http.StatusPermanentRedirect} {
			t.Run(fmt.Sprintf("%d %q", status, location), func(t *testing.T) {
				var asked []string
				url := ""
				s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					_, _ = io.Copy(io.Discard, r.Body)
					w.Header().Set("Tus-Resumable", "1.0.0")
					switch {
					case r.Method == http.MethodOptions:
					case r.RequestURI == "/files/" && status == http.StatusCreated:
						w.Header()["Location"] = []string{location}
						w.WriteHeader(status)
					case r.RequestURI == "/files/":
						w.Header()["Location"] = []string{url + "/files/moved"}
						w.WriteHeader(http.StatusCreated)
					case r.RequestURI == "/files/moved":
						w.Header()["Location"] = []string{location}
						w.WriteHeader(status)
					default:
						asked = append(asked, r.Method+" "+r.RequestURI)
						w.Header().Set("Upload-Length", strconv.Itoa(clienttest.RecordedSize))
						w.Header().Set("Upload-Offset", "0")
						if r.Method == http.MethodPatch {
							w.WriteHeader(http.StatusForbidden)
						}
					}
				}))
				defer s.Close()
				url = s.URL
				doer := nethttp.New(nethttp.Config{})
				defer doer.CloseIdleConnections()
				var store client.MemoryStore
				file := clienttest.WriteFile(t, clienttest.Noise(clienttest.RecordedSize))
				for range 2 {
					c, err := client.New(client.Config{Endpoint: s.URL + "/files/", Doer: doer, Store: &store, Retry: retry.Never})
					if err != nil {
						t.Fatal(err)
					}
					_, err = c.Upload(t.Context(), clienttest.PathSource(t, file), nil)
					clienttest.WantErrorIs(t, err, protocol.ErrForbidden)
				}
				if diff := cmp.Diff([]string{"PATCH " + want, "HEAD " + want, "PATCH " + want}, asked); diff != "" {
					t.Errorf("requests (-want +got):\n%s", diff)
				}
			})
		}
	}
}
