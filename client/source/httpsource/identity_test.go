package httpsource_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake/object"
	"github.com/tusker-go/tusker/client/source"
	"github.com/tusker-go/tusker/client/source/httpsource"
	"github.com/tusker-go/tusker/transport"
)

// identityOf returns the identity of an object as an upload sees it.
func identityOf(t *testing.T, src source.Source) string {
	t.Helper()
	opened, err := src.Open(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = opened.Close() }()
	id, ok := opened.(source.Identifier)
	if !ok {
		t.Fatal("the object has no identity")
	}
	return id.Identity()
}

// The identity of an object is the same for each signature of its URL and for each user, and
// another one for other objects and versions.
func TestIdentity(t *testing.T) {
	const (
		amazon  = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKID%2F20260102&X-Amz-Date=20260102T030405Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature=1"
		amazon2 = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=OTHER%2F20260103&X-Amz-Date=20260103T030405Z&X-Amz-Expires=90&X-Amz-Security-Token=t&X-Amz-SignedHeaders=host&X-Amz-Signature=2"
		google  = "X-Goog-Algorithm=GOOG4-RSA-SHA256&X-Goog-Credential=a&X-Goog-Date=1&X-Goog-Signature=1"
		azure   = "sv=2026-02-06&sr=b&sp=r&se=2026-01-02T03%3A04%3A05Z&sig=1"
	)
	for name, test := range map[string]struct {
		a, b string // queries
		same bool
	}{
		"S3":                           {amazon, amazon2, true},
		"S3, one version":              {"versionId=1&" + amazon, "versionId=1&" + amazon2, true},
		"S3, other versions":           {"versionId=1&" + amazon, "versionId=2&" + amazon, false},
		"S3, the first kind":           {"AWSAccessKeyId=a&Expires=1&Signature=1", "AWSAccessKeyId=b&Expires=2&Signature=2", true},
		"Google":                       {google, strings.ReplaceAll(google, "=1", "=2"), true},
		"Google, other versions":       {"generation=1&" + google, "generation=2&" + google, false},
		"Azure":                        {azure, strings.ReplaceAll(azure, "2026-01-02", "2026-01-03") + "0", true},
		"Azure, other versions":        {"versionid=1&" + azure, "versionid=2&" + azure, false},
		"CloudFront":                   {"Expires=1&Signature=1&Key-Pair-Id=k", "Expires=2&Signature=2&Key-Pair-Id=l", true},
		"token":                        {"id=5&token=1", "id=5&token=2", true},
		"parameters that choose":       {"id=5", "id=6", false},
		"names of Azure without a sig": {"sv=1", "sv=2", false},
		"fragment":                     {"id=5#a", "id=5#b", true},
	} {
		t.Run(name, func(t *testing.T) {
			o := object.New(t, "content")
			a := identityOf(t, open(t, o.URL+"?"+test.a, httpsource.Config{}))
			b := identityOf(t, open(t, strings.Replace(o.URL, "http://", "HTTP://user:secret@", 1)+"?"+test.b, httpsource.Config{}))
			if a == "" || (a == b) != test.same {
				t.Errorf("the identities are %q and %q, want the same: %t", a, b, test.same)
			}
		})
	}
	o := object.New(t, "content")
	before := identityOf(t, open(t, o.URL, httpsource.Config{}))
	o.Replace("CONTENT")
	if identityOf(t, open(t, o.URL, httpsource.Config{})) == before {
		t.Error("another version has the same identity")
	}
	if src := open(t, strings.Replace(o.URL, "http://", "http://user:secret@", 1)+"?"+amazon, httpsource.Config{}); src.Name() != o.URL || src.FileName() != "film.mov" {
		t.Errorf("name %q, file name %q, want Name %q and FileName %q", src.Name(), src.FileName(), o.URL, "film.mov")
	}
}

// redirects returns a server that redirects to the object, and the headers that each of its
// requests had.
func redirects(t *testing.T, to string) (*object.Server, func() []http.Header) {
	t.Helper()
	o := object.New(t, "")
	for range 4 {
		o.On(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusFound) })
	}
	return o, func() (all []http.Header) {
		for _, r := range o.Requests(0) {
			all = append(all, r.Header)
		}
		return all
	}
}

// Credentials in the URL and in Config.Header go to the origin of the URL, also with the
// request that follows the first one, and never to another origin. Range and the condition go
// along.
func TestCredentialsStayAtTheirOrigin(t *testing.T) {
	data := clienttest.Noise(1000)
	o := object.New(t, data)
	front, seen := redirects(t, o.URL)
	withUser := strings.Replace(front.URL, "http://", "http://user:pass@", 1)
	src := open(t, withUser, httpsource.Config{Header: http.Header{"x-api-key": {"secret"}}})
	opened, err := src.Open(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = opened.Close() }()
	digest, ok := opened.(source.Digester)
	if !ok {
		t.Fatal("no digest")
	}
	if _, err := digest.Digest(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, h := range seen() {
		if h.Get("Authorization") != "Basic dXNlcjpwYXNz" || h.Get("X-Api-Key") != "secret" {
			t.Errorf("the origin of the URL got %v, want Authorization %q and X-Api-Key %q", h, "Basic dXNlcjpwYXNz", "secret")
		}
	}
	requests := o.Requests(0)
	if len(seen()) != 2 || len(requests) != 2 {
		t.Fatalf("%d requests, %d were redirected, want 2 and 2", len(requests), len(seen()))
	}
	for _, r := range requests {
		if r.Header.Get("Authorization") != "" || r.Header.Get("X-Api-Key") != "" {
			t.Errorf("another origin got %v", r.Header)
		}
	}
	if h := requests[1].Header; h.Get("If-Match") != `"1"` || h.Get("Range") != "bytes=0-999" {
		t.Errorf("the object was requested with %v, want If-Match %q and Range %q", h, `"1"`, "bytes=0-999")
	}
}

// Errors and names have neither user nor query of any URL, also that of a redirect.
func TestErrorsKeepSecrets(t *testing.T) {
	down := object.New(t, "")
	front, _ := redirects(t, "http://other:5ecret@127.0.0.1:1/x?sig=5ecret")
	for _, raw := range []string{
		strings.Replace(down.URL, "http://", "http://5ecret:5ecret@", 1) + "?token=5ecret",
		front.URL + "?token=5ecret",
		"http://5ecret:5ecret@127.0.0.1:1/x?sig=5ecret&sv=5ecret",
		"http://5ecret:5ec%zzret@host/?5ecret",
	} {
		down.On(object.Status(http.StatusForbidden))
		_, err := httpsource.Open(t.Context(), raw, httpsource.Config{Doer: doer(t), Retry: quick(1)})
		clienttest.WantErrorIs(t, err, client.ErrSource)
		if err != nil && strings.Contains(err.Error(), "5ecret") {
			t.Errorf("error %q, want no secret in it", err)
		}
	}
}

// Middleware that adds credentials for the host of a request is not asked for those of a
// redirect.
func TestMiddleware(t *testing.T) {
	o := object.New(t, "content")
	front, seen := redirects(t, o.URL)
	host, err := url.Parse(front.URL)
	if err != nil {
		t.Fatal(err)
	}
	byHost := func(next transport.Doer) transport.Doer {
		return transport.DoerFunc(func(req *http.Request) (*http.Response, error) {
			if req.URL.Host == host.Host {
				return transport.BasicAuth("user", "pass")(next).Do(req)
			}
			return next.Do(req)
		})
	}
	open(t, front.URL, httpsource.Config{Doer: transport.Chain(doer(t), byHost)})
	if h := seen()[0]; h.Get("Authorization") == "" {
		t.Error("the host of the URL got no credentials")
	}
	if h := o.Requests(0)[0].Header; h.Get("Authorization") != "" {
		t.Error("the other host got the credentials")
	}
}
