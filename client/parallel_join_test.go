package client_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
)

// joining returns a server that answers the requests to join parts by actions, in order.
func joining(t *testing.T, extensions []protocol.Extension, actions ...fake.Action) *fake.Server {
	t.Helper()
	next := make(chan fake.Action, len(actions))
	for _, a := range actions {
		next <- a
	}
	return fake.New(t, fake.Config{Extensions: extensions, Hook: func(w http.ResponseWriter, r *http.Request, h http.Handler) {
		if strings.HasPrefix(r.Header.Get("Upload-Concat"), "final") {
			select {
			case a := <-next:
				a(w, r, h)
				return
			default:
			}
		}
		h.ServeHTTP(w, r)
	}})
}

// joinAndDelete joins parts, deletes the last n of them as a server may, and
// closes the connection without an answer.
func joinAndDelete(n int) fake.Action {
	return func(_ http.ResponseWriter, r *http.Request, next http.Handler) {
		next.ServeHTTP(httptest.NewRecorder(), r)
		parts := strings.Fields(strings.TrimPrefix(r.Header.Get("Upload-Concat"), "final;"))
		for _, part := range parts[len(parts)-n:] {
			next.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(r.Context(), http.MethodDelete, part, http.NoBody))
		}
		panic(http.ErrAbortHandler)
	}
}

// ways are the two calls that join parts, here with four parts each.
var ways = map[string]func(t *testing.T, c *client.Client, name, data string) (*client.Result, error){
	"Upload": func(t *testing.T, c *client.Client, name, _ string) (*client.Result, error) {
		t.Helper()
		return c.Upload(t.Context(), clienttest.PathSource(t, name), &client.UploadOptions{Parallel: 4})
	},
	"UploadConcat": func(t *testing.T, c *client.Client, _, data string) (*client.Result, error) {
		t.Helper()
		var sources []client.Source
		for _, r := range protocol.Split(clienttest.FourPartsSize, 4) {
			sources = append(sources, clienttest.TextSource(t, data[r.Start:r.End]))
		}
		return c.UploadConcat(t.Context(), sources, nil)
	},
}

// A request to join that got no answer is repeated while all parts exist.
func TestJoinUnanswered(t *testing.T) {
	tests := map[string]struct {
		join    []fake.Action
		heads   func(s *fake.Server) []fake.Action
		want    map[string]int
		orphans int
	}{
		"lost":              {[]fake.Action{fake.Lose}, nil, map[string]int{"HEAD": 4, clienttest.PostFinal: 2}, 1},
		"lost twice":        {[]fake.Action{fake.Lose, fake.Lose}, nil, map[string]int{"HEAD": 8, clienttest.PostFinal: 3}, 2},
		"refused":           {[]fake.Action{fake.Status(503, "")}, nil, map[string]int{clienttest.PostFinal: 2}, 0},
		"refused once lost": {[]fake.Action{fake.Lose, fake.Status(503, "")}, nil, map[string]int{"HEAD": 8, clienttest.PostFinal: 3}, 1},
		"HEAD fails": {[]fake.Action{fake.Lose}, func(s *fake.Server) []fake.Action {
			return []fake.Action{nil, s.Hang(0), nil, fake.Status(502, "")}
		}, map[string]int{"HEAD": 8, clienttest.PostFinal: 2}, 1},
	}
	for name, test := range tests {
		for way, upload := range ways {
			t.Run(name+"/"+way, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var store client.MemoryStore
					s := joining(t, nil, test.join...)
					if test.heads != nil {
						s.On(http.MethodHead, test.heads(s)...)
					}
					data := clienttest.Noise(clienttest.FourPartsSize)
					cfg := clienttest.PartsConfig(&store, nil)
					cfg.Retry = clienttest.RetryEachSecond(5)
					res, err := upload(t, clienttest.NewClient(t, s, cfg), clienttest.WriteFile(t, data), data)
					if err != nil {
						t.Fatal(err)
					}
					clienttest.WantStored(t, s, res.URL, data)
					want := map[string]int{"OPTIONS": 1, clienttest.PostPartial: 4, "PATCH": 4}
					maps.Copy(want, test.want)
					clienttest.WantRequestCounts(t, s, 0, want)
					if res.Orphans != test.orphans || res.Offset != clienttest.FourPartsSize || res.Sent != clienttest.FourPartsSize {
						t.Errorf("result %+v, want Orphans %v, Offset %v and Sent %v", res, test.orphans, clienttest.FourPartsSize, clienttest.FourPartsSize)
					}
					clienttest.WantNoRecord(t, &store)
				})
			})
		}
	}
}

// If parts are gone after a request to join without an answer, the upload fails with
// ErrUncertain. Nothing is sent again, also not by a later run.
func TestJoinUncertain(t *testing.T) {
	for _, deleted := range []int{1, 4} {
		for way, upload := range ways {
			t.Run(way, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var store client.MemoryStore
					s := joining(t, nil, joinAndDelete(deleted))
					data := clienttest.Noise(clienttest.FourPartsSize)
					name := clienttest.WriteFile(t, data)
					cfg := clienttest.PartsConfig(&store, nil)
					cfg.Retry = clienttest.RetryEachSecond(5)
					res, err := upload(t, clienttest.NewClient(t, s, cfg), name, data)
					clienttest.WantErrorIs(t, err, client.ErrUncertain, protocol.ErrNotFound)
					clienttest.WantRequestCounts(t, s, 0, map[string]int{"OPTIONS": 1, clienttest.PostPartial: 4, "PATCH": 4, clienttest.PostFinal: 1, "HEAD": 5 - deleted})
					if res.Orphans != 1 || res.URL != "" || len(res.Parts) != 4 {
						t.Errorf("result %+v, want Orphans 1, URL \"\" and 4 in Parts", res)
					}
					if way != "Upload" {
						return
					}
					r := clienttest.OnlyRecord(t, &store)
					if r.Offset != clienttest.FourPartsSize || !r.Uncertain {
						t.Errorf("record %+v, want Offset %v and Uncertain true", r, clienttest.FourPartsSize)
					}
					for i, p := range res.Parts {
						if r.Parts[i].URL != p.URL || r.Parts[i].Offset != p.Offset || p.Offset == 0 {
							t.Errorf("part %d: record %+v, result %+v, want Parts[i].URL %q, Parts[i].Offset %v and Offset not 0", i+1, r.Parts[i], p, p.URL, p.Offset)
						}
					}

					already := len(s.Seen())
					for range 2 {
						_, err = upload(t, clienttest.NewClient(t, s, cfg), name, data)
						clienttest.WantErrorIs(t, err, client.ErrUncertain, client.ErrPart)
						if n := clienttest.RequestCounts(s, already); n["PATCH"]+n[clienttest.PostPartial]+n[clienttest.PostFinal] > 0 {
							t.Errorf("requests %v, want none with bytes and no creation", n)
						}
						if after := clienttest.OnlyRecord(t, &store); !after.Uncertain || !cmp.Equal(clienttest.PartURLs(r), clienttest.PartURLs(after)) {
							t.Errorf("record %+v, want Uncertain true and the parts %q", after, clienttest.PartURLs(r))
						}
					}
				})
			})
		}
	}
}

// If the request to join gets no answer and all parts exist, a later run joins them.
func TestJoinLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var store client.MemoryStore
		s := joining(t, nil, fake.Status(503, ""))
		data := clienttest.Noise(clienttest.FourPartsSize)
		name := clienttest.WriteFile(t, data)
		_, err := clienttest.NewClient(t, s, clienttest.PartsConfig(&store, nil)).Upload(t.Context(), clienttest.PathSource(t, name), &client.UploadOptions{Parallel: 4})
		clienttest.WantErrorIs(t, err, retry.ErrExhausted)
		if r := clienttest.OnlyRecord(t, &store); r.Offset != clienttest.FourPartsSize || r.Uncertain {
			t.Errorf("record %+v, want Offset %v and Uncertain false", r, clienttest.FourPartsSize)
		}
		already := len(s.Seen())
		metadata := protocol.Metadata{"filename": "a"}
		res, err := clienttest.NewClient(t, s, clienttest.PartsConfig(&store, nil)).Upload(t.Context(), clienttest.PathSource(t, name), &client.UploadOptions{Metadata: metadata})
		if err != nil {
			t.Fatal(err)
		}
		clienttest.WantRequestCounts(t, s, already, map[string]int{"HEAD": 4, "OPTIONS": 1, clienttest.PostFinal: 1})
		clienttest.WantStored(t, s, res.URL, data)
		if res.Resumed != clienttest.FourPartsSize || res.Sent != 0 || res.Offset != clienttest.FourPartsSize || !cmp.Equal(s.State(res.URL).Metadata, metadata) {
			t.Errorf("result %+v, want Resumed and Offset %d, Sent 0 and the metadata %v", res, clienttest.FourPartsSize, metadata)
		}
	})
}

// The header that names the parts is short enough for proxies.
func TestJoinHeaderIsShort(t *testing.T) {
	for way, upload := range ways {
		t.Run(way, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fake.New(t, fake.Config{Location: func(path string) string { return path + "?sig=s%2Fe+c" }})
				data := clienttest.Noise(clienttest.FourPartsSize)
				c := clienttest.NewClient(t, s, client.Config{Endpoint: "http://" + strings.Repeat("elephant.", 250) + "example/files/"})
				res, err := upload(t, c, clienttest.WriteFile(t, data), data)
				if err != nil {
					t.Fatal(err)
				}
				clienttest.WantStored(t, s, res.URL, data)
				requests := s.Requests()
				value := requests[len(requests)-1].Header.Get("Upload-Concat")
				if len(value) > 8<<10 || strings.Count(value, "?sig=s%2Fe+c") != 4 {
					t.Errorf("%d bytes: %.200s, want at most %v of them and 4 × %q", len(value), value, 8<<10, "?sig=s%2Fe+c")
				}
			})
		})
	}
}

// The parts of a file that changes are not joined, and are deleted.
func TestParallelSourceChanges(t *testing.T) {
	noTermination := []protocol.Extension{protocol.ExtensionCreation, protocol.ExtensionConcatenation}
	const sending, refused, joined = "sending", "refused", "joined"
	tests := map[string]struct {
		extensions []protocol.Extension
		store      bool
		chunk      int64
		when       string
		deletes    int
	}{
		"while parts are sent":            {nil, true, 0, sending, 4},
		"while chunks are sent":           {nil, true, clienttest.ChunkSize, sending, 4},
		"while parts are sent, no record": {nil, false, 0, sending, 4},
		"before they are joined":          {nil, true, 0, refused, 4},
		"while they are joined":           {nil, true, 0, joined, 4},
		"parts cannot be deleted":         {noTermination, true, 0, sending, 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var store client.MemoryStore
				name := clienttest.WriteFile(t, clienttest.Noise(clienttest.FourPartsSize))
				changing := func(next fake.Action) fake.Action {
					return func(w http.ResponseWriter, r *http.Request, h http.Handler) {
						time.Sleep(time.Second)
						clienttest.SetModified(t, name, time.Now())
						time.Sleep(time.Second)
						next(w, r, h)
					}
				}
				slowly := func(w http.ResponseWriter, r *http.Request, h http.Handler) {
					time.Sleep(10 * time.Second)
					h.ServeHTTP(w, r)
				}
				cfg := clienttest.PartsConfig(nil, nil)
				cfg.Retry, cfg.ChunkSize = clienttest.RetryEachSecond(3), test.chunk
				if test.store {
					cfg.Store = &store
				}
				var join []fake.Action
				want := map[string]int{"OPTIONS": 1, clienttest.PostPartial: 4, "PATCH": 4, "DELETE": test.deletes}
				switch test.when {
				case refused:
					join, want[clienttest.PostFinal] = []fake.Action{changing(fake.Status(503, ""))}, 1
				case joined:
					join, want[clienttest.PostFinal] = []fake.Action{changing(fake.With())}, 1
					if test.deletes > 0 {
						want["DELETE"]++ // the upload that the parts became
					}
				}
				s := joining(t, test.extensions, join...)
				if test.when == sending {
					s.On(http.MethodPatch, slowly, slowly, slowly, changing(fake.With()))
				}
				res, err := clienttest.NewClient(t, s, cfg).Upload(t.Context(), clienttest.PathSource(t, name), &client.UploadOptions{Parallel: 4})
				clienttest.WantErrorIs(t, err, client.ErrSourceChanged, client.ErrSource)
				clienttest.WantRequestCounts(t, s, 0, want)
				for i, p := range res.Parts {
					if gone := s.Bytes(p.URL) == nil; gone != (test.deletes == 4) {
						t.Errorf("part %d: deleted %t, want %t", i+1, gone, test.deletes == 4)
					}
				}
				clienttest.WantNoRecord(t, &store)
			})
		})
	}
}

// RecreateAlways deletes the parts of the earlier upload. OPTIONS is not sent again.
func TestParallelRecreateAlways(t *testing.T) {
	tests := map[string]struct {
		extensions []protocol.Extension
		again      int
		want       map[string]int
	}{
		"in parts":     {nil, 4, map[string]int{"OPTIONS": 1, "DELETE": 4, clienttest.PostPartial: 4, "PATCH": 4, clienttest.PostFinal: 1}},
		"in one piece": {nil, 0, map[string]int{"DELETE": 4, "POST": 1, "PATCH": 1}},
		"parts cannot be deleted": {
			[]protocol.Extension{protocol.ExtensionConcatenation},
			4,
			map[string]int{"OPTIONS": 1, "DELETE": 1, clienttest.PostPartial: 4, "PATCH": 4, clienttest.PostFinal: 1},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var store client.MemoryStore
				s := fake.New(t, fake.Config{Extensions: test.extensions})
				data := clienttest.Noise(clienttest.FourPartsSize)
				name := clienttest.WriteFile(t, data)
				clienttest.InterruptParts(t, s, clienttest.PartsConfig(&store, nil), name)
				already := len(s.Seen())
				cfg := clienttest.PartsConfig(&store, nil)
				cfg.Recreate = client.RecreateAlways
				res, err := clienttest.NewClient(t, s, cfg).Upload(t.Context(), clienttest.PathSource(t, name), &client.UploadOptions{Parallel: test.again})
				if err != nil {
					t.Fatal(err)
				}
				clienttest.WantStored(t, s, res.URL, data)
				clienttest.WantRequestCounts(t, s, already, test.want)
				if res.Resumed != 0 || res.Sent != clienttest.FourPartsSize {
					t.Errorf("result %+v, want Resumed 0 and Sent %v", res, clienttest.FourPartsSize)
				}
				clienttest.WantNoRecord(t, &store)
			})
		})
	}
}
