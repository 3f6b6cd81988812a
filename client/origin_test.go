package client_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/transport"
)

func TestForeignOrigin(t *testing.T) {
	tests := map[string]struct {
		location string
		trusted  []string
		foreign  bool
		want     bool // credentials are sent to the Location
	}{
		"same origin":            {"/files/1", nil, false, true},
		"same origin, with port": {"http://TUS.example:80/files/1", nil, false, true},
		"another host":           {"http://other.example/files/1", nil, false, false},
		"another port":           {"http://tus.example:8080/files/1", nil, false, false},
		"another, of no scheme":  {"//evil.example/files/1", nil, false, false},
		"asked for":              {"http://other.example/files/1", nil, true, true},
		"trusted":                {"http://other.example/files/1", []string{"http://other.example"}, false, true},
		"trusted, second":        {"http://other.example/files/1", []string{"http://a.example", "http://other.example/"}, false, true},
		"trusted, port named":    {"http://other.example/files/1", []string{"http://other.example:80"}, false, true},
		"trusted, port told":     {"http://other.example:80/files/1", []string{"http://other.example"}, false, true},
		"trusted, in capitals":   {"http://other.example/files/1", []string{"HTTP://OTHER.example"}, false, true},
		"trusted, own port":      {"http://other.example:8080/files/1", []string{"http://other.example:8080"}, false, true},
		"trusted, other port":    {"http://other.example:8080/files/1", []string{"http://other.example"}, false, false},
		"trusted, other scheme":  {"http://other.example/files/1", []string{"https://other.example"}, false, false},
		"below a trusted host":   {"http://a.other.example/files/1", []string{"http://other.example"}, false, false},
		"like a trusted host":    {"http://other.example.evil.example/files/1", []string{"http://other.example"}, false, false},
		"trusted by IPv6":        {"http://[::1]:80/files/1", []string{"http://[::1]"}, false, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fake.New(t, fake.Config{Location: func(string) string { return test.location }})
				c := clienttest.NewClient(t, s, client.Config{
					Header:         http.Header{"X-Key": {"a"}, "Cookie": {"b"}},
					TrustedOrigins: append(clienttest.AnyOriginIf(test.foreign), test.trusted...),
					Doer: transport.Chain(s.Doer(),
						transport.Header(http.Header{"X-Middleware": {"c"}}), transport.Bearer(transport.StaticToken("d"))),
				})
				s.On(http.MethodPatch, fake.Cut(2))
				call := http.Header{"X-Call": {"e"}}
				res, err := c.Upload(t.Context(), clienttest.TextSource(t, "hello"), &client.UploadOptions{Header: call})
				if err != nil {
					t.Fatal(err)
				}
				if _, err := c.Metadata(t.Context(), res.URL, &client.CallOptions{Header: call}); err != nil {
					t.Fatal(err)
				}
				if _, err := c.Terminate(t.Context(), res.URL, &client.CallOptions{Header: call}); err != nil {
					t.Fatal(err)
				}
				if n := len(s.Requests()); n != 6 {
					t.Fatalf("%d requests, want 6", n)
				}
				for _, r := range s.Requests() {
					want := test.want || r.Method == http.MethodPost
					for _, name := range clienttest.CredentialHeaders {
						if got := r.Header.Get(name) != ""; got != want {
							t.Errorf("%s %s with %s: %t, want %t", r.Method, r.URL, name, got, want)
						}
					}
				}
				clienttest.WantStored(t, s, res.URL, "")
			})
		})
	}
}

func TestInvalidTrustedOrigin(t *testing.T) {
	for name, origin := range map[string]string{
		"empty":            "",
		"only a host":      "other.example",
		"host and port":    "other.example:80",
		"no scheme":        "//other.example",
		"another scheme":   "ftp://other.example",
		"no host":          "http://",
		"a path":           "http://other.example/files/",
		"a query":          "http://other.example?key=hidden",
		"user information": "http://me:hidden@other.example",
		"malformed":        "http://me:hidden@[::1/",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := client.New(client.Config{Endpoint: "http://tus.example/", TrustedOrigins: []string{"http://a.example", origin}})
			clienttest.WantErrorIs(t, err, client.ErrInvalidURL)
			if strings.Contains(err.Error(), "hidden") {
				t.Errorf("error %q contains a secret", err)
			}
		})
	}
}

// Headers for the endpoint are not sent to another origin after a redirect, nor to an upload
// that this origin creates.
func TestRedirectToOtherOrigin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		c := clienttest.NewClient(t, s, client.Config{Header: http.Header{"X-Key": {"a"}, "Authorization": {"b"}}})
		s.On(http.MethodPost, func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
			http.Redirect(w, r, "http://other.example/files/", http.StatusTemporaryRedirect)
		})
		res, err := c.Upload(t.Context(), clienttest.TextSource(t, "hello"), nil)
		if err != nil {
			t.Fatal(err)
		}
		if res.URL != "http://other.example/files/1" {
			t.Errorf("URL %s, want %q", res.URL, "http://other.example/files/1")
		}
		for _, r := range s.Requests() {
			want := strings.HasPrefix(r.URL, "http://tus.example/")
			if got := r.Header.Get("X-Key") != "" || r.Header.Get("Authorization") != ""; got != want {
				t.Errorf("%s %s has credentials: %t, want %t", r.Method, r.URL, got, want)
			}
		}
	})
}

// User information in the endpoint becomes a header. It is sent to the uploads as well, and
// does not replace a header of the caller.
func TestUserInformation(t *testing.T) {
	s := fake.New(t, fake.Config{})
	const endpoint = "http://aladdin:open%20sesame@tus.example/files/"
	c := clienttest.NewClient(t, s, client.Config{Endpoint: endpoint})
	if got := c.Endpoint(); got != "http://tus.example/files/" {
		t.Errorf("endpoint %s, want %q", got, "http://tus.example/files/")
	}
	res, err := c.Upload(t.Context(), clienttest.TextSource(t, "hello"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(res.URL, "aladdin") {
		t.Errorf("URL %s, want no user in it", res.URL)
	}
	for _, r := range s.Requests() {
		req := http.Request{Header: r.Header}
		if user, password, _ := req.BasicAuth(); user != "aladdin" || password != "open sesame" {
			t.Errorf("%s by %q with password %q, want %q and %q", r, user, password, "aladdin", "open sesame")
		}
	}
	c = clienttest.NewClient(t, s, client.Config{Endpoint: endpoint, Header: http.Header{"Authorization": {"Bearer a"}}})
	if _, err = c.Head(t.Context(), res.URL, nil); err != nil {
		t.Fatal(err)
	}
	requests := s.Requests()
	if got := requests[len(requests)-1].Header.Get("Authorization"); got != "Bearer a" {
		t.Errorf("Authorization %q, want %q", got, "Bearer a")
	}
}

// New copies Config.Header, so that the caller may change it later.
func TestConfigHeaderIsCopied(t *testing.T) {
	s := fake.New(t, fake.Config{})
	header := http.Header{"X-Key": {"a"}}
	c := clienttest.NewClient(t, s, client.Config{Header: header, Endpoint: "http://u:p@tus.example/files/"})
	header.Set("X-Key", "b")
	if _, err := c.Create(t.Context(), protocol.Creation{}, nil); err != nil {
		t.Fatal(err)
	}
	if got := s.Requests()[0].Header.Get("X-Key"); got != "a" || header.Get("Authorization") != "" {
		t.Errorf("sent %q; headers of the caller %v, want %q and Authorization \"\"", got, header, "a")
	}
}
