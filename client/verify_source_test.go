package client_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/protocol"
)

func TestVerifyChangedSource(t *testing.T) {
	t.Run("shorter", func(t *testing.T) {
		s := giving(t)
		r := &shrinking{}
		src, err := client.ReaderAt(r, 5)
		if err != nil {
			t.Fatal(err)
		}
		res, err := clienttest.NewClient(t, s, client.Config{}).Upload(t.Context(), src, verifying)
		wantVerified(t, res, err, client.ErrSourceChanged)
	})
	t.Run("other bytes", func(t *testing.T) {
		s := giving(t)
		src, err := client.ReaderAt(&turning{first: "bytes", later: "BYTES"}, 5)
		if err != nil {
			t.Fatal(err)
		}
		res, err := clienttest.NewClient(t, s, client.Config{}).Upload(t.Context(), src, verifying)
		wantVerified(t, res, err, client.ErrDifferent)
	})
}

// shrinking is a source that is a byte shorter after its first Read.
type shrinking struct{ read bool }

func (r *shrinking) ReadAt(p []byte, off int64) (int, error) {
	data := "bytes"
	if r.read {
		data = "byte"
	}
	r.read = true
	return strings.NewReader(data).ReadAt(p, off)
}

// An upload that is canceled during its verification is complete on the server.
func TestVerifyCancelled(t *testing.T) {
	t.Run("reading the source", func(t *testing.T) {
		s := giving(t)
		const size = 64 << 20
		url := s.Put(string(make([]byte, size)), protocol.Known(size), nil)
		ctx, cancel := context.WithCancelCause(t.Context())
		defer cancel(nil)
		r := &cancelling{ReaderAt: strings.NewReader(string(make([]byte, size))), after: 1, cancel: func() { cancel(clienttest.ErrStop) }}
		src, err := client.ReaderAt(r, size)
		if err != nil {
			t.Fatal(err)
		}
		res, err := clienttest.NewClient(t, s, client.Config{}).Resume(ctx, url, src, verifying)
		clienttest.WantErrorIs(t, err, clienttest.ErrStop, context.Canceled)
		if res.Verified || res.Offset != size || r.read.Load() > size/2 {
			t.Errorf("result %+v after %d bytes, want Verified false, Offset %v and at most %v", res, r.read.Load(), size, size/2)
		}
	})
	t.Run("waiting for a stream", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := giving(t)
			url := s.Put("bytes", protocol.Known(5), nil)
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			done := make(chan struct{})
			go func() {
				defer close(done)
				synctest.Wait()
				cancel(clienttest.ErrStop)
			}()
			src := client.Stream(clienttest.BlockedReader{Ctx: ctx}, &client.StreamOptions{Length: protocol.Known(5)})
			res, err := clienttest.NewClient(t, s, client.Config{}).Resume(ctx, url, src, verifying)
			<-done
			wantVerified(t, res, err, clienttest.ErrStop)
		})
	})
	t.Run("reading back", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := giving(t)
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			s.On(http.MethodGet, func(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
				cancel(clienttest.ErrStop)
				<-r.Context().Done()
			})
			res, err := clienttest.NewClient(t, s, client.Config{}).Upload(ctx, clienttest.TextSource(t, "bytes"), verifying)
			wantVerified(t, res, err, clienttest.ErrStop)
		})
	})
}
