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
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
)

func TestParallel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var store client.MemoryStore
		var log bytes.Buffer
		g := &gauge{method: http.MethodPatch}
		s := fake.New(t, fake.Config{Hook: g.hook})
		data := clienttest.Noise(clienttest.FourPartsSize)
		metadata := protocol.Metadata{"filename": "elephant.mp4"}
		var events []client.Event
		res, err := clienttest.NewClient(t, s, clienttest.PartsConfig(&store, &log)).Upload(t.Context(), clienttest.PathSource(t, clienttest.WriteFile(t, data)),
			&client.UploadOptions{Parallel: 4, Metadata: metadata, OnEvent: clienttest.RecordEvents(&events)})
		if err != nil {
			t.Fatal(err)
		}
		clienttest.WantStored(t, s, res.URL, data)
		clienttest.WantRequestCounts(t, s, 0, map[string]int{"OPTIONS": 1, clienttest.PostPartial: 4, "PATCH": 4, clienttest.PostFinal: 1})
		if g.most != 4 {
			t.Errorf("%d parts at a time, want 4", g.most)
		}
		want := &client.Result{
			URL: "http://tus.example/files/5", Offset: clienttest.FourPartsSize, Length: protocol.Known(clienttest.FourPartsSize), Sent: clienttest.FourPartsSize,
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
				t.Errorf("result of part %d: %+v, want Offset %v, Length %v and Sent %v", i+1, part, size, protocol.Known(size), size)
			}
			value += part.URL + " "
		}
		requests := s.Requests()
		if got := requests[len(requests)-1].Header.Get("Upload-Concat"); got != strings.TrimSpace(value) {
			t.Errorf("Upload-Concat %q, want %q", got, value)
		}
		clienttest.WantPartEvents(t, events)
		clienttest.WantNoRecord(t, &store)
		clienttest.WantNoWarning(t, &log)
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
				// The creation is refused, and the record shows the planned parts.
				s := fake.New(t, fake.Config{Hook: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
					if r.Method == http.MethodPost {
						fake.Status(403, "")(w, r, next)
						return
					}
					next.ServeHTTP(w, r)
				}})
				name := clienttest.WriteFile(t, "")
				if err := os.Truncate(name, test.size); err != nil {
					t.Fatal(err)
				}
				res, err := clienttest.NewClient(t, s, clienttest.PartsConfig(&store, nil)).Upload(t.Context(), clienttest.PathSource(t, name), &client.UploadOptions{Parallel: test.asked})
				clienttest.WantErrorIs(t, err, protocol.ErrForbidden)
				if len(res.Parts) != test.want {
					t.Errorf("%d parts, want %d", len(res.Parts), test.want)
				}
				if test.want == 0 {
					clienttest.WantRequests(t, s, clienttest.Post)
					clienttest.WantNoRecord(t, &store)
					return
				}
				end, length := int64(0), test.size/int64(test.want)
				for i, p := range clienttest.OnlyRecord(t, &store).Parts {
					if n := p.End - p.Start; p.Start != end || n < length || n > length+1 {
						t.Errorf("part %d from %d to %d, want Start %v, at least %v and at most %v", i+1, p.Start, p.End, end, length, length+1)
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

// Without concatenation, the file is sent in one piece, and has a record.
func TestParallelUnsupported(t *testing.T) {
	tests := map[string]fake.Action{
		"not announced":       nil,
		"nothing announced":   fake.With("Tus-Extension", ""),
		"OPTIONS not found":   fake.Status(404, ""),
		"OPTIONS not allowed": fake.Status(405, ""),
		"OPTIONS forbidden":   fake.Status(403, ""),
		"OPTIONS is a page":   fake.Status(200, clienttest.HTMLPage, "Content-Type", "text/html"),
	}
	for name, options := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var store client.MemoryStore
				var log bytes.Buffer
				s := fake.New(t, fake.Config{Extensions: []protocol.Extension{protocol.ExtensionCreation}})
				s.On(http.MethodOptions, options)
				s.On(http.MethodPatch, fake.Cut(7))
				data := clienttest.Noise(clienttest.FourPartsSize)
				name := clienttest.WriteFile(t, data)
				opts := &client.UploadOptions{Parallel: 4}
				res, err := clienttest.NewClient(t, s, clienttest.PartsConfig(&store, &log)).Upload(t.Context(), clienttest.PathSource(t, name), opts)
				clienttest.WantErrorIs(t, err, retry.ErrExhausted)
				clienttest.WantLogged(t, &log, slog.LevelWarn, "sending over one connection")
				if r := clienttest.OnlyRecord(t, &store); r.Parts != nil || r.URL != res.URL || res.Parts != nil {
					t.Errorf("record %+v of %+v, want Parts nil, URL %q and Parts nil", r, res, res.URL)
				}
				already := len(s.Seen())
				res, err = clienttest.NewClient(t, s, clienttest.PartsConfig(&store, nil)).Upload(t.Context(), clienttest.PathSource(t, name), opts)
				if err != nil {
					t.Fatal(err)
				}
				clienttest.WantStored(t, s, res.URL, data)
				clienttest.WantRequestCounts(t, s, already, map[string]int{"HEAD": 1, "PATCH": 1})
				clienttest.WantNoRecord(t, &store)
			})
		})
	}
}

// An upload in parts fails before anything is sent if OPTIONS fails.
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
				res, err := clienttest.NewClient(t, s, clienttest.PartsConfig(&store, nil)).Upload(t.Context(), clienttest.PathSource(t, clienttest.WriteFile(t, clienttest.Noise(clienttest.FourPartsSize))), &client.UploadOptions{Parallel: 4})
				clienttest.WantErrorIs(t, err, test.is)
				clienttest.WantRequests(t, s, "OPTIONS /files/")
				clienttest.WantNoRecord(t, &store)
				if res.Parts != nil {
					t.Errorf("result %+v, want Parts nil", res)
				}
			})
		})
	}
}

func TestParallelSources(t *testing.T) {
	data := clienttest.Noise(clienttest.FourPartsSize)
	files := fstest.MapFS{"a": {Data: []byte(data)}}
	tests := map[string]struct {
		open  func(t *testing.T) client.Source
		parts int
		asks  int // OPTIONS at most
	}{
		"ReaderAt": {func(t *testing.T) client.Source { t.Helper(); return clienttest.TextSource(t, data) }, 4, 1},
		"file": {func(t *testing.T) client.Source {
			t.Helper()
			f, err := os.Open(clienttest.WriteFile(t, data))
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
			src, err := client.FS(clienttest.BareFS{FS: files}, "a")
			if err != nil {
				t.Fatal(err)
			}
			return src
		}, 0, 0},
		// Whether the length of a stream is known in time is not fixed.
		"stream":                 {func(*testing.T) client.Source { return clienttest.StreamSource(data, 0) }, 0, 1},
		"stream of known length": {func(*testing.T) client.Source { return clienttest.SizedStream(data, clienttest.FourPartsSize) }, 0, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fake.New(t, fake.Config{})
				res, err := clienttest.NewClient(t, s, client.Config{}).Upload(t.Context(), test.open(t), &client.UploadOptions{Parallel: 4})
				if err != nil {
					t.Fatal(err)
				}
				clienttest.WantStored(t, s, res.URL, data)
				if len(res.Parts) != test.parts || res.Sent != clienttest.FourPartsSize {
					t.Errorf("result %+v, want %v in Parts and Sent %v", res, test.parts, clienttest.FourPartsSize)
				}
				if n := clienttest.RequestCounts(s, 0); n["OPTIONS"] > test.asks || test.parts == 0 && n["POST"] != 1 {
					t.Errorf("requests %v, want at most %d OPTIONS, and 1 POST without parts", n, test.asks)
				}
			})
		})
	}
}

func TestParallelNegative(t *testing.T) {
	s := fake.New(t, fake.Config{})
	res, err := clienttest.NewClient(t, s, client.Config{}).Upload(t.Context(), clienttest.TextSource(t, "a"), &client.UploadOptions{Parallel: -2})
	clienttest.WantErrorIs(t, err, client.ErrInvalidOption)
	if res == nil {
		t.Error("no result")
	}
	clienttest.WantRequests(t, s)
}

// Each part has its own chunks and retries. The result has their sums.
func TestParallelNumbers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		s.On(http.MethodOptions, fake.Status(503, ""))
		s.On(http.MethodPost, fake.Status(503, ""), fake.Lose)
		s.On(http.MethodPatch, fake.Cut(7), nil, fake.Cut(0), fake.Status(503, ""))
		data := clienttest.Noise(clienttest.FourPartsSize)
		var events []client.Event
		res, err := clienttest.NewClient(t, s, client.Config{ChunkSize: clienttest.ChunkSize, Retry: clienttest.RetryEachSecond(3)}).Upload(t.Context(), clienttest.TextSource(t, data),
			&client.UploadOptions{Parallel: 4, OnEvent: clienttest.RecordEvents(&events)})
		if err != nil {
			t.Fatal(err)
		}
		clienttest.WantStored(t, s, res.URL, data)
		clienttest.WantPartEvents(t, events)
		if res.Retries != 6 || res.Orphans != 1 || res.Offset != clienttest.FourPartsSize || res.Resumed != 0 {
			t.Errorf("result %+v, want Retries 6, Orphans 1, Offset %v and Resumed 0", res, clienttest.FourPartsSize)
		}
		sent, retries := int64(0), 0
		for _, p := range res.Parts {
			sent, retries = sent+p.Sent, retries+p.Retries
		}
		if sent != res.Sent || sent <= clienttest.FourPartsSize || retries != 5 {
			t.Errorf("parts sent %d in %d retries, the whole %d, want %v, more than %v and 5", sent, retries, res.Sent, res.Sent, clienttest.FourPartsSize)
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
