package rufhserver_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/tusker-go/tusker/protocol/rufh"
	"github.com/tusker-go/tusker/testserver/rufhserver"
)

// A script of another origin may send each request of the protocol, and read the fields of the
// responses. Requests without Origin get no fields about it.
func TestOtherOrigins(t *testing.T) {
	s := rufhserver.New(t, rufhserver.Config{Target: http.HandlerFunc(target)})
	send := func(method, url string, header http.Header) http.Header {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, url, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		r.Header = header
		res, err := s.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		return res.Header
	}
	const origin = "https://page.example"
	fields := strings.ToLower(rufh.HeaderUploadComplete + "," + rufh.HeaderInteropVersion)
	creation := http.Header{"Origin": {origin}}
	if err := (rufh.Creation{Version: rufh.Newest}).SetHeader(creation); err != nil {
		t.Fatal(err)
	}
	upload := send(http.MethodPost, s.URL(), creation.Clone()).Get("Location")
	for _, url := range []string{s.URL(), upload} {
		for _, method := range []string{"POST", "PUT", "PATCH", "HEAD", "DELETE"} {
			got := send(http.MethodOptions, url, http.Header{
				"Origin": {origin}, "Access-Control-Request-Method": {method}, "Access-Control-Request-Headers": {fields},
			})
			if got.Get("Access-Control-Allow-Origin") != origin || got.Get("Access-Control-Allow-Methods") != method || got.Get("Access-Control-Allow-Headers") != fields {
				t.Errorf("preflight of %s %s: %v", method, url, got)
			}
		}
	}
	for name, got := range map[string]http.Header{
		"creation":  send(http.MethodPost, s.URL(), creation.Clone()),
		"retrieval": send(http.MethodHead, upload, http.Header{"Origin": {origin}, rufh.HeaderInteropVersion: {"10"}}),
		"limits":    send(http.MethodOptions, s.URL(), http.Header{"Origin": {origin}}),
		"ordinary":  send(http.MethodPost, s.URL(), http.Header{"Origin": {origin}}),
		"not found": send(http.MethodHead, s.URL()+"uploads/none", http.Header{"Origin": {origin}}),
	} {
		if got.Get("Access-Control-Allow-Origin") != origin || got.Get("Vary") != "Origin" {
			t.Errorf("%s: %v", name, got)
		}
		for _, field := range []string{"Location", rufh.HeaderUploadOffset, rufh.HeaderUploadComplete, rufh.HeaderUploadLimit} {
			if !strings.Contains(got.Get("Access-Control-Expose-Headers"), field) {
				t.Errorf("%s: %s is not exposed: %v", name, field, got)
			}
		}
	}
	if got := send(http.MethodPost, s.URL(), http.Header{}); got.Get("Access-Control-Allow-Origin") != "" || got.Get("Vary") != "" {
		t.Errorf("without Origin: %v", got)
	}
}

// OPTIONS names the version that the server speaks with the client.
func TestVersionInOptions(t *testing.T) {
	s := rufhserver.New(t, rufhserver.Config{Versions: []rufh.Version{6, 8}})
	for asked, want := range map[string]rufh.Version{"": 8, "6": 6, "8": 8, "10": 8} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodOptions, s.URL(), http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		if asked != "" {
			r.Header.Set(rufh.HeaderInteropVersion, asked)
		}
		res, err := s.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if got := rufh.ParseVersion(res.Header); got != want {
			t.Errorf("asked in version %q: %v, want %v", asked, got, want)
		}
	}
}
