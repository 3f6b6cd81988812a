package client_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
)

// patched returns the requests that send the bytes [from, to) in pieces.
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
		s := fake.New(t, fake.Config{Hook: clienttest.BodyLimitProxy(300 * clienttest.KiB)})
		data := clienttest.Noise(2048 * clienttest.KiB)
		c := clienttest.NewClient(t, s, client.Config{})
		res, err := c.Upload(t.Context(), clienttest.TextSource(t, data), nil)
		if err != nil {
			t.Fatal(err)
		}
		clienttest.WantStored(t, s, res.URL, data)
		want := []string{post}
		for _, refused := range []int{2048, 1024, 512} {
			want = append(want, fmt.Sprintf("PATCH %s 0+%d", one, refused*clienttest.KiB), "HEAD "+one)
		}
		want = append(want, patched(one, 0, 2048*clienttest.KiB, 256*clienttest.KiB)...)
		clienttest.WantRequests(t, s, want...)
		if res.Retries != 3 {
			t.Errorf("%d retries, want 3", res.Retries)
		}

		// The next upload of this client obeys the limit at once. Smaller chunks stay smaller.
		if res, err = c.Upload(t.Context(), clienttest.TextSource(t, data), nil); err != nil {
			t.Fatal(err)
		}
		clienttest.WantStored(t, s, res.URL, data)
		want = append(append(want, post), patched(two, 0, 2048*clienttest.KiB, 256*clienttest.KiB)...)
		clienttest.WantRequests(t, s, want...)
		if _, err = c.Upload(t.Context(), clienttest.TextSource(t, data), &client.UploadOptions{ChunkSize: 100 * clienttest.KiB}); err != nil {
			t.Fatal(err)
		}
		want = append(append(want, post), patched("/files/3", 0, 2048*clienttest.KiB, 100*clienttest.KiB)...)
		clienttest.WantRequests(t, s, want...)

		// The limit does not apply to another host, and another client does not know it.
		other := s.Put("", protocol.Known(300*clienttest.KiB), nil)
		if _, err = c.Resume(t.Context(), "http://other.example"+other[len("http://tus.example"):], clienttest.TextSource(t, data[:300*clienttest.KiB]), nil); err != nil {
			t.Fatal(err)
		}
		want = append(want, "HEAD /files/4", fmt.Sprintf("PATCH /files/4 0+%d", 300*clienttest.KiB))
		clienttest.WantRequests(t, s, want...)
		if _, err = clienttest.NewClient(t, s, client.Config{}).Upload(t.Context(), clienttest.TextSource(t, data[:300*clienttest.KiB]), nil); err != nil {
			t.Fatal(err)
		}
		clienttest.WantRequests(t, s, append(want, post, fmt.Sprintf("PATCH /files/5 0+%d", 300*clienttest.KiB))...)
	})
}

// A limit that a proxy enforces only in the middle of an upload loses no bytes.
func TestProxyLimitInTheMiddle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{Hook: clienttest.BodyLimitProxy(600 * clienttest.KiB)})
		s.On(http.MethodPatch, nil)
		data := clienttest.Noise(3072 * clienttest.KiB)
		res, err := clienttest.NewClient(t, s, client.Config{ChunkSize: 1024 * clienttest.KiB}).Upload(t.Context(), clienttest.TextSource(t, data), nil)
		if err != nil {
			t.Fatal(err)
		}
		clienttest.WantStored(t, s, res.URL, data)
		want := []string{
			"POST /files/", fmt.Sprintf("PATCH /files/1 0+%d", 1024*clienttest.KiB),
			fmt.Sprintf("PATCH /files/1 %d+%d", 1024*clienttest.KiB, 1024*clienttest.KiB), "HEAD /files/1",
		}
		clienttest.WantRequests(t, s, append(want, patched("/files/1", 1024*clienttest.KiB, 3072*clienttest.KiB, 512*clienttest.KiB)...)...)
	})
}

func TestProxyLimitOfStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{Hook: clienttest.BodyLimitProxy(256 * clienttest.KiB)})
		data := clienttest.Noise(2048*clienttest.KiB + 1)
		res, err := clienttest.NewClient(t, s, client.Config{}).Upload(t.Context(), clienttest.StreamSource(data, 2048*clienttest.KiB), nil)
		if err != nil {
			t.Fatal(err)
		}
		clienttest.WantStored(t, s, res.URL, data)
		if res.Retries != 2 {
			t.Errorf("%d retries, want 2", res.Retries)
		}
		if n, ok := s.State(res.URL).Length.Int64(); !ok || n != int64(len(data)) {
			t.Errorf("the declared length is %d, want %v and ok true", n, int64(len(data)))
		}
	})
}

// A 413 to a HEAD does not make the next body smaller.
func TestProxyLimitOfHead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		s.On(http.MethodPatch, fake.Cut(0))
		s.On(http.MethodHead, fake.Status(413, ""))
		c := clienttest.NewClient(t, s, client.Config{Classify: func(e *client.Error, class client.Class) client.Class {
			if e.StatusCode == http.StatusRequestEntityTooLarge {
				return client.ClassProxyLimit
			}
			return class
		}})
		_, err := c.Upload(t.Context(), clienttest.TextSource(t, clienttest.Noise(1024*clienttest.KiB)), nil)
		clienttest.WantErrorIs(t, err, protocol.ErrTooLarge)
		clienttest.WantRequests(t, s, "POST /files/", "PATCH /files/1 0+0", "HEAD /files/1")
	})
}

func TestTooLargeIsFinal(t *testing.T) {
	const head = "HEAD /files/1"
	first := fmt.Sprintf("PATCH /files/1 0+%d", 600*clienttest.KiB)
	tests := map[string]struct {
		hook  fake.Action
		retry retry.Policy
		opts  *client.UploadOptions
		size  int
		want  []string
	}{
		"limit below 64 KiB": {
			hook: clienttest.BodyLimitProxy(40 * clienttest.KiB), size: 600 * clienttest.KiB,
			want: []string{
				head, first, head, fmt.Sprintf("PATCH /files/1 0+%d", 300*clienttest.KiB), head, fmt.Sprintf("PATCH /files/1 0+%d", 150*clienttest.KiB),
				head, fmt.Sprintf("PATCH /files/1 0+%d", 75*clienttest.KiB), head, fmt.Sprintf("PATCH /files/1 0+%d", 64*clienttest.KiB),
			},
		},
		"body of 64 KiB": {
			hook: clienttest.BodyLimitProxy(40 * clienttest.KiB), size: 64 * clienttest.KiB,
			want: []string{head, fmt.Sprintf("PATCH /files/1 0+%d", 64*clienttest.KiB)},
		},
		"small body": {
			hook: clienttest.BodyLimitProxy(4), size: 5,
			want: []string{head, "PATCH /files/1 0+5"},
		},
		"refused by tus": {
			hook: clienttest.During(1<<62, fake.Status(413, "", "Tus-Resumable", "1.0.0"), http.MethodPatch), size: 600 * clienttest.KiB,
			want: []string{head, first},
		},
		"refused by tus in words": {
			hook: clienttest.During(1<<62, fake.Status(413, "ERR_MAX_SIZE_EXCEEDED: maximum size exceeded\n"), http.MethodPatch), size: 600 * clienttest.KiB,
			want: []string{head, first},
		},
		"without retries": {
			hook: clienttest.BodyLimitProxy(300 * clienttest.KiB), size: 600 * clienttest.KiB, retry: retry.Never,
			want: []string{head, first},
		},
		"without retries in the options": {
			hook: clienttest.BodyLimitProxy(300 * clienttest.KiB), size: 600 * clienttest.KiB, opts: &client.UploadOptions{Retry: retry.Never},
			want: []string{head, first},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fake.New(t, fake.Config{Hook: test.hook})
				url := s.Put("", protocol.Known(int64(test.size)), nil)
				c := clienttest.NewClient(t, s, client.Config{Retry: test.retry})
				res, err := c.Resume(t.Context(), url, clienttest.TextSource(t, clienttest.Noise(test.size)), test.opts)
				clienttest.WantErrorIs(t, err, protocol.ErrTooLarge)
				clienttest.WantRequests(t, s, test.want...)
				if errors.Is(err, retry.ErrExhausted) || res.URL != url || res.Offset != 0 {
					t.Errorf("error %v, result %+v, want not ErrExhausted, URL %q and Offset 0", err, res, url)
				}
			})
		})
	}
}

// An EventRetry after a request that was too large says how large the next one is.
func TestBodyLimitInEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{Hook: clienttest.BodyLimitProxy(300 * clienttest.KiB)})
		c := clienttest.NewClient(t, s, client.Config{})
		var limits []int64
		options := &client.UploadOptions{OnEvent: func(e client.Event) {
			if e.Kind == client.EventRetry || e.BodyLimit != 0 {
				limits = append(limits, e.BodyLimit)
			}
		}}
		if _, err := c.Upload(t.Context(), clienttest.TextSource(t, clienttest.Noise(2048*clienttest.KiB)), options); err != nil {
			t.Fatal(err)
		}
		if want := []int64{1024 * clienttest.KiB, 512 * clienttest.KiB, 256 * clienttest.KiB}; !slices.Equal(limits, want) {
			t.Errorf("limits %d, want %d", limits, want)
		}
	})
}
