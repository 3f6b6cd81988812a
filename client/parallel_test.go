package client_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
)

// wholeSize is the size of a file that makes four parts, of which the last is
// the shortest.
const wholeSize = 4<<20 + 3

// What a server sees, by method and by the first word of Upload-Concat.
const (
	partial = "POST partial"
	final   = "POST final"
)

// counts are how many requests of each kind the server has seen since the first
// n of them.
func counts(s *fake.Server, n int) map[string]int {
	m := make(map[string]int)
	for _, r := range s.Requests()[n:] {
		name := r.Method
		if kind, _, _ := strings.Cut(r.Header.Get("Upload-Concat"), ";"); kind != "" {
			name += " " + kind
		}
		m[name]++
	}
	return m
}

func wantCounts(t *testing.T, s *fake.Server, n int, want map[string]int) {
	t.Helper()
	if diff := cmp.Diff(want, counts(s, n)); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

// splitting is a client that keeps records, does not retry, and logs to log
// unless it is nil.
func splitting(store client.Store, log *bytes.Buffer) client.Config {
	cfg := recording(store, log)
	cfg.ChunkSize = 0
	return cfg
}

func TestParallel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var store client.MemoryStore
		var log bytes.Buffer
		g := &gauge{method: http.MethodPatch}
		s := fake.New(t, fake.Config{Hook: g.hook})
		data := noise(wholeSize)
		metadata := protocol.Metadata{"filename": "elephant.mp4"}
		var events []client.Event
		res, err := newClient(t, s, splitting(&store, &log)).Upload(t.Context(), path(t, write(t, data)),
			&client.UploadOptions{Parallel: 4, Metadata: metadata, OnEvent: recordEvents(&events)})
		if err != nil {
			t.Fatal(err)
		}
		wantStored(t, s, res.URL, data)
		wantCounts(t, s, 0, map[string]int{"OPTIONS": 1, partial: 4, "PATCH": 4, final: 1})
		if g.most != 4 {
			t.Errorf("%d parts at a time", g.most)
		}
		want := &client.Result{
			URL: "http://tus.example/files/5", Offset: wholeSize, Length: protocol.Known(wholeSize), Sent: wholeSize,
			CreationHeader: res.CreationHeader, Header: res.CreationHeader,
		}
		if diff := cmp.Diff(want, res, cmpopts.IgnoreFields(client.Result{}, "Parts")); diff != "" {
			t.Errorf("result (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(metadata, s.State(res.URL).Metadata); diff != "" {
			t.Errorf("metadata (-want +got):\n%s", diff)
		}

		value := "final;"
		for i, part := range res.Parts {
			size := int64(1<<20 + 1)
			if i == 3 {
				size--
			}
			state := s.State(part.URL)
			want := protocol.State{Offset: size, Length: protocol.Known(size), Concat: protocol.Concat{Kind: protocol.ConcatPartial}}
			if diff := cmp.Diff(want, state); diff != "" {
				t.Errorf("part %d (-want +got):\n%s", i+1, diff)
			}
			if part.Offset != size || part.Length != protocol.Known(size) || part.Sent != size {
				t.Errorf("result of part %d: %+v", i+1, part)
			}
			value += part.URL + " "
		}
		requests := s.Requests()
		if got := requests[len(requests)-1].Header.Get("Upload-Concat"); got != strings.TrimSpace(value) {
			t.Errorf("Upload-Concat %q, want %q", got, value)
		}
		wantWhole(t, events)
		wantNoRecord(t, &store)
		wantNoWarning(t, &log)
	})
}

func TestParallelCount(t *testing.T) {
	const mib = 1 << 20
	tests := map[string]struct {
		size  int64
		asked int
		want  int // 0: one piece
	}{
		"as asked":            {8 * mib, 3, 3},
		"at most 32":          {64 * mib, 100, 32},
		"of 1 MiB each":       {3*mib + 5, 8, 3},
		"two of 1 MiB":        {2 * mib, 8, 2},
		"less than two MiB":   {2*mib - 1, 8, 0},
		"a byte":              {1, 8, 0},
		"empty":               {0, 8, 0},
		"one":                 {8 * mib, 1, 0},
		"unasked":             {8 * mib, 0, 0},
		"many of a few bytes": {100, 100, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var store client.MemoryStore
				// What it would have been shows in what it leaves.
				s := fake.New(t, fake.Config{Hook: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
					if r.Method == http.MethodPost {
						fake.Status(403, "")(w, r, next)
						return
					}
					next.ServeHTTP(w, r)
				}})
				name := write(t, "")
				if err := os.Truncate(name, test.size); err != nil {
					t.Fatal(err)
				}
				res, err := newClient(t, s, splitting(&store, nil)).Upload(t.Context(), path(t, name), &client.UploadOptions{Parallel: test.asked})
				wantIs(t, err, protocol.ErrForbidden)
				if len(res.Parts) != test.want {
					t.Errorf("%d parts, want %d", len(res.Parts), test.want)
				}
				if test.want == 0 {
					wantSeen(t, s, post)
					wantNoRecord(t, &store)
					return
				}
				end, length := int64(0), test.size/int64(test.want)
				for i, p := range onlyRecord(t, &store).Parts {
					if n := p.End - p.Start; p.Start != end || n < length || n > length+1 {
						t.Errorf("part %d from %d to %d", i+1, p.Start, p.End)
					}
					end = p.End
				}
				if end != test.size {
					t.Errorf("parts end at %d, want %d", end, test.size)
				}
			})
		})
	}
}

// A server that cannot join parts gets the file in one piece, and a record as
// for any.
func TestParallelUnsupported(t *testing.T) {
	tests := map[string]fake.Action{
		"not announced":       nil,
		"nothing announced":   fake.With("Tus-Extension", ""),
		"OPTIONS not found":   fake.Status(404, ""),
		"OPTIONS not allowed": fake.Status(405, ""),
		"OPTIONS forbidden":   fake.Status(403, ""),
		"OPTIONS is a page":   fake.Status(200, page, "Content-Type", "text/html"),
	}
	for name, options := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var store client.MemoryStore
				var log bytes.Buffer
				s := fake.New(t, fake.Config{Extensions: []protocol.Extension{protocol.ExtensionCreation}})
				s.On(http.MethodOptions, options)
				s.On(http.MethodPatch, fake.Cut(7))
				data := noise(wholeSize)
				name := write(t, data)
				opts := &client.UploadOptions{Parallel: 4}
				res, err := newClient(t, s, splitting(&store, &log)).Upload(t.Context(), path(t, name), opts)
				wantIs(t, err, retry.ErrExhausted)
				wantLogged(t, &log, slog.LevelWarn, "sending over one connection")
				if r := onlyRecord(t, &store); r.Parts != nil || r.URL != res.URL || res.Parts != nil {
					t.Errorf("record %+v of %+v", r, res)
				}
				already := len(s.Seen())
				res, err = newClient(t, s, splitting(&store, nil)).Upload(t.Context(), path(t, name), opts)
				if err != nil {
					t.Fatal(err)
				}
				wantStored(t, s, res.URL, data)
				wantCounts(t, s, already, map[string]int{"HEAD": 1, "PATCH": 1})
				wantNoRecord(t, &store)
			})
		})
	}
}

// Nothing is begun while it is not known what the server can do.
func TestParallelOptionsFail(t *testing.T) {
	tests := map[string]struct {
		options fake.Action
		is      error
	}{
		"unavailable":  {fake.Status(503, ""), protocol.ErrServer},
		"no answer":    {fake.Lose, retry.ErrExhausted},
		"unauthorized": {fake.Status(401, ""), protocol.ErrUnauthorized},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var store client.MemoryStore
				s := fake.New(t, fake.Config{})
				s.On(http.MethodOptions, test.options)
				res, err := newClient(t, s, splitting(&store, nil)).Upload(t.Context(), path(t, write(t, noise(wholeSize))), &client.UploadOptions{Parallel: 4})
				wantIs(t, err, test.is)
				wantSeen(t, s, "OPTIONS /files/")
				wantNoRecord(t, &store)
				if res.Parts != nil {
					t.Errorf("result %+v", res)
				}
			})
		})
	}
}

func TestParallelSources(t *testing.T) {
	data := noise(wholeSize)
	files := fstest.MapFS{"a": {Data: []byte(data)}}
	tests := map[string]struct {
		open  func(t *testing.T) client.Source
		parts int
		asks  int // OPTIONS at most
	}{
		"ReaderAt": {func(t *testing.T) client.Source { t.Helper(); return text(t, data) }, 4, 1},
		"file": {func(t *testing.T) client.Source {
			t.Helper()
			f, err := os.Open(write(t, data))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = f.Close() })
			src, err := client.File(f)
			if err != nil {
				t.Fatal(err)
			}
			return src
		}, 4, 1},
		"file of an FS": {func(t *testing.T) client.Source {
			t.Helper()
			src, err := client.FS(files, "a")
			if err != nil {
				t.Fatal(err)
			}
			return src
		}, 4, 1},
		"file of an FS that is read forward": {func(t *testing.T) client.Source {
			t.Helper()
			src, err := client.FS(bareFS{files}, "a")
			if err != nil {
				t.Fatal(err)
			}
			return src
		}, 0, 0},
		// Its end may be known in time, or not.
		"stream":                 {func(*testing.T) client.Source { return stream(data, 0) }, 0, 1},
		"stream of known length": {func(*testing.T) client.Source { return stated(data, wholeSize) }, 0, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fake.New(t, fake.Config{})
				res, err := newClient(t, s, client.Config{}).Upload(t.Context(), test.open(t), &client.UploadOptions{Parallel: 4})
				if err != nil {
					t.Fatal(err)
				}
				wantStored(t, s, res.URL, data)
				if len(res.Parts) != test.parts || res.Sent != wholeSize {
					t.Errorf("result %+v", res)
				}
				if n := counts(s, 0); n["OPTIONS"] > test.asks || test.parts == 0 && n["POST"] != 1 {
					t.Errorf("requests %v", n)
				}
			})
		})
	}
}

func TestParallelNegative(t *testing.T) {
	s := fake.New(t, fake.Config{})
	res, err := newClient(t, s, client.Config{}).Upload(t.Context(), text(t, "a"), &client.UploadOptions{Parallel: -2})
	wantIs(t, err, client.ErrInvalidOption)
	if res == nil {
		t.Error("no result")
	}
	wantSeen(t, s)
}

// Chunks, cuts and retries are those of each part; the numbers are of all.
func TestParallelNumbers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		s.On(http.MethodOptions, fake.Status(503, ""))
		s.On(http.MethodPost, fake.Status(503, ""), fake.Lose)
		s.On(http.MethodPatch, fake.Cut(7), nil, fake.Cut(0), fake.Status(503, ""))
		data := noise(wholeSize)
		var events []client.Event
		res, err := newClient(t, s, client.Config{ChunkSize: half, Retry: second(3)}).Upload(t.Context(), text(t, data),
			&client.UploadOptions{Parallel: 4, OnEvent: recordEvents(&events)})
		if err != nil {
			t.Fatal(err)
		}
		wantStored(t, s, res.URL, data)
		wantWhole(t, events)
		if res.Retries != 6 || res.Orphans != 1 || res.Offset != wholeSize || res.Resumed != 0 {
			t.Errorf("result %+v", res)
		}
		sent, retries := int64(0), 0
		for _, p := range res.Parts {
			sent, retries = sent+p.Sent, retries+p.Retries
		}
		if sent != res.Sent || sent <= wholeSize || retries != 5 {
			t.Errorf("parts sent %d in %d retries, the whole %d", sent, retries, res.Sent)
		}
		told := 0
		for _, e := range events {
			if e.Kind == client.EventRetry {
				told++
			}
		}
		if told != res.Retries {
			t.Errorf("%d events of retries, want %d", told, res.Retries)
		}
	})
}
