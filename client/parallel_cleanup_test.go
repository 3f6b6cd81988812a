package client_test

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
)

// A server that does not answer DELETE delays the end of an upload by a few seconds at most,
// after success and after failure.
func TestDeletionDoesNotDelayUpload(t *testing.T) {
	const size = 64 << 20
	auto := &client.UploadOptions{Parallel: client.ParallelAuto}
	tests := map[string]struct {
		size   int
		opts   *client.UploadOptions
		touch  time.Duration // when the file changes; 0: it does not
		cancel time.Duration // when the upload is canceled; 0: it is not
		err    error
		took   time.Duration // at most
	}{
		"automatic parts":           {size: size, opts: auto, took: 8 * time.Second},
		"automatic parts, canceled": {size: size, opts: auto, cancel: 400 * time.Millisecond, err: context.Canceled, took: 420 * time.Millisecond},
		"parts of a file that changed": {
			size: clienttest.FourPartsSize, opts: &client.UploadOptions{Parallel: 4}, touch: 50 * time.Millisecond, err: client.ErrSourceChanged, took: 6 * time.Second,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := &clienttest.SlowLink{RequestRate: 10 * 1000 * 1000}
				s := fake.New(t, fake.Config{Hook: l.Hook})
				s.On(http.MethodDelete, s.Hang(0))
				data := clienttest.Noise(test.size)
				name := clienttest.WriteFile(t, data)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if test.cancel > 0 {
					time.AfterFunc(test.cancel, cancel)
				}
				if test.touch > 0 {
					time.AfterFunc(test.touch, func() { clienttest.SetModified(t, name, time.Now()) })
				}
				began := time.Now()
				res, err := clienttest.NewClient(t, s, clienttest.PartsConfig(new(client.MemoryStore), nil)).Upload(ctx, clienttest.PathSource(t, name), test.opts)
				if took := time.Since(began); took > test.took {
					t.Errorf("took %v, want at most %v", took, test.took)
				}
				if n := clienttest.RequestCounts(s, 0)["DELETE"]; n != 1 {
					t.Errorf("%d DELETE requests, want 1", n)
				}
				if test.err != nil {
					clienttest.WantErrorIs(t, err, test.err)
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				clienttest.WantStored(t, s, res.URL, data)
			})
		})
	}
}
