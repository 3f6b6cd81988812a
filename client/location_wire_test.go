package client_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/fake"
)

// A Location is asked for as it was given, in whatever form.
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
		"query only":           {"http://tus.example/files/1", "?a=%2B+%zz;b", "http://tus.example/files/1?a=%2B+%zz;b"},
		"query to the letter":  {"", "/files/1?a=%2B+%zz&b=%c3%A9//?", "http://tus.example/files/1?a=%2B+%zz&b=%c3%A9//?"},
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
				res, err := newClient(t, s, client.Config{Endpoint: test.endpoint}).Upload(t.Context(), text(t, "hello"), nil)
				if err != nil {
					t.Fatal(err)
				}
				wantStored(t, s, "http://tus.example"+one, "hello")
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

// User information in a Location is for the requests to it, and for nobody else
// to see.
func TestLocationWithUser(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{Location: func(path string) string { return "http://aladdin:hidden@up.example" + path }})
		s.On(http.MethodPatch, fake.Cut(2), fake.Status(403, ""))
		var log bytes.Buffer
		c := newClient(t, s, client.Config{
			Header: http.Header{"Authorization": {"Bearer a"}},
			Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		})
		_, err := c.Upload(t.Context(), text(t, "hello"), nil)
		if facts(t, err).StatusCode != http.StatusForbidden || strings.Contains(err.Error()+log.String(), "hidden") {
			t.Errorf("error %v, log:\n%s", err, log.String())
		}
		for _, r := range s.Requests()[1:] {
			req := http.Request{Header: r.Header}
			if user, password, _ := req.BasicAuth(); user != "aladdin" || password != "hidden" {
				t.Errorf("%s with Authorization %q", r, r.Header.Values("Authorization"))
			}
		}
	})
}
