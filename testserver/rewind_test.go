package testserver_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tusker-go/tusker/testserver"
)

// RewindTo decreases the offset of the upload.
func TestRewindTo(t *testing.T) {
	t.Parallel()
	for _, tr := range transports {
		t.Run(tr.name, func(t *testing.T) {
			t.Parallel()
			s := testserver.New(t, tr.config)
			data := content(100)
			url := create(t, s, len(data))
			if _, err := patch(t.Context(), s, url, 0, data[:60]); err != nil {
				t.Fatal(err)
			}
			s.Inject(
				testserver.Fault{Method: http.MethodPatch, Do: testserver.RewindTo(40)},
				testserver.Fault{Method: http.MethodHead, Do: testserver.RewindTo(50)},
				testserver.Fault{Method: http.MethodHead, Do: testserver.RewindTo(-1)},
			)
			if r, err := patch(t.Context(), s, url, 60, data[60:]); err != nil || r.status != http.StatusConflict {
				t.Fatalf("got %d, %v; want 409", r.status, err)
			}
			stored(t, s, url, data[:40])
			// The upload has fewer than 50 bytes, so RewindTo(50) has no
			// effect.
			for _, want := range []int64{40, 0, 0} {
				if got := head(t, s, url); got != want {
					t.Errorf("got offset %d, want %d", got, want)
				}
			}
			finish(t, s, url, data)
		})
	}
}

// RewindTo ignores a request without an upload and one with an unknown upload.
func TestRewindToWithoutUpload(t *testing.T) {
	t.Parallel()
	s := testserver.New(t, testserver.Config{})
	s.Inject(testserver.Fault{Times: 2, Do: testserver.RewindTo(0)})
	create(t, s, 10)
	mustDo(t, http.StatusNotFound, s.Client(), http.MethodHead, s.URL()+"none", nil)
	if got := s.Pending(); len(got) != 0 {
		t.Errorf("got %d faults pending, want none", len(got))
	}
}

// A request in progress is ended first, because it would write its bytes at the
// wrong offset.
func TestRewindToEndsWriter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := overNetwork(t, testserver.Config{})
		data := content(100)
		url := create(t, s, len(data))
		s.Inject(
			testserver.Fault{Method: http.MethodPatch, Do: testserver.StallAfter(60, time.Second)},
			testserver.Fault{Method: http.MethodHead, Do: testserver.RewindTo(40)},
		)
		done := make(chan struct{})
		go func() {
			defer close(done)
			r, err := patch(t.Context(), s, url, 0, data)
			if err == nil && r.status == http.StatusNoContent {
				t.Error("the request was not interrupted")
			}
		}()
		synctest.Wait()
		stored(t, s, url, data[:60])
		if got := head(t, s, url); got != 40 {
			t.Errorf("got offset %d, want 40", got)
		}
		<-done
		stored(t, s, url, data[:40])
		finish(t, s, url, data)
	})
}
