package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
)

// buffering forwards a body when it is complete, and answers bodies of more than limit bytes
// by giveUp, like a proxy with a time limit on a slow line.
func buffering(limit int64, giveUp fake.Action) fake.Action {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if r.ContentLength > limit {
			_, _ = io.Copy(io.Discard, r.Body)
			giveUp(w, r, next)
			return
		}
		next.ServeHTTP(w, r)
	}
}

// A server that keeps nothing of two requests gets smaller ones, until they pass. The Client
// remembers their size.
func TestBufferingProxy(t *testing.T) {
	const post = "POST /files/"
	page := fake.Status(http.StatusGatewayTimeout, "<html>gateway time-out</html>")
	for name, giveUp := range map[string]fake.Action{
		"504":         page,
		"502":         fake.Status(http.StatusBadGateway, ""),
		"500":         fake.Status(http.StatusInternalServerError, "failed"),
		"408":         fake.Status(http.StatusRequestTimeout, ""),
		"answer lost": fake.Cut(0),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fake.New(t, fake.Config{Hook: buffering(150*clienttest.KiB, giveUp)})
				data := clienttest.Noise(1200 * clienttest.KiB)
				c := clienttest.NewClient(t, s, client.Config{})
				res, err := c.Upload(t.Context(), clienttest.TextSource(t, data), nil)
				if err != nil {
					t.Fatal(err)
				}
				clienttest.WantStored(t, s, res.URL, data)
				if res.BodyLimit != 150*clienttest.KiB {
					t.Errorf("limit %d, want %v", res.BodyLimit, 150*clienttest.KiB)
				}
				if want := []int64{1200, 1200, 1200, 600, 300}; name != "answer lost" {
					for i, n := range sizesOf(s)[:len(want)] {
						if n != want[i]*clienttest.KiB {
							t.Errorf("request %d has %d bytes, want %d KiB", i, n, want[i])
						}
					}
				}
				before := len(s.Seen())
				if res, err = c.Upload(t.Context(), clienttest.TextSource(t, data), nil); err != nil {
					t.Fatal(err)
				}
				want := append([]string{post}, patched("/files/2", 0, 1200*clienttest.KiB, 150*clienttest.KiB)...)
				if got := s.Seen()[before:]; fmt.Sprint(got) != fmt.Sprint(want) || res.BodyLimit != 150*clienttest.KiB || res.Retries != 0 {
					t.Errorf("requests %q, result %+v, want %q, BodyLimit %v and Retries 0", got, res, fmt.Sprint(want), 150*clienttest.KiB)
				}
			})
		})
	}
}

// The limit of a buffering proxy also applies to small files, whether they are sent with the
// creation or not.
func TestBufferingProxyOfSmallFiles(t *testing.T) {
	for name, giveUp := range map[string]fake.Action{
		"413":         fake.Status(http.StatusRequestEntityTooLarge, "<html></html>"),
		"504":         fake.Status(http.StatusGatewayTimeout, "<html></html>"),
		"answer lost": fake.Cut(0),
	} {
		for size, limit := range map[int]int64{200 * clienttest.KiB: 128 * clienttest.KiB, 130 * clienttest.KiB: 128 * clienttest.KiB, 256 * clienttest.KiB: 64 * clienttest.KiB} {
			t.Run(fmt.Sprintf("%s, %d of %d", name, size, limit), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := clienttest.NewInlineServer(t, fake.Config{Hook: buffering(limit, giveUp)})
					c := clienttest.NewLearnedClient(t, s, client.Config{})
					data := clienttest.Noise(size)
					for range 2 {
						res, err := c.Upload(t.Context(), clienttest.TextSource(t, data), nil)
						if err != nil {
							t.Fatal(err)
						}
						clienttest.WantStored(t, s, res.URL, data)
						if res.BodyLimit == 0 || res.BodyLimit > limit {
							t.Errorf("limit %d, want BodyLimit not 0 and BodyLimit at most %v", res.BodyLimit, limit)
						}
					}
					var large int
					for _, n := range sizesOf(s) {
						if n > limit {
							large++
						}
					}
					if large > 5 {
						t.Errorf("%d requests were too large: %q", large, s.Seen())
					}
				})
			})
		}
	}
}

// After a time limit cut a large body, the next chunk size follows from the bytes that were
// sent, not only from the size of the body.
func TestBufferingProxyOfLargeFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const limit = 12 << 20
		s := fake.New(t, fake.Config{Hook: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if r.ContentLength <= limit {
				next.ServeHTTP(w, r)
				return
			}
			_, _ = io.CopyN(io.Discard, r.Body, limit)
			clienttest.EarlyStatus(http.StatusGatewayTimeout)(w, r, next)
		}})
		data := clienttest.Noise(200 << 20)
		res, err := clienttest.NewClient(t, s, client.Config{StallTimeout: time.Hour}).Upload(t.Context(), clienttest.TextSource(t, data), nil)
		if err != nil {
			t.Fatal(err)
		}
		clienttest.WantStored(t, s, res.URL, data)
		sizes := sizesOf(s)
		if len(sizes) < 4 || sizes[3] > limit || sizes[3] < limit/3 {
			t.Errorf("sizes %d, want at least 4 of them, [3] at most %v and [3] at least %v", sizes, limit, limit/3)
		}
	})
}

// The chunk size stays the same if the server kept a part of each body, after two losses, while
// the server is not reachable, and while it is throttled.
func TestChunkSizeKeptAfterOtherFailures(t *testing.T) {
	for name, hook := range map[string]func(s *fake.Server){
		"each cut keeps something": func(s *fake.Server) {
			s.On(http.MethodPatch, fake.Cut(1000), fake.Cut(1000), fake.Cut(1000), fake.Cut(1000))
		},
		"twice": func(s *fake.Server) {
			s.On(http.MethodPatch, fake.Status(502, ""), fake.Status(502, ""))
		},
		"the server is away": func(s *fake.Server) {
			s.On(http.MethodPatch, fake.Status(502, ""))
			s.On(http.MethodHead, fake.Status(502, ""), fake.Status(502, ""), fake.Status(502, ""))
		},
		"throttled": func(s *fake.Server) {
			busy := fake.Status(503, "", "Retry-After", "1")
			s.On(http.MethodPatch, busy, busy, busy, busy)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fake.New(t, fake.Config{})
				hook(s)
				data := clienttest.Noise(1200 * clienttest.KiB)
				res, err := clienttest.NewClient(t, s, client.Config{}).Upload(t.Context(), clienttest.TextSource(t, data), nil)
				if err != nil {
					t.Fatal(err)
				}
				clienttest.WantStored(t, s, res.URL, data)
				if res.BodyLimit != 0 {
					t.Errorf("limit %d after %q, want 0", res.BodyLimit, s.Seen())
				}
			})
		})
	}
}

// The search for a chunk size that passes ends at the smallest one.
func TestBufferingProxyOfEverySize(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{Hook: buffering(4, fake.Status(504, ""))})
		url := s.Put("", protocol.Known(1200*clienttest.KiB), nil)
		res, err := clienttest.NewClient(t, s, client.Config{}).Resume(t.Context(), url, clienttest.TextSource(t, clienttest.Noise(1200*clienttest.KiB)), nil)
		clienttest.WantErrorIs(t, err, protocol.ErrServer, retry.ErrExhausted)
		if errors.Is(err, client.ErrIntegrity) || res.BodyLimit != 64*clienttest.KiB || len(sizesOf(s)) > 15 {
			t.Errorf("result %+v after %q, want BodyLimit %v, not ErrIntegrity and at most 15", res, s.Seen(), 64*clienttest.KiB)
		}
	})
}

// A request that the end of the context cut was not lost, so the next ones have its size.
func TestCanceledBodyIsNotLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		s := fake.New(t, fake.Config{})
		gateway := buffering(0, fake.Status(http.StatusGatewayTimeout, ""))
		s.On(http.MethodPatch, gateway, gateway, clienttest.HangAndCancel(s, cancel))
		c := clienttest.NewClient(t, s, client.Config{})
		data := clienttest.Noise(1200 * clienttest.KiB)
		res, err := c.Upload(ctx, clienttest.TextSource(t, data), nil)
		clienttest.WantErrorIs(t, err, context.Canceled)
		if res.BodyLimit != 0 {
			t.Errorf("limit %d after %q, want 0", res.BodyLimit, s.Seen())
		}
	})
}
