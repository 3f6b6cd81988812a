package testserver_test

import (
	"crypto/tls"
	"net/http"
	neturl "net/url"
	"strings"
	"testing"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/testserver"
)

// Each form of Location leads to the same upload.
func TestLocation(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		do   testserver.Action
		want string // for the URL https://HOST/files/ID
	}{
		{"relative", testserver.Location(testserver.LocationRelative), "ID"},
		{"path", testserver.Location(testserver.LocationPath), "/files/ID"},
		{"without a scheme", testserver.Location(testserver.LocationSchemeless), "//HOST/files/ID"},
		{"http", testserver.Location(testserver.LocationInsecure), "http://HOST/files/ID"},
		{"no Location", testserver.Location(testserver.LocationAbsent), ""},
		{"unknown form", testserver.Location("unknown"), "https://HOST/files/ID"},
		{"query", testserver.LocationQuery("sig=a%2Fb+c%7e&x"), "https://HOST/files/ID?sig=a%2Fb+c%7e&x"},
		{"origin", testserver.LocationOrigin("http://other.test:1/"), "http://other.test:1/files/ID"},
		{"origin with a path", testserver.LocationOrigin("http://other.test/a/"), "http://other.test/a/files/ID"},
		{
			"query on a path", testserver.Chain(testserver.Location(testserver.LocationPath), testserver.LocationQuery("a=%7e")),
			"/files/ID?a=%7e",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := testserver.New(t, testserver.Config{TLS: &tls.Config{}})
			s.Inject(testserver.Fault{Method: http.MethodPost, Do: tt.do})
			got := create(t, s, 10)
			urls, err := s.Uploads()
			if err != nil || len(urls) != 1 {
				t.Fatalf("got uploads %v, error %v; want one", urls, err)
			}
			u, err := neturl.Parse(urls[0])
			if err != nil {
				t.Fatal(err)
			}
			want := strings.NewReplacer("HOST", u.Host, "ID", strings.TrimPrefix(u.Path, "/files/")).Replace(tt.want)
			if got != want {
				t.Errorf("got Location %q, want %q", got, want)
			}
			// tusd accepts the URL that the client resolves.
			if location, err := u.Parse(got); err == nil && location.Host == u.Host && location.Scheme == "https" && got != "" {
				finish(t, s, location.String(), content(10))
				if want := location.RawQuery; last(t, s).Query != want {
					t.Errorf("got query %q, want %q", last(t, s).Query, want)
				}
			}
		})
	}
}

// An answer without Location gets none.
func TestLocationAbsentInAnswer(t *testing.T) {
	t.Parallel()
	s := testserver.New(t, testserver.Config{})
	url := create(t, s, 10)
	s.Inject(testserver.Fault{Do: testserver.LocationOrigin("http://other.test")})
	r := mustDo(t, http.StatusOK, s.Client(), http.MethodHead, url, nil)
	if got := r.header.Values(protocol.HeaderLocation); len(got) != 0 {
		t.Errorf("got Location %q, want none", got)
	}
}

// A relative Location includes the base path if the request URL lacks its last
// slash.
func TestLocationRelativeToBarePath(t *testing.T) {
	t.Parallel()
	s := testserver.New(t, testserver.Config{})
	s.Inject(testserver.Fault{Do: testserver.Location(testserver.LocationRelative)})
	r := mustDo(t, http.StatusCreated, s.Client(), http.MethodPost, strings.TrimSuffix(s.URL(), "/"), nil,
		protocol.HeaderUploadLength, "1")
	if got := r.header.Get(protocol.HeaderLocation); !strings.HasPrefix(got, "files/") {
		t.Errorf("got Location %q, want files/…", got)
	}
}

// Redirect sends each kind of location, and a client can follow it.
func TestRedirect(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	moved := testserver.New(t, testserver.Config{Dir: dir})
	origin := strings.TrimSuffix(moved.URL(), "/files/")
	for _, tt := range []struct {
		name, location, want string
	}{
		{"origin", origin, origin + "/files/ID?a=%7e"},
		{"URL", moved.URL(), moved.URL()},
		{"path", "/moved", "/moved"},
		{"query only", "?b", "?b"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, tr := range transports {
				t.Run(tr.name, func(t *testing.T) {
					t.Parallel()
					s := testserver.New(t, tr.config)
					c := *s.Client()
					c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
					for _, code := range []int{301, 302, 303, 307, 308} {
						for _, method := range []string{http.MethodHead, http.MethodPost} {
							s.Inject(testserver.Fault{Do: testserver.Redirect(code, tt.location)})
							r := mustDo(t, code, &c, method, s.URL()+"ID?a=%7e", nil)
							if got := r.header.Get(protocol.HeaderLocation); got != tt.want {
								t.Errorf("%d: got Location %q, want %q", code, got, tt.want)
							}
						}
					}
				})
			}
		})
	}

	t.Run("client follows", func(t *testing.T) {
		t.Parallel()
		s := testserver.New(t, testserver.Config{Dir: dir})
		url := create(t, s, 10)
		for _, code := range []int{307, 308} {
			s.Inject(testserver.Fault{Method: http.MethodPatch, Do: testserver.Redirect(code, origin)})
			at := head(t, s, url)
			r, err := patch(t.Context(), s, url, at, content(10)[at:at+5])
			if err != nil || r.status != http.StatusNoContent {
				t.Fatalf("got %d, %v; want 204", r.status, err)
			}
		}
		stored(t, s, url, content(10))
		if got := moved.Count(http.MethodPatch); got != 2 {
			t.Errorf("got %d requests at the other server, want 2", got)
		}
	})
}
