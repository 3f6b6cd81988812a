package client_test

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
)

// An item is taken when its upload can begin, and yielded when it has ended. A failure does not
// stop the others.
func TestUploadEach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		c := clienttest.NewClient(t, s, client.Config{Concurrency: 2})
		var ended atomic.Int64
		taken := int64(0)
		items := func(yield func(client.Item) bool) {
			for i := range 20 {
				taken++
				if taken > ended.Load()+3 { // two are under way, and one has ended
					t.Errorf("item %d is taken when %d have ended, want at most %v", i, ended.Load(), ended.Load()+3)
				}
				item := client.Item{Source: clienttest.TextSource(t, strings.Repeat("x", i))}
				if i == 7 {
					item.Options = &client.UploadOptions{Metadata: protocol.Metadata{"a b": ""}}
				}
				if !yield(item) {
					return
				}
			}
		}
		var sizes []int64
		for item, o := range c.UploadEach(t.Context(), items) {
			n, _ := item.Source.Length().Int64()
			switch {
			case n == 7:
				clienttest.WantErrorIs(t, o.Err, protocol.ErrInvalidMetadata)
			case o.Err != nil || o.Result.Offset != n || s.State(o.Result.URL).Offset != n:
				t.Errorf("upload of %d bytes: %v, %+v, want no error, Result.Offset %v and Offset %v", n, o.Err, o.Result, n, n)
			}
			sizes = append(sizes, n)
			ended.Add(1)
		}
		slices.Sort(sizes)
		if len(sizes) != 20 || sizes[0] != 0 || sizes[19] != 19 {
			t.Errorf("ended are the uploads of %d bytes, want 20 of them, [0] 0 and [19] 19", sizes)
		}
	})
}

// A loop that is left early cancels the uploads under way, waits for them, and takes no further
// item.
func TestUploadEachLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		s.On(http.MethodPost, nil, s.Hang(1))
		stopped := false
		items := func(yield func(client.Item) bool) {
			defer func() { stopped = true }()
			for i := 1; yield(client.Item{Source: clienttest.TextSource(t, strings.Repeat("x", i))}); i++ {
				if i > 4 {
					t.Error("items are taken after the loop was left")
					return
				}
			}
		}
		for range clienttest.NewClient(t, s, client.Config{Concurrency: 2}).UploadEach(t.Context(), items) {
			break
		}
		if !stopped {
			t.Error("the sequence of items was not ended")
		}
	})
}

// The end of the context ends the uploads under way with its cause, and then the loop.
func TestUploadEachCanceled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		ctx, cancel := context.WithCancelCause(t.Context())
		s.On(http.MethodPost, nil, clienttest.HangAndCancel(s, func() { cancel(clienttest.ErrUnplugged) }))
		var outcomes []client.Outcome
		for _, o := range clienttest.NewClient(t, s, client.Config{Concurrency: 1}).UploadEach(ctx, endlessItems(t)) {
			outcomes = append(outcomes, o)
		}
		last := outcomes[len(outcomes)-1]
		if !errors.Is(last.Err, clienttest.ErrUnplugged) || last.Result == nil {
			t.Errorf("the last upload: %+v, want ErrUnplugged and Result not nil", last)
		}
	})
}

// Neither items nor outcomes are kept: the memory does not grow with their number.
func TestUploadEachKeepsNothing(t *testing.T) {
	const uploads, most = 8_000, 512 << 10
	c, err := client.New(client.Config{Endpoint: "http://tus.example/files/", Doer: answering(t)})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Learn(t.Context()); err != nil {
		t.Fatal(err)
	}
	heap := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	n, before := 0, int64(0)
	for _, o := range c.UploadEach(t.Context(), endlessItems(t)) {
		if o.Err != nil {
			t.Fatal(o.Err)
		}
		if n++; n == uploads/4 {
			before = heap()
		}
		if n == uploads {
			if grown := heap() - before; grown > most {
				t.Errorf("%d bytes more after %d further uploads, want at most %v", grown, uploads-uploads/4, most)
			}
			break
		}
	}
}

// endlessItems returns items of five bytes, without an end.
func endlessItems(t *testing.T) iter.Seq[client.Item] {
	t.Helper()
	return func(yield func(client.Item) bool) {
		for {
			src, err := client.ReaderAt(strings.NewReader("hello"), 5)
			if err != nil || !yield(client.Item{Source: src}) {
				return
			}
		}
	}
}
