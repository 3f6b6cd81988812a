package client_test

import (
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
)

// An upload survives a portal or proxy that answers every request with its own page for a while.
func TestPortalDuringUpload(t *testing.T) {
	page := fake.Status(200, "<html>Welcome to the Wi-Fi!</html>", "Content-Type", "text/html")
	moved := fake.Status(302, "", "Location", "http://portal.test/login")
	const patch, two, head, rest = "PATCH /files/1 0+5", "PATCH /files/1 0+2", "HEAD /files/1", "PATCH /files/1 2+3"
	tests := map[string]struct {
		head, patch []fake.Action
		want        []string
		is          error
		words       []string
	}{
		"HEAD":                       {head: []fake.Action{page, page}, patch: []fake.Action{fake.Cut(2)}, want: []string{clienttest.Post, two, head, head, head, rest}},
		"PATCH and HEAD":             {head: []fake.Action{page}, patch: []fake.Action{page}, want: []string{clienttest.Post, patch, head, head, patch}},
		"another success":            {patch: []fake.Action{lateStatus(202)}, want: []string{clienttest.Post, patch}},
		"PATCH is redirected":        {patch: []fake.Action{moved}, want: []string{clienttest.Post, patch, head, patch}},
		"PATCH is always redirected": {patch: []fake.Action{moved, moved}, want: []string{clienttest.Post, patch, head, patch}, is: client.ErrRedirected},
		"a tus server's bad HEAD":    {head: []fake.Action{fake.With(protocol.HeaderUploadOffset, "")}, patch: []fake.Action{fake.Cut(2)}, want: []string{clienttest.Post, two, head}, is: protocol.ErrMissingHeader},
		"a URL that is no upload's":  {is: client.ErrNotTus, head: []fake.Action{page}, want: []string{clienttest.Post, head}, words: []string{"Upload-Offset", "text/html", "not that of a tus server"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fake.New(t, fake.Config{})
				s.On(http.MethodHead, test.head...)
				s.On(http.MethodPatch, test.patch...)
				c := clienttest.NewClient(t, s, client.Config{})
				src := clienttest.TextSource(t, "bytes")
				var err error
				if test.patch == nil {
					var reply *client.Reply
					if reply, err = c.Create(t.Context(), protocol.Creation{Length: protocol.Known(5)}, nil); err != nil {
						t.Fatal(err)
					}
					_, err = c.Resume(t.Context(), reply.State.Location, src, nil)
				} else {
					var res *client.Result
					if res, err = c.Upload(t.Context(), src, nil); err == nil {
						clienttest.WantStored(t, s, res.URL, "bytes")
					}
				}
				if test.is != nil {
					clienttest.WantErrorIs(t, err, test.is)
					clienttest.WantClearError(t, err, test.words...)
				} else if err != nil {
					t.Error(err)
				}
				clienttest.WantRequests(t, s, test.want...)
			})
		})
	}
}

// lateStatus handles the request completely, and answers with another status.
func lateStatus(status int) fake.Action {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		next.ServeHTTP(&statusWriter{w, status}, r)
	}
}

type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(int) { w.ResponseWriter.WriteHeader(w.status) }
