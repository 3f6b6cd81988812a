package client_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
)

// A context whose cause is that another upload is gone says nothing about this upload.
func TestCauseIsThatAnotherUploadIsGone(t *testing.T) {
	other := &client.Error{
		Op: protocol.OpPatch, URL: "http://tus.example/files/9", StatusCode: http.StatusNotFound, Err: protocol.ErrNotFound,
	}
	for name, test := range map[string]struct {
		during string
		status int
	}{
		"HEAD":                               {http.MethodHead, 503},
		"PATCH":                              {http.MethodPatch, 503},
		"HEAD says that this upload is gone": {http.MethodHead, 404},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var store client.MemoryStore
				s := fake.New(t, fake.Config{})
				name := clienttest.WriteFile(t, clienttest.Noise(clienttest.RecordedSize))
				clienttest.InterruptUpload(t, s, &store, name)
				already := len(s.Seen())

				ctx, cancel := context.WithCancelCause(t.Context())
				s.On(test.during, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
					_, _ = io.Copy(io.Discard, r.Body)
					cancel(other)
					fake.Status(test.status, "")(w, r, next)
				})
				cfg := clienttest.RecordingConfig(&store, nil)
				cfg.Retry = nil
				res, err := clienttest.NewClient(t, s, cfg).Upload(ctx, clienttest.PathSource(t, name), nil)
				clienttest.WantErrorIs(t, err, other, context.Canceled)
				if e, ok := errors.AsType[*client.Error](err); !ok || !strings.HasSuffix(e.URL, "/1") {
					t.Errorf("error %v, want the error of the upload first", e)
				}
				if res.URL != s.URL+"1" {
					t.Errorf("result %+v, want URL %q", res, s.URL+"1")
				}
				if n := clienttest.RequestCounts(s, already); n["POST"] != 0 {
					t.Errorf("requests %v, want [\"POST\"] 0", n)
				}
				if r := clienttest.OnlyRecord(t, &store); r.URL != s.URL+"1" || r.Uncertain != (test.during == http.MethodPatch) {
					t.Errorf("record %+v, want URL %q and Uncertain %t", r, s.URL+"1", test.during == http.MethodPatch)
				}
			})
		})
	}
}
