package client_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/client/source"
	"github.com/tusker-go/tusker/client/sourcetest"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
)

// foreign is a source of another program: it uses only what package source exports.
type foreign struct{ content *atomic.Pointer[string] }

func newForeign(content string) foreign {
	f := foreign{new(atomic.Pointer[string])}
	f.content.Store(&content)
	return f
}

func (f foreign) Name() string            { return "foreign" }
func (f foreign) Length() protocol.Length { return protocol.Known(int64(len(*f.content.Load()))) }

func (f foreign) Open(context.Context, int64) (source.Handle, error) {
	was := *f.content.Load()
	return &openForeign{f, was, protocol.Range{End: int64(len(was))}}, nil
}

// openForeign is a range of a foreign source in an upload.
type openForeign struct {
	from foreign
	was  string
	protocol.Range
}

func (o *openForeign) Length() protocol.Length { return protocol.Known(o.Len()) }

func (o *openForeign) Chunk(_ context.Context, off, most int64) (source.Chunk, error) {
	rng, err := protocol.Next(off, o.Length(), most)
	if err != nil {
		return source.Chunk{}, source.Error(err)
	}
	bytes := o.was[o.Start+rng.Start : o.Start+rng.End]
	return source.Chunk{Range: rng, Last: rng.End == o.Len(), Reader: func() (io.Reader, error) {
		return strings.NewReader(bytes), nil
	}}, nil
}

func (o *openForeign) Check(context.Context) error {
	if *o.from.content.Load() != o.was {
		return source.Error(client.ErrSourceChanged)
	}
	return nil
}

func (o *openForeign) Close() error                           { return nil }
func (o *openForeign) Identity() string                       { return fmt.Sprintf("%x", o.sum()) }
func (o *openForeign) Place() string                          { return "foreign" }
func (o *openForeign) Part(rng protocol.Range) source.Handle  { return &openForeign{o.from, o.was, rng} }
func (o *openForeign) PrepareDigest()                         {}
func (o *openForeign) Digest(context.Context) ([]byte, error) { sum := o.sum(); return sum[:], nil }
func (o *openForeign) sum() [sha256.Size]byte                 { return sha256.Sum256([]byte(o.was)) }

// The foreign source keeps the contract of package source.
func TestForeignSource(t *testing.T) {
	content := clienttest.Noise(1000)
	sourcetest.Run(t, func(*testing.T) sourcetest.Config {
		f := newForeign(content)
		return sourcetest.Config{
			Source: f, Content: []byte(content),
			Other: func(*testing.T) source.Source { return newForeign(content[1:]) },
			Change: func(*testing.T) {
				other := flipped(content, 500)
				f.content.Store(&other)
			},
		}
	})
}

// A foreign source loses nothing: a later run resumes its upload from the record, whole or in
// parts.
func TestForeignRecord(t *testing.T) {
	for _, parallel := range []int{1, 4} {
		t.Run(fmt.Sprint(parallel), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var store client.MemoryStore
				var broken atomic.Bool
				s := fake.New(t, fake.Config{Hook: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
					if broken.Load() && r.Method == http.MethodPatch {
						fake.Cut(7)(w, r, next)
						return
					}
					next.ServeHTTP(w, r)
				}})
				data := clienttest.Noise(clienttest.FourPartsSize)
				opts := &client.UploadOptions{Parallel: parallel}
				upload := func() (*client.Result, error) {
					c := clienttest.NewClient(t, s, client.Config{Store: &store, Retry: retry.Never})
					return c.Upload(t.Context(), newForeign(data), opts)
				}
				broken.Store(true)
				if _, err := upload(); err == nil {
					t.Fatal("no error")
				}
				broken.Store(false)
				clienttest.OnlyRecord(t, &store)
				res, err := upload()
				if err != nil {
					t.Fatal(err)
				}
				if res.Resumed == 0 || parallel > 1 && len(res.Parts) != 4 {
					t.Errorf("resumed at %d, %d parts, want more than 0, and 4 parts in parallel", res.Resumed, len(res.Parts))
				}
				clienttest.WantStored(t, s, res.URL, data)
				clienttest.WantNoRecord(t, &store)
			})
		})
	}
}

// A foreign source that was sent before is skipped, and sent again once it has other bytes.
func TestForeignSkipped(t *testing.T) {
	s := fake.New(t, fake.Config{})
	c := clienttest.NewClient(t, s, client.Config{Ledger: new(client.MemoryStore)})
	for i, content := range []string{"hello", "hello", "world"} {
		res, err := c.Upload(t.Context(), newForeign(content), nil)
		if err != nil {
			t.Fatal(err)
		}
		if skipped := i == 1; res.Skipped != skipped {
			t.Errorf("%q: skipped: %t, want %t", content, res.Skipped, skipped)
		}
	}
}

// The server checks each request of a foreign source, and the whole is compared afterwards.
func TestForeignChecked(t *testing.T) {
	s := fake.New(t, fake.Config{
		Content: true, Checksum: []string{"sha1"},
		Extensions: []protocol.Extension{protocol.ExtensionCreation, protocol.ExtensionChecksum},
	})
	c := clienttest.NewClient(t, s, client.Config{Checksum: "sha1"})
	data := clienttest.Noise(clienttest.RecordedSize)
	res, err := c.Upload(t.Context(), newForeign(data), &client.UploadOptions{Verify: true})
	if err != nil {
		t.Fatal(err)
	}
	clienttest.WantStored(t, s, res.URL, data)
	if !res.Verified {
		t.Errorf("result %+v, want it verified", res)
	}
	s.On(http.MethodGet, fake.Status(200, strings.Repeat("x", clienttest.RecordedSize)))
	_, err = c.Upload(t.Context(), newForeign(data), &client.UploadOptions{Verify: true})
	clienttest.WantErrorIs(t, err, client.ErrDifferent)
}

// A foreign source that changes ends its upload, and one that changed between two runs starts
// over and says why.
func TestForeignChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var store client.MemoryStore
		s := fake.New(t, fake.Config{})
		data := clienttest.Noise(clienttest.RecordedSize)
		c := clienttest.NewRecordingClient(t, s, &store, nil)
		s.On(http.MethodPatch, nil, fake.Cut(7))
		if _, err := c.Upload(t.Context(), newForeign(data), nil); err == nil {
			t.Fatal("no error")
		}
		f := newForeign(data + "x")
		s.On(http.MethodPatch, nil, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			other := flipped(data+"x", 0)
			f.content.Store(&other)
			next.ServeHTTP(w, r)
		})
		var events []client.Event
		_, err := c.Upload(t.Context(), f, &client.UploadOptions{OnEvent: clienttest.RecordEvents(&events)})
		clienttest.WantErrorIs(t, err, client.ErrSource, client.ErrSourceChanged)
		if reasons := restarts(events); len(reasons) != 1 || !errors.Is(reasons[0], client.ErrSourceChanged) {
			t.Errorf("restarts %v, want 1 of them and ErrSourceChanged", reasons)
		}
	})
}

// An error that a foreign source does not mark as one of a source is one all the same.
func TestForeignError(t *testing.T) {
	for name, opened := range map[string]source.Handle{
		"Chunk": &failingForeign{chunk: errObject},
		"Check": &failingForeign{check: errObject},
	} {
		t.Run(name, func(t *testing.T) {
			s := fake.New(t, fake.Config{})
			_, err := clienttest.NewClient(t, s, client.Config{Retry: retry.Never}).Upload(t.Context(), givenSource{opened}, nil)
			clienttest.WantErrorIs(t, err, client.ErrSource, errObject)
		})
	}
}

type givenSource struct{ opened source.Handle }

func (givenSource) Name() string                                         { return "" }
func (givenSource) Length() protocol.Length                              { return protocol.Known(5) }
func (g givenSource) Open(context.Context, int64) (source.Handle, error) { return g.opened, nil }

type failingForeign struct{ chunk, check error }

func (*failingForeign) Length() protocol.Length { return protocol.Known(5) }

func (f *failingForeign) Chunk(context.Context, int64, int64) (source.Chunk, error) {
	return source.Chunk{Range: protocol.Range{End: 5}, Last: true, Reader: func() (io.Reader, error) {
		return bytes.NewReader([]byte("hello")), nil
	}}, f.chunk
}

func (f *failingForeign) Check(context.Context) error { return f.check }
func (*failingForeign) Close() error                  { return nil }
