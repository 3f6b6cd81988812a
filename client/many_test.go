package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
)

// gauge measures how many requests of a method run at the same time. Each takes a second.
type gauge struct {
	method string

	mu        sync.Mutex
	now, most int
}

func (g *gauge) hook(w http.ResponseWriter, r *http.Request, next http.Handler) {
	if r.Method == g.method {
		g.add(1)
		time.Sleep(time.Second)
		g.add(-1)
	}
	next.ServeHTTP(w, r)
}

func (g *gauge) add(n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.now += n
	g.most = max(g.most, g.now)
}

func TestConcurrency(t *testing.T) {
	tests := map[string]struct {
		config, concat int
		n, all, parts  int // sources, and how many of them are sent at the same time
	}{
		"default":           {0, 0, 7, 3, 3},
		"one":               {1, 0, 4, 1, 1},
		"of the call":       {1, 4, 5, 1, 4},
		"more than uploads": {100, 0, 2, 2, 2},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			g := &gauge{method: http.MethodPatch}
			synctest.Test(t, func(t *testing.T) {
				s := fake.New(t, fake.Config{Hook: g.hook})
				c := clienttest.NewClient(t, s, client.Config{Concurrency: test.config})
				var items []client.Item
				var sources []client.Source
				for i := range test.n {
					sources = append(sources, clienttest.TextSource(t, clienttest.Noise(i+1)))
					items = append(items, client.Item{Source: sources[i]})
				}
				began := time.Now()
				if _, err := c.UploadAll(t.Context(), items); err != nil {
					t.Fatal(err)
				}
				if g.most != test.all {
					t.Errorf("UploadAll: %d at once, want %d", g.most, test.all)
				}
				if took, want := time.Since(began), time.Duration((test.n+test.all-1)/test.all)*time.Second; took != want {
					t.Errorf("UploadAll: took %v, want %v", took, want)
				}
				g.most = 0
				if _, err := c.UploadConcat(t.Context(), sources, &client.ConcatOptions{Concurrency: test.concat}); err != nil {
					t.Fatal(err)
				}
				if g.most != test.parts {
					t.Errorf("UploadConcat: %d at once, want %d", g.most, test.parts)
				}
			})
		})
	}
}

func TestUploadAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		c := clienttest.NewClient(t, s, client.Config{Concurrency: 2})
		var items []client.Item
		for i := range 6 {
			items = append(items, client.Item{Source: clienttest.TextSource(t, strings.Repeat("x", i)), Options: &client.UploadOptions{
				Metadata: protocol.Metadata{"n": fmt.Sprint(i)},
			}})
		}
		items[1].Options.Metadata = protocol.Metadata{"a b": ""}
		items[3].Source = client.Stream(strings.NewReader("xx"), &client.StreamOptions{Name: "pipe", Length: protocol.Known(3)})
		items[4].Options = nil
		outcomes, err := c.UploadAll(t.Context(), items)
		clienttest.WantErrorIs(t, err, protocol.ErrInvalidMetadata, client.ErrSourceChanged)
		if !strings.Contains(err.Error(), "pipe: source: source changed") {
			t.Errorf("error %q does not name the source", err)
		}
		if len(outcomes) != len(items) {
			t.Fatalf("%d outcomes, want %v", len(outcomes), len(items))
		}
		for i, o := range outcomes {
			if i == 1 || i == 3 {
				if o.Err == nil || o.Result == nil {
					t.Errorf("upload %d: %+v, want an error and Result not nil", i, o)
				}
				continue
			}
			if o.Err != nil || o.Result.Offset != int64(i) {
				t.Errorf("upload %d: %v, %+v, want no error and Result.Offset %v", i, o.Err, o.Result, int64(i))
				continue
			}
			state := s.State(o.Result.URL)
			if state.Offset != int64(i) || i != 4 && state.Metadata["n"] != fmt.Sprint(i) {
				t.Errorf("upload %d: the server has %+v, want Offset %d, and n %d in the metadata", i, state, i, i)
			}
		}
	})
}

func TestUploadAllWithoutItems(t *testing.T) {
	s := fake.New(t, fake.Config{})
	outcomes, err := clienttest.NewClient(t, s, client.Config{}).UploadAll(t.Context(), nil)
	if len(outcomes) != 0 || err != nil {
		t.Errorf("%v, %v, want none and no error", outcomes, err)
	}
}

func TestUploadAllCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		ctx, cancel := context.WithCancelCause(t.Context())
		s.On(http.MethodPost, nil, clienttest.HangAndCancel(s, func() { cancel(clienttest.ErrUnplugged) }))
		untouched := clienttest.StreamSource("c", 0)
		items := []client.Item{{Source: clienttest.TextSource(t, "a")}, {Source: clienttest.TextSource(t, "b")}, {Source: untouched}}
		outcomes, err := clienttest.NewClient(t, s, client.Config{Concurrency: 1}).UploadAll(ctx, items)
		clienttest.WantErrorIs(t, err, clienttest.ErrUnplugged, context.Canceled)
		if outcomes[0].Err != nil || outcomes[0].Result.Offset != 1 {
			t.Errorf("first upload: %+v, want no error and Result.Offset 1", outcomes[0])
		}
		for i, o := range outcomes[1:] {
			if !errors.Is(o.Err, clienttest.ErrUnplugged) || !errors.Is(o.Err, context.Canceled) || o.Result == nil {
				t.Errorf("upload %d: %+v, want ErrUnplugged, %v and Result not nil", i+1, o, context.Canceled)
			}
		}
		clienttest.WantRequests(t, s, "OPTIONS /files/", "POST /files/", "PATCH /files/1 0+1", "POST /files/")
		if _, err := clienttest.NewClient(t, s, client.Config{}).Upload(t.Context(), untouched, nil); err != nil {
			t.Errorf("error of a stream whose upload did not begin: %v", err)
		}
	})
}
