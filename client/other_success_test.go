package client_test

import (
	"net/http"
	"testing"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
)

// Every 2xx answer with the required headers is a success, such as the 202 of a queue. After
// another 2xx, and after a redirect to the finished resource, HEAD is asked for the offset.
func TestOtherSuccess(t *testing.T) {
	const patch, head = "PATCH /files/1 0+5", "HEAD /files/1"
	// resource keeps the bytes and redirects to the finished resource.
	resource := func(status int) fake.Action {
		return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			w.Header().Set("Location", "/videos/1")
			next.ServeHTTP(&statusWriter{w, status}, r)
		}
	}
	silent := func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		fake.With(protocol.HeaderUploadOffset, "")(&statusWriter{w, 202}, r, next)
	}
	for name, test := range map[string]struct {
		post, patch, head fake.Action
		want              []string
	}{
		"202 to POST":             {post: lateStatus(202), want: []string{clienttest.Post, patch}},
		"204 to POST":             {post: lateStatus(204), want: []string{clienttest.Post, patch}},
		"202 to PATCH":            {patch: lateStatus(202), want: []string{clienttest.Post, patch}},
		"201 to PATCH":            {patch: lateStatus(201), want: []string{clienttest.Post, patch}},
		"202 to PATCH, no offset": {patch: silent, want: []string{clienttest.Post, patch, head}},
		"203 to HEAD":             {patch: silent, head: lateStatus(203), want: []string{clienttest.Post, patch, head}},
		"303 to the last PATCH":   {patch: resource(303), want: []string{clienttest.Post, patch, head}},
		"302 to the last PATCH":   {patch: resource(302), want: []string{clienttest.Post, patch, head}},
		"300 to the last PATCH":   {patch: resource(300), want: []string{clienttest.Post, patch, head}},
		"304 to the last PATCH":   {patch: resource(304), want: []string{clienttest.Post, patch, head}},
	} {
		t.Run(name, func(t *testing.T) {
			s := fake.New(t, fake.Config{})
			s.On(http.MethodPost, test.post)
			s.On(http.MethodPatch, test.patch)
			s.On(http.MethodHead, test.head)
			res, err := clienttest.NewClient(t, s, client.Config{}).Upload(t.Context(), clienttest.TextSource(t, "hello"), nil)
			if err != nil {
				t.Fatal(err)
			}
			clienttest.WantRequests(t, s, test.want...)
			clienttest.WantStored(t, s, res.URL, "hello")
		})
	}
}

// A redirect is an answer to the last bytes, so the HEAD that follows is not a retry.
func TestRedirectToResourceWithoutRetries(t *testing.T) {
	s := fake.New(t, fake.Config{})
	s.On(http.MethodPatch, lateStatus(303))
	_, err := clienttest.NewClient(t, s, client.Config{Retry: retry.Never}).Upload(t.Context(), clienttest.TextSource(t, "hello"), nil)
	if err != nil {
		t.Fatal(err)
	}
	clienttest.WantRequests(t, s, clienttest.Post, "PATCH /files/1 0+5", "HEAD /files/1")
}

// A 202 to DELETE is a success.
func TestTerminateAccepted(t *testing.T) {
	s := fake.New(t, fake.Config{})
	s.On(http.MethodDelete, fake.Status(202, ""))
	reply, err := clienttest.NewClient(t, s, client.Config{}).Terminate(t.Context(), s.Put("x", protocol.Known(2), nil), nil)
	if err != nil || reply.StatusCode != http.StatusAccepted {
		t.Errorf("%+v, %v, want StatusCode 202 and no error", reply, err)
	}
}

// HEAD has Cache-Control: no-cache, unless the caller sets that header.
func TestHeadAvoidsCaches(t *testing.T) {
	for name, test := range map[string]struct{ given, want string }{
		"by default": {"", "no-cache"},
		"the caller": {"no-store", "no-store"},
	} {
		t.Run(name, func(t *testing.T) {
			s := fake.New(t, fake.Config{})
			header := http.Header{}
			if test.given != "" {
				header.Set("Cache-Control", test.given)
			}
			if _, err := clienttest.NewClient(t, s, client.Config{Header: header}).Head(t.Context(), s.Put("x", protocol.Known(2), nil), nil); err != nil {
				t.Fatal(err)
			}
			for _, r := range s.Requests() {
				if got := r.Header.Get("Cache-Control"); got != test.want {
					t.Errorf("%q, want %q", got, test.want)
				}
			}
		})
	}
}
