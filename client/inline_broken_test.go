package client_test

import (
	"context"
	"net/http"
	"os"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
)

// A file that changes while it is sent with the creation fails the upload.
func TestInlineSourceChanges(t *testing.T) {
	tests := map[string]struct {
		change func(file string) error
		ok     bool
	}{
		"longer":  {func(file string) error { return os.WriteFile(file, []byte("hello, world"), 0o600) }, false},
		"shorter": {func(file string) error { return os.Truncate(file, 3) }, false},
		"as long": {func(file string) error { return os.WriteFile(file, []byte("HELLO"), 0o600) }, false},
		// An open file keeps its bytes after it was removed.
		"only its name is gone": {os.Remove, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if test.ok && runtime.GOOS == "windows" {
				t.Skip("this system cannot remove an open file")
			}
			file := t.TempDir() + "/file"
			if err := os.WriteFile(file, []byte("hello"), 0o600); err != nil {
				t.Fatal(err)
			}
			long := time.Now().Add(-time.Hour)
			if err := os.Chtimes(file, long, long); err != nil {
				t.Fatal(err)
			}
			s := clienttest.NewInlineServer(t, fake.Config{})
			s.On(http.MethodPost, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
				next.ServeHTTP(w, r)
				if err := test.change(file); err != nil {
					t.Error(err)
				}
			})
			src, err := client.Path(file)
			if err != nil {
				t.Fatal(err)
			}
			res, err := clienttest.NewLearnedClient(t, s, client.Config{}).Upload(t.Context(), src, nil)
			want := []string{clienttest.Options, "POST /files/ +5"}
			if !test.ok {
				want = append(want, "DELETE /files/1")
			}
			clienttest.WantRequests(t, s, want...)
			if test.ok {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			clienttest.WantErrorIs(t, err, client.ErrSource, client.ErrSourceChanged)
			if res.URL == "" {
				t.Error("the result has no URL")
			}
		})
	}
}

func TestInlineStalls(t *testing.T) {
	tests := map[string]struct {
		size  int
		taken int64
		want  time.Duration
	}{
		"in the middle":       {1 << 20, 100, 30 * time.Second},
		"after the last byte": {5, 5, 10 * time.Minute},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := clienttest.NewInlineServer(t, fake.Config{})
				s.On(http.MethodPost, s.Hang(test.taken))
				c := clienttest.NewLearnedClient(t, s, client.Config{Retry: clienttest.RetryEachSecond(1)})
				data := clienttest.Noise(test.size)
				began := time.Now()
				res, err := c.Upload(t.Context(), clienttest.TextSource(t, data), nil)
				if err != nil {
					t.Fatal(err)
				}
				if took := time.Since(began); took != test.want+time.Second {
					t.Errorf("took %v, want %v", took, test.want+time.Second)
				}
				clienttest.WantStored(t, s, res.URL, data)
				if seen := s.Seen(); len(seen) != 4 || seen[2] != clienttest.Post || res.Orphans != 1 || res.Retries != 1 {
					t.Errorf("requests %q, result %+v, want 4 of them, [2] %q, Orphans 1 and Retries 1", seen, res, clienttest.Post)
				}
			})
		})
	}
}

// A creation that is canceled may have left an upload on the server. Result.Orphans counts it.
func TestInlineCancelled(t *testing.T) {
	tests := map[string]struct {
		taken int64
		size  int
	}{
		"in the middle":       {100, 1 << 20},
		"after the last byte": {5, 5},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := clienttest.NewInlineServer(t, fake.Config{})
				s.On(http.MethodPost, s.Hang(test.taken))
				c := clienttest.NewLearnedClient(t, s, client.Config{})
				ctx, cancel := context.WithCancelCause(t.Context())
				time.AfterFunc(3*time.Second, func() { cancel(clienttest.ErrUnplugged) })
				began := time.Now()
				res, err := c.Upload(ctx, clienttest.TextSource(t, clienttest.Noise(test.size)), nil)
				clienttest.WantErrorIs(t, err, clienttest.ErrUnplugged, context.Canceled)
				if took := time.Since(began); took != 3*time.Second {
					t.Errorf("took %v, want %v", took, 3*time.Second)
				}
				if n := len(s.Seen()); n != 2 || res.URL != "" || res.Offset != 0 || res.Orphans != 1 || res.Retries != 0 {
					t.Errorf("%d requests, result %+v, want 2, Orphans 1, URL \"\", Offset 0 and Retries 0", n, res)
				}
			})
		})
	}
}

// Resume never creates an upload.
func TestResumeNeverCreates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := clienttest.NewInlineServer(t, fake.Config{})
		c := clienttest.NewLearnedClient(t, s, client.Config{})
		res, err := c.Upload(t.Context(), clienttest.TextSource(t, "hello"), nil)
		if err != nil {
			t.Fatal(err)
		}
		s.Truncate(res.URL, 2)
		if _, err := c.Resume(t.Context(), res.URL, clienttest.TextSource(t, "hello"), nil); err != nil {
			t.Fatal(err)
		}
		clienttest.WantRequests(t, s, clienttest.Options, "POST /files/ +5", "HEAD /files/1", "PATCH /files/1 2+3")
		clienttest.WantStored(t, s, res.URL, "hello")
	})
}
