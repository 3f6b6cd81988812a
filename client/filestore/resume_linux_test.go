package filestore_test

import (
	"bytes"
	"net/http"
	"testing"

	"github.com/tusker-go/tusker/client/internal/fake"
)

// TestUploadOnFullDisk checks that an upload succeeds although its record does not fit.
func TestUploadOnFullDisk(t *testing.T) {
	t.Run("before it began", func(t *testing.T) {
		s, dir := serve(t), mount(t)
		name, data := file(t)
		store := open(t, dir)
		fill(t, dir, 0)
		var log bytes.Buffer
		res, err := s.runWith(t, store, name, &log)
		s.wantDone(t, res, err, data)
		wantSaid(t, &log, "level=WARN", "upload cannot be resumed by a later run", "no space left on device")
	})
	t.Run("when it fails", func(t *testing.T) {
		s, dir := serve(t), mount(t)
		name, data := file(t)
		freed := make(chan func(), 1)
		s.On(http.MethodPatch, nil, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			freed <- fill(t, dir, 0)
			fake.Cut(1000)(w, r, next)
		})
		var log bytes.Buffer
		if _, err := s.run(t, dir, name, &log); err == nil {
			t.Fatal("no error")
		}
		wantSaid(t, &log, "level=WARN", "record not updated", "no space left on device")
		// The record is the one from the beginning, and good enough.
		(<-freed)()
		res, err := s.run(t, dir, name, nil)
		s.wantDone(t, res, err, data)
		if res.Resumed != chunkSize+1000 {
			t.Errorf("resumed at %d, want %v", res.Resumed, chunkSize+1000)
		}
	})
}
