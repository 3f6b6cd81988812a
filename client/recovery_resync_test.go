package client_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
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

// overtaken handles an older PATCH with offset and body first, and then the current request.
func overtaken(offset, body string) fake.Action {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		older := r.Clone(r.Context())
		older.Header.Set(protocol.HeaderUploadOffset, offset)
		older.Body, older.ContentLength = http.NoBody, int64(len(body))
		if body != "" {
			older.Body = closer{strings.NewReader(body)}
		}
		next.ServeHTTP(httptest.NewRecorder(), older)
		next.ServeHTTP(w, r)
	}
}

type closer struct{ *strings.Reader }

func (closer) Close() error { return nil }

func TestResync(t *testing.T) {
	const head = "HEAD /files/1"
	refuse := fake.Status(http.StatusConflict, "ERR_MISMATCHED_OFFSET: mismatched offset\n")
	tests := map[string]struct {
		patch func(s *fake.Server, url string) []fake.Action
		want  []string
		kinds []string
	}{
		"server is behind": {
			func(s *fake.Server, url string) []fake.Action {
				return []fake.Action{nil, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
					s.Truncate(url, 1)
					next.ServeHTTP(w, r)
				}}
			},
			[]string{head, "PATCH /files/1 0+2", "PATCH /files/1 2+0", head, "PATCH /files/1 1+2", "PATCH /files/1 3+2"},
			[]string{"resumed", "retry", "rewound", "done"},
		},
		"server is ahead": {
			func(*fake.Server, string) []fake.Action { return []fake.Action{nil, overtaken("2", "l")} },
			[]string{head, "PATCH /files/1 0+2", "PATCH /files/1 2+0", head, "PATCH /files/1 3+2"},
			[]string{"resumed", "retry", "resumed", "done"},
		},
		"server has it all": {
			func(*fake.Server, string) []fake.Action { return []fake.Action{nil, overtaken("2", "llo")} },
			[]string{head, "PATCH /files/1 0+2", "PATCH /files/1 2+0", head},
			[]string{"resumed", "retry", "resumed", "done"},
		},
		"server is there": {
			func(*fake.Server, string) []fake.Action { return []fake.Action{nil, refuse} },
			[]string{head, "PATCH /files/1 0+2", "PATCH /files/1 2+2", head, "PATCH /files/1 2+2", "PATCH /files/1 4+1"},
			[]string{"resumed", "retry", "resumed", "done"},
		},
		"server is there, at each offset once": {
			func(*fake.Server, string) []fake.Action { return []fake.Action{refuse, nil, refuse} },
			[]string{head, "PATCH /files/1 0+2", head, "PATCH /files/1 0+2", "PATCH /files/1 2+2", head, "PATCH /files/1 2+2", "PATCH /files/1 4+1"},
			[]string{"resumed", "retry", "resumed", "retry", "resumed", "done"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fake.New(t, fake.Config{})
				url := s.Put("", protocol.Known(5), nil)
				s.On(http.MethodPatch, test.patch(s, url)...)
				began := time.Now()
				var events []client.Event
				// The default policy would wait about a second, except for this class.
				_, err := clienttest.NewClient(t, s, client.Config{Retry: retry.Backoff{Jitter: -1}}).Resume(t.Context(), url, clienttest.TextSource(t, "hello"),
					&client.UploadOptions{ChunkSize: 2, OnEvent: clienttest.RecordEvents(&events)})
				if err != nil {
					t.Fatal(err)
				}
				clienttest.WantRequests(t, s, test.want...)
				clienttest.WantStored(t, s, url, "hello")
				clienttest.WantEventOrder(t, events)
				if diff := cmp.Diff(test.kinds, clienttest.EventKinds(events)); diff != "" {
					t.Errorf("events (-want +got):\n%s", diff)
				}
				if took := time.Since(began); took > 100*time.Millisecond {
					t.Errorf("took %v, want at most %v", took, 100*time.Millisecond)
				}
			})
		})
	}
}

// A request that only declares the length may be refused, too.
func TestResyncWithoutBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		url := s.Put("hello", protocol.Length{}, nil)
		s.On(http.MethodPatch, fake.Status(409, ""))
		began := time.Now()
		if _, err := clienttest.NewClient(t, s, client.Config{Retry: retry.Backoff{Jitter: -1}}).Resume(t.Context(), url, clienttest.TextSource(t, "hello"), nil); err != nil {
			t.Fatal(err)
		}
		clienttest.WantRequests(t, s, "HEAD /files/1", "PATCH /files/1 5+0 of 5", "HEAD /files/1", "PATCH /files/1 5+0 of 5")
		if took := time.Since(began); took > retry.DefaultResume {
			t.Errorf("took %v, want at most %v", took, retry.DefaultResume)
		}
	})
}

// If PATCH refuses an offset that HEAD has confirmed, the server is treated as busy.
func TestConfirmedOffsetRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{Hook: clienttest.During(time.Hour, fake.Status(409, ""), http.MethodPatch)})
		s.On(http.MethodPatch, nil)
		began := time.Now()
		var events []client.Event
		res, err := clienttest.NewClient(t, s, client.Config{}).Upload(t.Context(), clienttest.TextSource(t, "hello"),
			&client.UploadOptions{ChunkSize: 2, OnEvent: clienttest.RecordEvents(&events)})
		clienttest.WantErrorIs(t, err, retry.ErrExhausted, protocol.ErrOffsetMismatch)
		if took := time.Since(began); took < 85*time.Second || took > 91*time.Second {
			t.Errorf("gave up after %v, want at least %v and at most %v", took, 85*time.Second, 91*time.Second)
		}
		for i, wait := range clienttest.RetryWaits(events) {
			if i == 0 && wait > retry.DefaultResume || i > 0 && (wait < time.Second || wait > 5*time.Second) {
				t.Errorf("wait %d is %v, want at most %v, or 1s to 5s after the first", i+1, wait, retry.DefaultResume)
			}
		}
		if res.Offset != 2 || res.Retries <= retry.DefaultMaxAttempts {
			t.Errorf("result %+v, want Offset 2 and Retries more than %v", res, retry.DefaultMaxAttempts)
		}
	})
}

// If another client writes to the same upload, each 409 leads to a higher offset at once. An
// upload that this client created itself ends, because the bytes of the other client may be
// wrong.
func TestAnotherWriter(t *testing.T) {
	for name, created := range map[string]bool{"resumed": false, "created": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fake.New(t, fake.Config{})
				other := func(w http.ResponseWriter, r *http.Request, next http.Handler) {
					s.Append(r.URL.Path, []byte("hh"), protocol.Length{})
					fake.Status(409, "")(w, r, next)
				}
				s.On(http.MethodPatch, clienttest.Repeat(4, other)...)
				c := clienttest.NewClient(t, s, client.Config{})
				began := time.Now()
				src := clienttest.TextSource(t, "hhhhhhhhello")
				var err error
				if created {
					_, err = c.Upload(t.Context(), src, &client.UploadOptions{ChunkSize: 1})
					clienttest.WantErrorIs(t, err, client.ErrIntegrity)
				} else if _, err = c.Resume(t.Context(), s.Put("", protocol.Known(12), nil), src, nil); err != nil {
					t.Error(err)
				}
				if took := time.Since(began); took > 4*retry.DefaultResume {
					t.Errorf("took %v, want at most %v", took, 4*retry.DefaultResume)
				}
			})
		})
	}
}

// An upload that waits because its offset is refused again ends as soon as it is canceled, and
// sends an event before the wait.
func TestCancelAfterRefusedOffsets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{Hook: clienttest.During(time.Hour, fake.Status(409, ""), http.MethodPatch)})
		ctx, cancel := context.WithCancel(t.Context())
		var ended time.Time
		_, err := clienttest.NewClient(t, s, client.Config{}).Upload(ctx, clienttest.TextSource(t, "hello"), &client.UploadOptions{
			OnEvent: func(ev client.Event) {
				if ev.Kind == client.EventRetry && ev.Wait >= time.Second {
					time.AfterFunc(ev.Wait/2, func() { ended = time.Now(); cancel() })
				}
			},
		})
		clienttest.WantErrorIs(t, err, context.Canceled)
		if ended.IsZero() || time.Since(ended) > 20*time.Millisecond { // the time before the last question
			t.Errorf("ended %v after it was canceled, want at most %v and IsZero false", time.Since(ended), 20*time.Millisecond)
		}
	})
}

// A server that names two offsets in turn and refuses both is treated as one that is busy.
func TestAlternatingOffsets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		url := s.Put("hel", protocol.Known(5), nil)
		for _, offset := range slices.Repeat([]string{"2", "1"}, 50) {
			s.On(http.MethodHead, fake.With(protocol.HeaderUploadOffset, offset))
			s.On(http.MethodPatch, fake.Status(409, ""))
		}
		began := time.Now()
		_, err := clienttest.NewClient(t, s, client.Config{}).Resume(t.Context(), url, clienttest.TextSource(t, "hello"), nil)
		clienttest.WantErrorIs(t, err, retry.ErrExhausted, protocol.ErrOffsetMismatch)
		if took := time.Since(began); took < 85*time.Second || took > 91*time.Second {
			t.Errorf("gave up after %v, want at least %v and at most %v", took, 85*time.Second, 91*time.Second)
		}
	})
}

func TestDamaged(t *testing.T) {
	damaged := slices.Repeat([]fake.Action{fake.Status(460, "")}, 4)
	tests := map[string]struct {
		patch []fake.Action
		fails bool
		sent  int64
	}{
		"three times":           {damaged[:3], false, 11},
		"four times":            {damaged, true, 8},
		"three times each":      {slices.Concat(damaged[:3], []fake.Action{nil}, damaged[:3]), false, 17},
		"four times the second": {slices.Concat([]fake.Action{nil}, damaged), true, 10},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fake.New(t, fake.Config{})
				s.On(http.MethodPatch, test.patch...)
				res, err := clienttest.NewClient(t, s, client.Config{}).Upload(t.Context(), clienttest.TextSource(t, "hello"), &client.UploadOptions{ChunkSize: 2})
				if res.Sent != test.sent {
					t.Errorf("%d bytes sent, want %d", res.Sent, test.sent)
				}
				if !test.fails {
					if err != nil {
						t.Fatal(err)
					}
					clienttest.WantStored(t, s, res.URL, "hello")
					return
				}
				clienttest.WantErrorIs(t, err, protocol.ErrChecksumMismatch)
				if errors.Is(err, retry.ErrExhausted) {
					t.Errorf("error %v wraps ErrExhausted", err)
				}
			})
		})
	}
}
