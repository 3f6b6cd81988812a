package client_test

import (
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
)

// The node that answers a request may need a moment to see an upload that another node has
// created.
func TestNewUploadNotKnownYet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		unknown := fake.Status(404, "ERR_UPLOAD_NOT_FOUND: upload not found\n", "Tus-Resumable", "1.0.0")
		s.On(http.MethodPatch, unknown)
		s.On(http.MethodHead, unknown)
		began := time.Now()
		res, err := clienttest.NewClient(t, s, client.Config{}).Upload(t.Context(), clienttest.TextSource(t, "hello"), nil)
		if err != nil {
			t.Fatal(err)
		}
		clienttest.WantStored(t, s, res.URL, "hello")
		if took := time.Since(began); took != time.Second {
			t.Errorf("took %v, want %v", took, time.Second)
		}
	})
}

// If nothing answers at the URL of a new upload as its server would, the error names what is
// unusual about the URL. The upload is not uncertain, and no record makes a later run use
// the URL again.
func TestMisplaced(t *testing.T) {
	page := fake.Status(200, "<html>app</html>", "Content-Type", "text/html")
	missing := fake.Status(404, "<html>no such page</html>", "Content-Type", "text/html")
	for name, test := range map[string]struct {
		answer   fake.Action
		location string
		words    []string
		is       error
	}{
		"404":                 {missing, "/1", []string{"not below the endpoint", "proxy"}, protocol.ErrNotFound},
		"page":                {page, "/files1", []string{"not below the endpoint", "not that of a tus server"}, client.ErrNotTus},
		"403 of a proxy":      {fake.Status(403, "<html>no</html>"), "/1", []string{"not below the endpoint", "proxy"}, protocol.ErrForbidden},
		"410 of a proxy":      {fake.Status(410, "<html>gone</html>"), "/1", []string{"not below the endpoint", "proxy"}, protocol.ErrGone},
		"405 for a file":      {fake.Status(405, "<html>Not Allowed</html>"), "/1", []string{"not below the endpoint", "proxy"}, protocol.ErrMethodNotAllowed},
		"404 below":           {missing, "/files/x/1", nil, protocol.ErrNotFound},
		"404, another origin": {missing, "http://inside.example:1080/files/1", []string{"sent the upload to http://inside.example:1080"}, protocol.ErrNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var store client.MemoryStore
				s := fake.New(t, fake.Config{})
				s.On(http.MethodPost, fake.With("Location", test.location))
				s.On(http.MethodPatch, test.answer)
				s.On(http.MethodHead, clienttest.Repeat(4, test.answer)...)
				name := clienttest.WriteFile(t, "hello")
				c := clienttest.NewClient(t, s, client.Config{Store: &store})
				began := time.Now()
				_, err := c.Upload(t.Context(), clienttest.PathSource(t, name), nil)
				clienttest.WantErrorIs(t, err, client.ErrMisplaced, test.is)
				clienttest.WantClearError(t, err, test.words...)
				if errors.Is(err, client.ErrUncertain) || errors.Is(err, retry.ErrExhausted) {
					t.Errorf("error %v, want not ErrUncertain and not ErrExhausted", err)
				}
				if took := time.Since(began); took > 4*time.Second {
					t.Errorf("took %v, want at most %v", took, 4*time.Second)
				}
				if n := len(s.Seen()); n > 6 {
					t.Errorf("requests %q, want at most POST, PATCH and four HEAD", s.Seen())
				}
				clienttest.WantNoRecord(t, &store)
				// The proxy is correct from now on.
				s.On(http.MethodPost, nil)
				res, err := c.Upload(t.Context(), clienttest.PathSource(t, name), nil)
				if err != nil {
					t.Fatal(err)
				}
				clienttest.WantStored(t, s, res.URL, "hello")
			})
		})
	}
}

// A portal that answers after the first request to an upload broke off does not make the URL
// wrong: the bytes of that request may have arrived. The upload waits for its server, and keeps
// its record.
func TestPortalAfterFirstRequest(t *testing.T) {
	page := fake.Status(200, clienttest.HTMLPage, "Content-Type", "text/html")
	refusal := fake.Status(403, clienttest.HTMLPage, "Content-Type", "text/html")
	for name, test := range map[string]struct {
		patch, head fake.Action
		location    string
		retried     bool // in the same run
	}{
		"page":                      {fake.Cut(1000), page, "/files/1", true},
		"page, another origin":      {fake.Cut(1000), page, "http://inside.example:1080/files/1", true},
		"page after the last byte":  {fake.Lose, page, "/files/1", true},
		"page after a failure":      {fake.Status(503, ""), page, "/files/1", true},
		"refusal":                   {fake.Cut(1000), refusal, "/files/1", false},
		"refusal, another origin":   {fake.Cut(1000), refusal, "http://inside.example:1080/files/1", false},
		"no answer, another origin": {fake.Cut(1000), fake.Lose, "http://inside.example:1080/files/1", true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var store client.MemoryStore
				var away atomic.Bool // the portal answers
				s := fake.New(t, fake.Config{Hook: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
					if r.Method == http.MethodHead && away.Load() {
						next = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { test.head(w, r, nil) })
					}
					next.ServeHTTP(w, r)
				}})
				s.On(http.MethodPost, fake.With("Location", test.location))
				s.On(http.MethodPatch, test.patch)
				away.Store(true)
				data := clienttest.Noise(clienttest.RecordedSize)
				src := clienttest.PathSource(t, clienttest.WriteFile(t, data))
				cfg := client.Config{Store: &store}
				if test.retried {
					time.AfterFunc(5*time.Second, func() { away.Store(false) })
				} else {
					_, err := clienttest.NewClient(t, s, cfg).Upload(t.Context(), src, nil)
					clienttest.WantErrorIs(t, err, protocol.ErrForbidden)
					if errors.Is(err, client.ErrMisplaced) {
						t.Errorf("error %v, want not ErrMisplaced", err)
					}
					clienttest.OnlyRecord(t, &store)
					away.Store(false)
				}
				if _, err := clienttest.NewClient(t, s, cfg).Upload(t.Context(), src, nil); err != nil {
					t.Fatal(err)
				}
				if n := s.Count(); n != 1 {
					t.Errorf("%d uploads were created, want 1", n)
				}
				clienttest.WantStored(t, s, "http://tus.example/files/1", data)
			})
		})
	}
}
