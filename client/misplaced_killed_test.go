package client_test

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/retry"
	"github.com/tusker-go/tusker/transport"
)

// killed returns a store with the record that store has now, as if the process were killed.
func killed(t *testing.T, store *client.MemoryStore) *client.MemoryStore {
	t.Helper()
	r := clienttest.OnlyRecord(t, store)
	r.Revision = ""
	left := new(client.MemoryStore)
	if err := left.Save(t.Context(), &r); err != nil {
		t.Error(err)
	}
	return left
}

// misplacings are ways in which the URL of a new upload is wrong. The answers are those of all
// requests to the URL.
func misplacings() map[string]struct {
	location string
	answer   fake.Action
} {
	page := fake.Status(200, clienttest.HTMLPage, "Content-Type", "text/html")
	missing := fake.Status(404, clienttest.HTMLPage, "Content-Type", "text/html")
	return map[string]struct {
		location string
		answer   fake.Action
	}{
		"404 without the prefix":  {"/1", missing},
		"page without the prefix": {"/1", page},
		"page below the endpoint": {"/files/app/1", page},
		"page of another origin":  {"http://inside.example:1080/files/1", page},
		"403 without the prefix":  {"/1", fake.Status(403, clienttest.HTMLPage)},
		"no such host":            {"http://inside.example:1080/files/1", nil},
	}
}

// insideIsAway is a Doer whose requests to inside.example get no connection.
func insideIsAway(s *fake.Server) transport.Doer {
	return transport.DoerFunc(func(req *http.Request) (*http.Response, error) {
		if strings.HasPrefix(req.URL.Host, "inside.example") {
			return nil, syscall.ECONNREFUSED
		}
		return s.Doer().Do(req)
	})
}

// A run that was killed before a server answered at the URL of its upload leaves a record. If
// the URL is wrong, the same command makes a new upload once the proxy is correct.
func TestKilledBeforeMisplaced(t *testing.T) {
	for name, test := range misplacings() {
		for _, parallel := range []int{1, 4} {
			t.Run(name+map[int]string{1: "", 4: " in parts"}[parallel], func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var store client.MemoryStore
					var left *client.MemoryStore
					kill := sync.OnceFunc(func() { left = killed(t, &store) })
					var wrong atomic.Bool
					var parts atomic.Int64
					wrong.Store(true)
					s := fake.New(t, fake.Config{Hook: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
						switch {
						case r.Method == http.MethodPost && wrong.Load():
							fake.With("Location", test.location+strconv.FormatInt(parts.Add(1), 10))(w, r, next)
						case r.Method == http.MethodPatch && wrong.Load():
							kill()
							test.answer(w, r, next)
						case r.Method == http.MethodHead:
							test.answer(w, r, next)
						default:
							next.ServeHTTP(w, r)
						}
					}})
					size := clienttest.RecordedSize
					if parallel > 1 {
						size = clienttest.FourPartsSize
					}
					name := clienttest.WriteFile(t, clienttest.Noise(size))
					cfg := clienttest.RecordingConfig(&store, nil)
					if test.answer == nil {
						// The process is killed before it has a connection.
						cfg.Doer = transport.DoerFunc(func(req *http.Request) (*http.Response, error) {
							if req.Method == http.MethodPatch {
								kill()
							}
							return insideIsAway(s).Do(req)
						})
					}
					opts := &client.UploadOptions{Parallel: parallel}
					if _, err := clienttest.NewClient(t, s, cfg).Upload(t.Context(), clienttest.PathSource(t, name), opts); err == nil {
						t.Fatal("the upload with the wrong URL succeeded")
					}
					wrong.Store(false) // the proxy is correct
					if left == nil {
						t.Fatal("there was no PATCH")
					}
					cfg.Store = left
					res, err := clienttest.NewClient(t, s, cfg).Upload(t.Context(), clienttest.PathSource(t, name), opts)
					if err != nil {
						t.Fatal(err)
					}
					clienttest.WantStored(t, s, res.URL, clienttest.Noise(size))
					clienttest.WantNoRecord(t, left)
				})
			})
		}
	}
}

// A run that is killed while it asks again for an upload that the server does not know leaves a
// record that is not uncertain, although all bytes were sent.
func TestKilledWhileUnknown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var store client.MemoryStore
		var left *client.MemoryStore
		missing := fake.Status(404, clienttest.HTMLPage)
		s := fake.New(t, fake.Config{})
		s.On(http.MethodPost, fake.With("Location", "/1"))
		s.On(http.MethodPatch, missing)
		s.On(http.MethodHead, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			left = killed(t, &store)
			missing(w, r, next)
		}, missing, missing, missing)
		name := clienttest.WriteFile(t, clienttest.Noise(clienttest.RecordedSize))
		cfg := client.Config{Store: &store}
		_, err := clienttest.NewClient(t, s, cfg).Upload(t.Context(), clienttest.PathSource(t, name), nil)
		clienttest.WantErrorIs(t, err, client.ErrMisplaced)
		cfg.Store = left
		res, err := clienttest.NewClient(t, s, cfg).Upload(t.Context(), clienttest.PathSource(t, name), nil)
		if err != nil {
			t.Fatal(err)
		}
		clienttest.WantStored(t, s, res.URL, clienttest.Noise(clienttest.RecordedSize))
	})
}

// A portal in place of the server does not make a run forget the upload of an earlier run:
// there is no new upload, and the record stays.
func TestKilledThenPortal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var store client.MemoryStore
		s := fake.New(t, fake.Config{})
		var left *client.MemoryStore
		s.On(http.MethodPatch, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			left = killed(t, &store)
			fake.Cut(1000)(w, r, next)
		})
		name := clienttest.WriteFile(t, clienttest.Noise(clienttest.RecordedSize))
		cfg := clienttest.RecordingConfig(&store, nil)
		_, err := clienttest.NewClient(t, s, cfg).Upload(t.Context(), clienttest.PathSource(t, name), nil)
		clienttest.WantErrorIs(t, err, retry.ErrExhausted)
		page := fake.Status(200, clienttest.HTMLPage, "Content-Type", "text/html")
		s.On(http.MethodHead, page)
		s.On(http.MethodPost, page)
		cfg.Store = left
		before := clienttest.OnlyRecord(t, left)
		_, err = clienttest.NewClient(t, s, cfg).Upload(t.Context(), clienttest.PathSource(t, name), nil)
		clienttest.WantErrorIs(t, err, client.ErrNotTus)
		clienttest.WantRecord(t, left, before)
		res, err := clienttest.NewClient(t, s, cfg).Upload(t.Context(), clienttest.PathSource(t, name), nil)
		if err != nil || res.Resumed != 1000 {
			t.Fatalf("result %+v, %v, want Resumed 1000 and no error", res, err)
		}
		if errors.Is(err, client.ErrMisplaced) {
			t.Errorf("error %v, want not ErrMisplaced", err)
		}
	})
}
