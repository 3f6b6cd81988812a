package client_test

import (
	"io"
	"net/http"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"testing/synctest"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/transport"
)

// items returns one item for each size in bytes.
func items(t *testing.T, sizes ...int) []client.Item {
	t.Helper()
	var list []client.Item
	for _, n := range sizes {
		list = append(list, client.Item{Source: clienttest.TextSource(t, clienttest.Noise(n))})
	}
	return list
}

// asked returns the number of OPTIONS requests.
func asked(s *fake.Server) int {
	return len(slices.DeleteFunc(s.Seen(), func(r string) bool { return r != clienttest.Options }))
}

func TestUploadAllAsksOnce(t *testing.T) {
	const large = 1<<20 + 1
	tests := map[string]struct {
		cfg   client.Config
		sizes []int
		want  int
	}{
		"many small ones":          {client.Config{}, []int{1, 2, 3, 4, 5, 6, 7}, 1},
		"two":                      {client.Config{}, []int{1, 2}, 1},
		"one":                      {client.Config{}, []int{1}, 0},
		"none":                     {client.Config{}, nil, 0},
		"large ones":               {client.Config{}, []int{large, large}, 0},
		"empty ones":               {client.Config{}, []int{0, 0, 0}, 0},
		"a small one, then large":  {client.Config{}, []int{1, large}, 0},
		"a large one, then small":  {client.Config{}, []int{large, 1}, 1},
		"small ones, switched off": {client.Config{InlineSize: -1}, []int{1, 2}, 0},
		"small for this client":    {client.Config{InlineSize: large}, []int{large, large}, 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := clienttest.NewInlineServer(t, fake.Config{})
				c := clienttest.NewClient(t, s, test.cfg)
				for range 2 {
					if _, err := c.UploadAll(t.Context(), items(t, test.sizes...)); err != nil {
						t.Fatal(err)
					}
				}
				if got := asked(s); got != test.want {
					t.Errorf("OPTIONS was sent %d times, want %d", got, test.want)
				}
				if n := len(s.Seen()); test.want == 1 && !slices.Contains(test.sizes, large) && n != 1+2*len(test.sizes) {
					t.Errorf("%d requests for %d uploads, want %d", n, 2*len(test.sizes), 1+2*len(test.sizes))
				}
			})
		})
	}
}

// A single upload sends no OPTIONS, because that costs more time than it saves.
func TestUploadDoesNotAsk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := clienttest.NewInlineServer(t, fake.Config{})
		c := clienttest.NewClient(t, s, client.Config{})
		for range 2 {
			if _, err := c.Upload(t.Context(), clienttest.TextSource(t, "hello"), nil); err != nil {
				t.Fatal(err)
			}
		}
		clienttest.WantRequests(t, s, clienttest.Post, "PATCH /files/1 0+5", clienttest.Post, "PATCH /files/2 0+5")
	})
}

// UploadAll works even if OPTIONS fails.
func TestUploadAllWithoutAnswer(t *testing.T) {
	for name, action := range map[string]fake.Action{
		"not found":          fake.Status(404, ""),
		"not allowed":        fake.Status(405, ""),
		"busy":               fake.Status(503, ""),
		"not of tus":         fake.Status(204, ""),
		"no answer":          fake.Lose,
		"without it":         fake.With("Tus-Extension", "creation"),
		"with a longer name": fake.With("Tus-Extension", "creation,creation-with-upload-and-more"),
		"with an empty list": fake.With("Tus-Extension", ""),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := clienttest.NewInlineServer(t, fake.Config{})
				s.On(http.MethodOptions, action)
				outcomes, err := clienttest.NewClient(t, s, client.Config{}).UploadAll(t.Context(), items(t, 1, 2, 3))
				if err != nil {
					t.Fatal(err)
				}
				for i, o := range outcomes {
					clienttest.WantStored(t, s, o.Result.URL, clienttest.Noise(i+1))
				}
				if n := len(s.Seen()); asked(s) != 1 || n != 7 {
					t.Errorf("%d requests, of which OPTIONS %d times, want 7 and 1", n, asked(s))
				}
			})
		})
	}
}

// An upload that fails does not stop the others, which take one request each.
func TestUploadAllInlineFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := clienttest.NewInlineServer(t, fake.Config{})
		list := items(t, 1, 2, 3, 4)
		broken, err := client.ReaderAt(failing{"hello", 2, io.ErrClosedPipe}, 5)
		if err != nil {
			t.Fatal(err)
		}
		list[1].Source = broken
		list[2].Source = client.Stream(iotest.ErrReader(io.ErrNoProgress), nil)
		outcomes, err := clienttest.NewClient(t, s, client.Config{Concurrency: 1}).UploadAll(t.Context(), list)
		clienttest.WantErrorIs(t, err, io.ErrClosedPipe, io.ErrNoProgress)
		for _, i := range []int{0, 3} {
			if outcomes[i].Err != nil {
				t.Errorf("upload %d: %v", i, outcomes[i].Err)
			}
			clienttest.WantStored(t, s, outcomes[i].Result.URL, clienttest.Noise(i+1))
		}
		clienttest.WantErrorIs(t, outcomes[1].Err, io.ErrClosedPipe)
		clienttest.WantErrorIs(t, outcomes[2].Err, io.ErrNoProgress)
	})
}

// answering returns a Doer that accepts every creation with bytes, at almost no cost.
func answering(t *testing.T) transport.Doer {
	t.Helper()
	var made atomic.Int64
	return transport.DoerFunc(func(r *http.Request) (*http.Response, error) {
		n, err := io.Copy(io.Discard, r.Body)
		if err != nil {
			return nil, err
		}
		resp := &http.Response{StatusCode: http.StatusCreated, Header: http.Header{}, Body: http.NoBody, Request: r}
		resp.Header.Set("Tus-Resumable", "1.0.0")
		if r.Method == http.MethodOptions {
			resp.StatusCode = http.StatusNoContent
			resp.Header.Set("Tus-Version", "1.0.0")
			resp.Header.Set("Tus-Extension", "creation,creation-with-upload")
			return resp, nil
		}
		if r.Method != http.MethodPost || n != 5 {
			t.Errorf("%s with %d bytes, want Method %q and 5", r.Method, n, http.MethodPost)
		}
		resp.Header.Set("Location", "/files/"+strconv.FormatInt(made.Add(1), 10))
		resp.Header.Set("Upload-Offset", "5")
		return resp, nil
	})
}

// The cost of an upload does not grow with the number of uploads.
func TestUploadAllScales(t *testing.T) {
	const most = 80 // allocations for one upload
	cost := func(n int) float64 {
		c, err := client.New(client.Config{Endpoint: "http://tus.example/files/", Doer: answering(t)})
		if err != nil {
			t.Fatal(err)
		}
		list := slices.Repeat(items(t, 5), n)
		return testing.AllocsPerRun(1, func() {
			if _, err := c.UploadAll(t.Context(), list); err != nil {
				t.Error(err)
			}
		}) / float64(n)
	}
	few, many := cost(100), cost(10_000)
	t.Logf("%.1f allocations for each of 100 uploads, %.1f for each of 10,000", few, many)
	if many > most || many > few+1 {
		t.Errorf("%.1f allocations for each of 100 uploads, %.1f for each of 10,000, want at most %v and at most %v", few, many, most, few+1)
	}
}
