package client_test

import (
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
)

// A 404 to the last bytes of an upload that a server knows says nothing about the upload: some
// firewalls block PATCH in this way. HEAD decides whether the upload is complete, whether the
// error is the 404, or whether the upload is uncertain.
func TestGoneToLastBytes(t *testing.T) {
	missing := fake.Status(404, clienttest.HTMLPage, "Content-Type", "text/html")
	stored := func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		next.ServeHTTP(discardAnswer{w}, r)
		w.WriteHeader(http.StatusNotFound)
	}
	for name, test := range map[string]struct {
		patch, head []fake.Action
		is          error // nil: the upload succeeds
		patches     int   // most
	}{
		"blocked":  {clienttest.Repeat(10, missing), nil, protocol.ErrNotFound, 5},
		"once":     {clienttest.Repeat(1, missing), nil, nil, 2},
		"complete": {[]fake.Action{stored}, nil, nil, 1},
		"gone":     {clienttest.Repeat(10, missing), append([]fake.Action{nil}, clienttest.Repeat(10, missing)...), client.ErrUncertain, 2},
	} {
		for kind, created := range map[string]bool{"created": true, "resumed": false} {
			t.Run(name+", "+kind, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := fake.New(t, fake.Config{})
					c := clienttest.NewClient(t, s, client.Config{})
					src := clienttest.TextSource(t, "hello")
					var err error
					began := time.Now()
					s.On(http.MethodPatch, test.patch...)
					s.On(http.MethodHead, test.head...)
					if created {
						_, err = c.Upload(t.Context(), src, nil)
					} else {
						_, err = c.Resume(t.Context(), s.Put("", protocol.Known(5), nil), src, nil)
					}
					if test.is == nil && err != nil || !errors.Is(err, test.is) {
						t.Errorf("error %v, want %v", err, test.is)
					}
					if errors.Is(err, client.ErrUncertain) != errors.Is(test.is, client.ErrUncertain) {
						t.Errorf("error %v, want ErrUncertain: %t", err, errors.Is(test.is, client.ErrUncertain))
					}
					if took := time.Since(began); took > 4*time.Second {
						t.Errorf("took %v, want at most %v", took, 4*time.Second)
					}
					patches := 0
					for _, r := range s.Requests() {
						if r.Method == http.MethodPatch {
							patches++
						}
					}
					if patches > test.patches {
						t.Errorf("requests %q, want at most %d patches", s.Seen(), test.patches)
					}
				})
			})
		}
	}
}

// discardAnswer drops an answer.
type discardAnswer struct{ http.ResponseWriter }

func (discardAnswer) Header() http.Header         { return make(http.Header) }
func (discardAnswer) Write(p []byte) (int, error) { return len(p), nil }
func (discardAnswer) WriteHeader(int)             {}

// A 404 to PATCH does not end an upload that HEAD finds: the run says so, creates no other
// upload, and the next run resumes.
func TestPatchBlocked(t *testing.T) {
	for name, test := range map[string]struct {
		retry retry.Policy
		want  []string
		is    error
	}{
		"with retries":    {nil, []string{clienttest.Head, "PATCH /files/1 524295+0", clienttest.Head, "PATCH /files/1 524295+0"}, client.ErrPatchBlocked},
		"without retries": {retry.Never, []string{clienttest.Head, "PATCH /files/1 524295+0"}, protocol.ErrNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var store client.MemoryStore
				s := fake.New(t, fake.Config{})
				name := clienttest.WriteFile(t, clienttest.Noise(clienttest.RecordedSize))
				clienttest.InterruptUpload(t, s, &store, name)
				before, already := clienttest.OnlyRecord(t, &store), len(s.Seen())
				s.On(http.MethodPatch, clienttest.Repeat(len(test.want)/2, clienttest.EarlyStatus(404))...)
				cfg := clienttest.RecordingConfig(&store, nil)
				cfg.Retry, cfg.ChunkSize = test.retry, 0
				_, err := clienttest.NewClient(t, s, cfg).Upload(t.Context(), clienttest.PathSource(t, name), nil)
				clienttest.WantErrorIs(t, err, test.is)
				clienttest.WantErrorIs(t, err, protocol.ErrNotFound)
				if diff := cmp.Diff(test.want, s.Seen()[already:]); diff != "" {
					t.Errorf("requests (-want +got):\n%s", diff)
				}
				if after := clienttest.OnlyRecord(t, &store); after.URL != before.URL {
					t.Errorf("record of %s, want that of %s", after.URL, before.URL)
				}
				res := clienttest.UploadFile(t, s, clienttest.RecordingConfig(&store, nil), name)
				if res.URL != before.URL || res.Resumed == 0 {
					t.Errorf("result %+v, want the upload at %s", res, before.URL)
				}
			})
		})
	}
}
