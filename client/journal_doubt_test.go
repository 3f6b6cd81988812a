package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
)

// claimant returns a server whose HEAD names an offset that was never sent while the second
// result is true.
func claimant(t *testing.T) (*fake.Server, *atomic.Bool) {
	t.Helper()
	lying := new(atomic.Bool)
	lying.Store(true)
	return fake.New(t, fake.Config{Hook: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if lying.Load() && r.Method == http.MethodHead {
			fake.With("Upload-Offset", "1048000")(w, r, next)
			return
		}
		next.ServeHTTP(w, r)
	}}), lying
}

// Each run fails with ErrIntegrity while the server names an offset above the bytes that were
// sent, and the record keeps the bound. The upload resumes when the server is right again.
func TestImpossibleOffsetFailsEachRun(t *testing.T) {
	for _, parallel := range []int{0, 4} {
		t.Run(fmt.Sprint(parallel), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var store client.MemoryStore
				s, lying := claimant(t)
				data := clienttest.Noise(clienttest.FourPartsSize)
				name := clienttest.WriteFile(t, data)
				cfg := clienttest.PartsConfig(&store, nil)
				cfg.Retry = retry.Delays(0)
				opts := &client.UploadOptions{Parallel: parallel}
				s.On(http.MethodPatch, fake.Cut(7))
				if parallel > 0 {
					s.On(http.MethodPatch, clienttest.HangAfter7Bytes(s), clienttest.HangAfter7Bytes(s), clienttest.HangAfter7Bytes(s))
				}
				for range 3 {
					time.Sleep(time.Minute) // the server handles the bytes that are still on their way
					already := len(s.Seen())
					_, err := clienttest.NewClient(t, s, cfg).Upload(t.Context(), clienttest.PathSource(t, name), opts)
					clienttest.WantErrorIs(t, err, client.ErrIntegrity)
					if r := clienttest.OnlyRecord(t, &store); parallel == 0 && r.Reach == (protocol.Length{}) {
						t.Errorf("record %+v, want Reach known", r)
					}
					if n := clienttest.RequestCounts(s, already); already > 0 && parallel == 0 && n["PATCH"] > 0 {
						t.Errorf("requests %v, want no PATCH", n)
					}
				}
				// The server names the true offset again.
				lying.Store(false)
				res, err := clienttest.NewClient(t, s, cfg).Upload(t.Context(), clienttest.PathSource(t, name), opts)
				if err != nil {
					t.Fatal(err)
				}
				if res.Resumed < 7 {
					t.Errorf("result %+v, want Resumed at least 7", res)
				}
				clienttest.WantStored(t, s, res.URL, data)
				clienttest.WantNoRecord(t, &store)
			})
		})
	}
}

// Reach is removed from the record when the upload resumes, because a run that is killed later
// cannot record how much it has sent.
func TestReachClearedByResume(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var store client.MemoryStore
		s, lying := claimant(t)
		name := clienttest.WriteFile(t, clienttest.Noise(clienttest.FourPartsSize))
		s.On(http.MethodPatch, fake.Cut(7), func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if r := clienttest.OnlyRecord(t, &store); r.Reach != (protocol.Length{}) {
				t.Errorf("record %+v, want Reach %v", r, protocol.Length{})
			}
			next.ServeHTTP(w, r)
		})
		cfg := clienttest.PartsConfig(&store, nil)
		cfg.Retry = retry.Delays(0)
		_, err := clienttest.NewClient(t, s, cfg).Upload(t.Context(), clienttest.PathSource(t, name), nil)
		clienttest.WantErrorIs(t, err, client.ErrIntegrity)
		lying.Store(false)
		if _, err := clienttest.NewClient(t, s, cfg).Upload(t.Context(), clienttest.PathSource(t, name), nil); err != nil {
			t.Fatal(err)
		}
	})
}

// If a run ends after all bytes were sent and before their answer, and the upload is gone
// later, later runs fail with ErrUncertain and send nothing.
func TestRunEndsBeforeLastAnswer(t *testing.T) {
	errStop := errors.New("enough")
	for name, test := range map[string]struct {
		parallel int
		final    string // the request that sent the last bytes
	}{
		"in one piece": {0, http.MethodPatch},
		"in parts":     {4, http.MethodPost},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var store client.MemoryStore
				ctx, cancel := context.WithCancelCause(t.Context())
				var gone atomic.Bool
				s := fake.New(t, fake.Config{Hook: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
					last := r.Method == test.final && (test.parallel == 0 || r.Header.Get("Upload-Concat") != "partial")
					switch {
					case gone.Load() && r.Method == http.MethodHead:
						fake.Status(404, "")(w, r, next)
					case last && !gone.Load():
						fake.Lose(w, r, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
							next.ServeHTTP(w, r)
							gone.Store(true)
							time.Sleep(time.Second)
							cancel(errStop)
							time.Sleep(time.Second)
						}))
					default:
						next.ServeHTTP(w, r)
					}
				}})
				name := clienttest.WriteFile(t, clienttest.Noise(clienttest.FourPartsSize))
				opts := &client.UploadOptions{Parallel: test.parallel}
				_, err := clienttest.NewClient(t, s, clienttest.PartsConfig(&store, nil)).Upload(ctx, clienttest.PathSource(t, name), opts)
				clienttest.WantErrorIs(t, err, errStop)
				if r := clienttest.OnlyRecord(t, &store); !r.Uncertain {
					t.Errorf("record %+v, want Uncertain true", r)
				}
				time.Sleep(time.Minute) // the server handles the bytes that are still on their way
				already := len(s.Seen())
				_, err = clienttest.NewClient(t, s, clienttest.PartsConfig(&store, nil)).Upload(t.Context(), clienttest.PathSource(t, name), opts)
				clienttest.WantErrorIs(t, err, client.ErrUncertain)
				if n := clienttest.RequestCounts(s, already); n["PATCH"]+n["POST"]+n[clienttest.PostPartial]+n[clienttest.PostFinal] > 0 {
					t.Errorf("requests %v, want none with bytes and no creation", n)
				}
			})
		})
	}
}

// A part that the server has lost is not uncertain. Only this part is sent again.
func TestLostPartIsSentAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var store client.MemoryStore
		s := fake.New(t, fake.Config{})
		data := clienttest.Noise(clienttest.FourPartsSize)
		name := clienttest.WriteFile(t, data)
		opts := &client.UploadOptions{Parallel: 4}
		s.On(http.MethodPatch, nil, nil, nil, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			time.Sleep(time.Second)
			fake.Lose(w, r, next)
		})
		s.On(http.MethodHead, fake.Status(410, ""))
		cfg := clienttest.PartsConfig(&store, nil)
		cfg.Retry = retry.Delays(0)
		_, err := clienttest.NewClient(t, s, cfg).Upload(t.Context(), clienttest.PathSource(t, name), opts)
		clienttest.WantErrorIs(t, err, client.ErrPart, protocol.ErrGone)
		if errors.Is(err, client.ErrUncertain) || clienttest.OnlyRecord(t, &store).Uncertain {
			t.Errorf("error %v, record %+v, want not ErrUncertain and Uncertain false", err, clienttest.OnlyRecord(t, &store))
		}
		time.Sleep(time.Minute) // the server handles the bytes that are still on their way
		already := len(s.Seen())
		gone := clienttest.OnlyRecord(t, &store).Parts[3].URL
		s.On(http.MethodHead, goneAt(gone), goneAt(gone), goneAt(gone), goneAt(gone))
		res, err := clienttest.NewClient(t, s, cfg).Upload(t.Context(), clienttest.PathSource(t, name), opts)
		if err != nil {
			t.Fatal(err)
		}
		clienttest.WantStored(t, s, res.URL, data)
		if n := clienttest.RequestCounts(s, already); n["PATCH"] > 1 || n[clienttest.PostPartial] > 1 {
			t.Errorf("requests %v, want [\"PATCH\"] at most 1 and [clienttest.PostPartial] at most 1", n)
		}
	})
}

func goneAt(url string) fake.Action {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if r.URL.String() == url || "http://"+r.Host+r.URL.Path == url {
			fake.Status(404, "")(w, r, next)
			return
		}
		next.ServeHTTP(w, r)
	}
}

// The record of a new upload does not have the mark Uncertain of the earlier one.
func TestNewUploadIsNotUncertain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var store client.MemoryStore
		s := fake.New(t, fake.Config{})
		name := clienttest.WriteFile(t, clienttest.Noise(clienttest.RecordedSize))
		s.On(http.MethodPatch, nil, nil, fake.Lose)
		s.On(http.MethodHead, fake.Status(404, ""))
		cfg := clienttest.RecordingConfig(&store, nil)
		cfg.Retry = nil
		_, err := clienttest.NewClient(t, s, cfg).Upload(t.Context(), clienttest.PathSource(t, name), nil)
		clienttest.WantErrorIs(t, err, client.ErrUncertain)
		cfg.Recreate = client.RecreateAlways
		s.On(http.MethodPatch, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if r := clienttest.OnlyRecord(t, &store); r.Uncertain {
				t.Errorf("record %+v, want Uncertain false", r)
			}
			next.ServeHTTP(w, r)
		})
		if _, err := clienttest.NewClient(t, s, cfg).Upload(t.Context(), clienttest.PathSource(t, name), nil); err != nil {
			t.Fatal(err)
		}
	})
}

// An upload that is gone is not uncertain if the last body was refused before all of it was
// sent.
func TestGoneAfterIncompleteLastBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var store client.MemoryStore
		s := fake.New(t, fake.Config{})
		name := clienttest.WriteFile(t, clienttest.Noise(clienttest.FourPartsSize))
		s.On(http.MethodPatch, fake.Keep(1000), func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			w.WriteHeader(http.StatusNotFound) // at once, while the body is still being sent
		})
		cfg := clienttest.PartsConfig(&store, nil)
		_, err := clienttest.NewClient(t, s, cfg).Upload(t.Context(), clienttest.PathSource(t, name), nil)
		clienttest.WantErrorIs(t, err, protocol.ErrNotFound)
		if r := clienttest.OnlyRecord(t, &store); errors.Is(err, client.ErrUncertain) || r.Uncertain {
			t.Errorf("error %v, record %+v, want not ErrUncertain and Uncertain false", err, r)
		}
	})
}

// If the server refused to create the planned parts, a later run may send the file in one
// piece.
func TestPlannedPartsAreDiscarded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var store client.MemoryStore
		s := fake.New(t, fake.Config{Hook: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if r.Header.Get("Upload-Concat") != "" {
				fake.Status(400, "no parts here")(w, r, next)
				return
			}
			next.ServeHTTP(w, r)
		}})
		data := clienttest.Noise(clienttest.FourPartsSize)
		name := clienttest.WriteFile(t, data)
		_, err := clienttest.NewClient(t, s, clienttest.PartsConfig(&store, nil)).Upload(t.Context(), clienttest.PathSource(t, name), &client.UploadOptions{Parallel: 4})
		clienttest.WantErrorIs(t, err, client.ErrPart)
		time.Sleep(time.Minute) // the server handles the bytes that are still on their way
		already := len(s.Seen())
		res, err := clienttest.NewClient(t, s, clienttest.PartsConfig(&store, nil)).Upload(t.Context(), clienttest.PathSource(t, name), nil)
		if err != nil {
			t.Fatal(err)
		}
		clienttest.WantStored(t, s, res.URL, data)
		clienttest.WantRequestCounts(t, s, already, map[string]int{"POST": 1, "PATCH": 1})
	})
}

// Reach of one part stays in the record while other parts resume.
func TestImpossibleOffsetOfOnePart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var store client.MemoryStore
		ctx, cancel := context.WithCancelCause(t.Context())
		errStop := errors.New("enough")
		var liar atomic.Pointer[string] // the path of a part
		var run atomic.Int32
		run.Store(1)
		lies := func(r *http.Request) bool {
			path := liar.Load()
			return r.Method == http.MethodHead && path != nil && r.URL.Path == *path
		}
		var s *fake.Server
		s = fake.New(t, fake.Config{Hook: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			switch {
			case r.Method == http.MethodPatch && run.Load() == 1 && liar.CompareAndSwap(nil, &r.URL.Path):
				fake.Cut(7)(w, r, next)
			case r.Method == http.MethodPatch && run.Load() < 3:
				clienttest.HangAfter7Bytes(s)(w, r, next)
			case lies(r) && run.Load() == 2:
				time.Sleep(time.Second)
				cancel(errStop)
				s.Hang(0)(w, r, next)
			case lies(r):
				fake.With("Upload-Offset", "1048000")(w, r, next)
			default:
				next.ServeHTTP(w, r)
			}
		}})
		cfg := clienttest.PartsConfig(&store, nil)
		cfg.Retry = retry.Delays(0)
		opts := &client.UploadOptions{Parallel: 4}
		src := clienttest.PathSource(t, clienttest.WriteFile(t, clienttest.Noise(clienttest.FourPartsSize)))
		onlyLiar := func() {
			t.Helper()
			for _, p := range clienttest.OnlyRecord(t, &store).Parts {
				if claims := p.Reach != (protocol.Length{}); claims != strings.HasSuffix(p.URL, *liar.Load()) {
					t.Errorf("run %d: part %+v, wrong offset for %s", run.Load(), p, *liar.Load())
				}
			}
		}
		_, err := clienttest.NewClient(t, s, cfg).Upload(t.Context(), src, opts)
		clienttest.WantErrorIs(t, err, client.ErrIntegrity)
		onlyLiar()
		run.Store(2)
		_, err = clienttest.NewClient(t, s, cfg).Upload(ctx, src, opts)
		clienttest.WantErrorIs(t, err, errStop)
		onlyLiar()
		run.Store(3)
		_, err = clienttest.NewClient(t, s, cfg).Upload(t.Context(), src, opts)
		clienttest.WantErrorIs(t, err, client.ErrIntegrity)
	})
}

// Parts that may have been joined stay uncertain until HEAD has found all of them.
func TestUncertainUntilAllPartsAreFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var store client.MemoryStore
		errStop := errors.New("enough")
		first, cancelFirst := context.WithCancelCause(t.Context())
		second, cancelSecond := context.WithCancelCause(t.Context())
		var run, heads atomic.Int32
		run.Store(1)
		var s *fake.Server
		s = fake.New(t, fake.Config{Hook: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			switch {
			case run.Load() == 1 && r.Method == http.MethodPost && r.Header.Get("Upload-Concat") != "partial":
				cancelFirst(errStop)
				s.Hang(0)(w, r, next)
			case run.Load() == 2 && r.Method == http.MethodHead:
				if heads.Add(1) < 4 {
					next.ServeHTTP(w, r)
					return
				}
				time.Sleep(time.Second)
				cancelSecond(errStop)
				s.Hang(0)(w, r, next)
			default:
				next.ServeHTTP(w, r)
			}
		}})
		src := clienttest.PathSource(t, clienttest.WriteFile(t, clienttest.Noise(clienttest.FourPartsSize)))
		opts := &client.UploadOptions{Parallel: 4}
		for _, ctx := range []context.Context{first, second} {
			_, err := clienttest.NewClient(t, s, clienttest.PartsConfig(&store, nil)).Upload(ctx, src, opts)
			clienttest.WantErrorIs(t, err, errStop)
			if r := clienttest.OnlyRecord(t, &store); !r.Uncertain {
				t.Errorf("run %d: record %+v, want Uncertain true", run.Load(), r)
			}
			run.Add(1)
		}
		s.On(http.MethodPost, fake.Status(403, "no"))
		_, err := clienttest.NewClient(t, s, clienttest.PartsConfig(&store, nil)).Upload(t.Context(), src, opts)
		clienttest.WantErrorIs(t, err, protocol.ErrForbidden)
		if r := clienttest.OnlyRecord(t, &store); r.Uncertain {
			t.Errorf("all parts exist and the join was refused, but the record is %+v, want Uncertain false", r)
		}
	})
}

// After an answer or a lost connection, an upload is not uncertain. If it is gone, it is sent
// again. With Config.Once, a lost connection leaves a doubt, see
// TestOnceIsUncertainWithoutAnswer.
func TestNotUncertainAfterAnswer(t *testing.T) {
	for name, patch := range map[string]fake.Action{
		"refused": fake.Status(403, "no"), "disk full": fake.Status(507, ""), "connection lost": fake.Lose,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var store client.MemoryStore
				s := fake.New(t, fake.Config{})
				data := clienttest.Noise(clienttest.RecordedSize)
				name := clienttest.WriteFile(t, data)
				s.On(http.MethodPatch, patch)
				s.On(http.MethodHead, fake.Status(404, ""))
				_, err := clienttest.NewClient(t, s, clienttest.PartsConfig(&store, nil)).Upload(t.Context(), clienttest.PathSource(t, name), nil)
				if err == nil || clienttest.OnlyRecord(t, &store).Uncertain {
					t.Fatalf("error %v, record %+v, want an error and Uncertain false", err, clienttest.OnlyRecord(t, &store))
				}
				res, err := clienttest.NewClient(t, s, clienttest.PartsConfig(&store, nil)).Upload(t.Context(), clienttest.PathSource(t, name), nil)
				if err != nil {
					t.Fatal(err)
				}
				clienttest.WantStored(t, s, res.URL, data)
			})
		})
	}
}
