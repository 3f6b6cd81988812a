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

// claimant is a server whose answers to HEAD claim bytes that it was never sent, for as
// long as the second result says so.
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

// A server that claims bytes which it was never sent is not believed by a later
// run either, for as long as it claims them.
func TestClaimsTooMuchAgain(t *testing.T) {
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
					time.Sleep(time.Minute) // what the run left on its way arrives
					already := len(s.Seen())
					_, err := clienttest.NewClient(t, s, cfg).Upload(t.Context(), clienttest.PathSource(t, name), opts)
					clienttest.WantErrorIs(t, err, client.ErrIntegrity)
					if r := clienttest.OnlyRecord(t, &store); parallel == 0 && r.Reach == (protocol.Length{}) {
						t.Errorf("record %+v", r)
					}
					if n := clienttest.RequestCounts(s, already); already > 0 && parallel == 0 && n["PATCH"] > 0 {
						t.Errorf("requests %v", n)
					}
				}
				// Where it was a mistake, nothing is lost.
				lying.Store(false)
				res, err := clienttest.NewClient(t, s, cfg).Upload(t.Context(), clienttest.PathSource(t, name), opts)
				if err != nil {
					t.Fatal(err)
				}
				if res.Resumed < 7 {
					t.Errorf("result %+v", res)
				}
				clienttest.WantStored(t, s, res.URL, data)
				clienttest.WantNoRecord(t, &store)
			})
		})
	}
}

// Once the upload goes on, the record holds nothing against it: a run that is
// killed then cannot say how much it has sent.
func TestClaimIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var store client.MemoryStore
		s, lying := claimant(t)
		name := clienttest.WriteFile(t, clienttest.Noise(clienttest.FourPartsSize))
		s.On(http.MethodPatch, fake.Cut(7), func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if r := clienttest.OnlyRecord(t, &store); r.Reach != (protocol.Length{}) {
				t.Errorf("record %+v", r)
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

// All bytes were sent, and the run ended before anybody could say what became of
// them: where the upload is gone, no later run sends them again.
func TestEndedBeforeTheAnswer(t *testing.T) {
	errStop := errors.New("enough")
	for name, test := range map[string]struct {
		parallel int
		final    string // the request that everything was sent by
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
					t.Errorf("record %+v", r)
				}
				time.Sleep(time.Minute) // what the run left on its way arrives
				already := len(s.Seen())
				_, err = clienttest.NewClient(t, s, clienttest.PartsConfig(&store, nil)).Upload(t.Context(), clienttest.PathSource(t, name), opts)
				clienttest.WantErrorIs(t, err, client.ErrUncertain)
				if n := clienttest.RequestCounts(s, already); n["PATCH"]+n["POST"]+n[clienttest.PostPartial]+n[clienttest.PostFinal] > 0 {
					t.Errorf("requests %v", n)
				}
			})
		})
	}
}

// A part that the server has lost went nowhere: it is sent again, and only it.
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
		s.On(http.MethodHead, fake.Status(404, ""))
		cfg := clienttest.PartsConfig(&store, nil)
		cfg.Retry = retry.Delays(0)
		_, err := clienttest.NewClient(t, s, cfg).Upload(t.Context(), clienttest.PathSource(t, name), opts)
		clienttest.WantErrorIs(t, err, client.ErrPart, protocol.ErrNotFound)
		if errors.Is(err, client.ErrUncertain) || clienttest.OnlyRecord(t, &store).Uncertain {
			t.Errorf("error %v, record %+v", err, clienttest.OnlyRecord(t, &store))
		}
		time.Sleep(time.Minute) // what the run left on its way arrives
		already := len(s.Seen())
		gone := clienttest.OnlyRecord(t, &store).Parts[3].URL
		s.On(http.MethodHead, goneAt(gone), goneAt(gone), goneAt(gone), goneAt(gone))
		res, err := clienttest.NewClient(t, s, cfg).Upload(t.Context(), clienttest.PathSource(t, name), opts)
		if err != nil {
			t.Fatal(err)
		}
		clienttest.WantStored(t, s, res.URL, data)
		if n := clienttest.RequestCounts(s, already); n["PATCH"] > 1 || n[clienttest.PostPartial] > 1 {
			t.Errorf("requests %v", n)
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

// What is not known of one upload is known of the next.
func TestDoubtIsNotInherited(t *testing.T) {
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
				t.Errorf("record %+v", r)
			}
			next.ServeHTTP(w, r)
		})
		if _, err := clienttest.NewClient(t, s, cfg).Upload(t.Context(), clienttest.PathSource(t, name), nil); err != nil {
			t.Fatal(err)
		}
	})
}

// An upload of whose last piece the server has kept only the beginning is not
// complete, wherever it goes then.
func TestKeptInPartAndGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var store client.MemoryStore
		s := fake.New(t, fake.Config{})
		name := clienttest.WriteFile(t, clienttest.Noise(clienttest.FourPartsSize))
		s.On(http.MethodPatch, fake.Keep(1000), func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			w.WriteHeader(http.StatusNotFound) // at once, whatever is still sent
		})
		cfg := clienttest.PartsConfig(&store, nil)
		_, err := clienttest.NewClient(t, s, cfg).Upload(t.Context(), clienttest.PathSource(t, name), nil)
		clienttest.WantErrorIs(t, err, protocol.ErrNotFound)
		if r := clienttest.OnlyRecord(t, &store); errors.Is(err, client.ErrUncertain) || r.Uncertain {
			t.Errorf("error %v, record %+v", err, r)
		}
	})
}

// Parts that were planned, and that a server would not make, bind nobody.
func TestPlannedPartsBindNobody(t *testing.T) {
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
		time.Sleep(time.Minute) // what the run left on its way arrives
		already := len(s.Seen())
		res, err := clienttest.NewClient(t, s, clienttest.PartsConfig(&store, nil)).Upload(t.Context(), clienttest.PathSource(t, name), nil)
		if err != nil {
			t.Fatal(err)
		}
		clienttest.WantStored(t, s, res.URL, data)
		clienttest.WantRequestCounts(t, s, already, map[string]int{"POST": 1, "PATCH": 1})
	})
}

// What is known of one part is not forgotten because others go on.
func TestClaimOfOnePart(t *testing.T) {
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
					t.Errorf("run %d: part %+v, the liar is %s", run.Load(), p, *liar.Load())
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

// Parts that may be joined are in doubt until all of them are known to be there.
func TestDoubtOutlivesOnePart(t *testing.T) {
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
				t.Errorf("run %d: record %+v", run.Load(), r)
			}
			run.Add(1)
		}
		s.On(http.MethodPost, fake.Status(403, "no"))
		_, err := clienttest.NewClient(t, s, clienttest.PartsConfig(&store, nil)).Upload(t.Context(), src, opts)
		clienttest.WantErrorIs(t, err, protocol.ErrForbidden)
		if r := clienttest.OnlyRecord(t, &store); r.Uncertain {
			t.Errorf("all parts are there, and the joining was refused: record %+v", r)
		}
	})
}

// What ended with an answer, or with its connection, is not in doubt: what is gone
// afterwards is sent again.
func TestEndedWithoutDoubt(t *testing.T) {
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
					t.Fatalf("error %v, record %+v", err, clienttest.OnlyRecord(t, &store))
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
