package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
)

const kib = 1 << 10

// proxy refuses bodies of more than limit bytes, and knows nothing of tus.
func proxy(limit int64) fake.Action {
	refuse := fake.Status(http.StatusRequestEntityTooLarge, "<html>413 Request Entity Too Large</html>")
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if r.ContentLength > limit {
			refuse(w, r, next)
			return
		}
		next.ServeHTTP(w, r)
	}
}

// patched are the requests that send bytes [from, to) in pieces.
func patched(path string, from, to, piece int64) []string {
	var list []string
	for ; from < to; from += piece {
		list = append(list, fmt.Sprintf("PATCH %s %d+%d", path, from, min(piece, to-from)))
	}
	return list
}

func TestProxyLimit(t *testing.T) {
	const post, one, two = "POST /files/", "/files/1", "/files/2"
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{Hook: proxy(300 * kib)})
		data := noise(2048 * kib)
		c := newClient(t, s, client.Config{})
		res, err := c.Upload(t.Context(), text(t, data), nil)
		if err != nil {
			t.Fatal(err)
		}
		wantStored(t, s, res.URL, data)
		want := []string{post}
		for _, refused := range []int{2048, 1024, 512} {
			want = append(want, fmt.Sprintf("PATCH %s 0+%d", one, refused*kib), "HEAD "+one)
		}
		want = append(want, patched(one, 0, 2048*kib, 256*kib)...)
		wantSeen(t, s, want...)
		if res.Retries != 3 {
			t.Errorf("%d retries", res.Retries)
		}

		// The next upload of this client knows, also one in smaller chunks.
		if res, err = c.Upload(t.Context(), text(t, data), nil); err != nil {
			t.Fatal(err)
		}
		wantStored(t, s, res.URL, data)
		want = append(append(want, post), patched(two, 0, 2048*kib, 256*kib)...)
		wantSeen(t, s, want...)
		if _, err = c.Upload(t.Context(), text(t, data), &client.UploadOptions{ChunkSize: 100 * kib}); err != nil {
			t.Fatal(err)
		}
		want = append(append(want, post), patched("/files/3", 0, 2048*kib, 100*kib)...)
		wantSeen(t, s, want...)

		// Another host may have other limits; so may another day, and client.
		other := s.Put("", protocol.Known(300*kib), nil)
		if _, err = c.Resume(t.Context(), "http://other.example"+other[len("http://tus.example"):], text(t, data[:300*kib]), nil); err != nil {
			t.Fatal(err)
		}
		want = append(want, "HEAD /files/4", fmt.Sprintf("PATCH /files/4 0+%d", 300*kib))
		wantSeen(t, s, want...)
		if _, err = newClient(t, s, client.Config{}).Upload(t.Context(), text(t, data[:300*kib]), nil); err != nil {
			t.Fatal(err)
		}
		wantSeen(t, s, append(want, post, fmt.Sprintf("PATCH /files/5 0+%d", 300*kib))...)
	})
}

// A limit that comes into force in the middle loses nothing.
func TestProxyLimitInTheMiddle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{Hook: proxy(600 * kib)})
		s.On(http.MethodPatch, nil)
		data := noise(3072 * kib)
		res, err := newClient(t, s, client.Config{ChunkSize: 1024 * kib}).Upload(t.Context(), text(t, data), nil)
		if err != nil {
			t.Fatal(err)
		}
		wantStored(t, s, res.URL, data)
		want := []string{
			"POST /files/", fmt.Sprintf("PATCH /files/1 0+%d", 1024*kib),
			fmt.Sprintf("PATCH /files/1 %d+%d", 1024*kib, 1024*kib), "HEAD /files/1",
		}
		wantSeen(t, s, append(want, patched("/files/1", 1024*kib, 3072*kib, 512*kib)...)...)
	})
}

func TestProxyLimitOfStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{Hook: proxy(256 * kib)})
		data := noise(2048*kib + 1)
		res, err := newClient(t, s, client.Config{}).Upload(t.Context(), stream(data, 2048*kib), nil)
		if err != nil {
			t.Fatal(err)
		}
		wantStored(t, s, res.URL, data)
		if res.Retries != 2 {
			t.Errorf("%d retries", res.Retries)
		}
		if n, ok := s.State(res.URL).Length.Int64(); !ok || n != int64(len(data)) {
			t.Errorf("the server was told a length of %d", n)
		}
	})
}

// Only the size of a body can be mended, not that of a HEAD after a large one.
func TestProxyLimitOfHead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		s.On(http.MethodPatch, fake.Cut(0))
		s.On(http.MethodHead, fake.Status(413, ""))
		c := newClient(t, s, client.Config{Classify: func(e *client.Error, class client.Class) client.Class {
			if e.StatusCode == http.StatusRequestEntityTooLarge {
				return client.ClassProxyLimit
			}
			return class
		}})
		_, err := c.Upload(t.Context(), text(t, noise(1024*kib)), nil)
		wantIs(t, err, protocol.ErrTooLarge)
		wantSeen(t, s, "POST /files/", "PATCH /files/1 0+0", "HEAD /files/1")
	})
}

func TestTooLargeForGood(t *testing.T) {
	const head = "HEAD /files/1"
	type call = func(*client.Client, context.Context, string, client.Source, *client.UploadOptions) (*client.Result, error)
	first := fmt.Sprintf("PATCH /files/1 0+%d", 600*kib)
	tests := map[string]struct {
		hook  fake.Action
		retry retry.Policy
		call  call // nil: Resume
		size  int
		want  []string
	}{
		"limit below 64 KiB": {
			hook: proxy(40 * kib), size: 600 * kib,
			want: []string{
				head, first, head, fmt.Sprintf("PATCH /files/1 0+%d", 300*kib), head, fmt.Sprintf("PATCH /files/1 0+%d", 150*kib),
				head, fmt.Sprintf("PATCH /files/1 0+%d", 75*kib), head, fmt.Sprintf("PATCH /files/1 0+%d", 64*kib),
			},
		},
		"body of 64 KiB": {
			hook: proxy(40 * kib), size: 64 * kib,
			want: []string{head, fmt.Sprintf("PATCH /files/1 0+%d", 64*kib)},
		},
		"small body": {
			hook: proxy(4), size: 5,
			want: []string{head, "PATCH /files/1 0+5"},
		},
		"refused by tus": {
			hook: during(1<<62, fake.Status(413, "", "Tus-Resumable", "1.0.0"), http.MethodPatch), size: 600 * kib,
			want: []string{head, first},
		},
		"refused by tus in words": {
			hook: during(1<<62, fake.Status(413, "ERR_MAX_SIZE_EXCEEDED: maximum size exceeded\n"), http.MethodPatch), size: 600 * kib,
			want: []string{head, first},
		},
		"without retries": {
			hook: proxy(300 * kib), size: 600 * kib, retry: retry.Never,
			want: []string{head, first},
		},
		"Send": {
			hook: proxy(300 * kib), size: 600 * kib,
			call: resumeOnce,
			want: []string{head, first},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fake.New(t, fake.Config{Hook: test.hook})
				url := s.Put("", protocol.Known(int64(test.size)), nil)
				c := newClient(t, s, client.Config{Retry: test.retry})
				upload := test.call
				if upload == nil {
					upload = (*client.Client).Resume
				}
				res, err := upload(c, t.Context(), url, text(t, noise(test.size)), nil)
				wantIs(t, err, protocol.ErrTooLarge)
				wantSeen(t, s, test.want...)
				if errors.Is(err, retry.ErrExhausted) || res.URL != url || res.Offset != 0 {
					t.Errorf("error %v, result %+v", err, res)
				}
			})
		})
	}
}
