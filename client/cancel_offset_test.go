package client_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
)

// keepAndCancel keeps n bytes of a body, reads the rest of it, never answers, and calls cancel
// after a second.
func keepAndCancel(s *fake.Server, n int64, cancel func()) fake.Action {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		body := r.Body
		r.Body = io.NopCloser(io.LimitReader(body, n))
		next.ServeHTTP(httptest.NewRecorder(), r)
		r.Body = body
		_, _ = io.Copy(io.Discard, body)
		time.AfterFunc(time.Second, cancel)
		s.Hang(0)(w, r, next)
	}
}

// A canceled upload asks the server once how much it has. The result, the last event and the
// record have that offset. Without an answer, they tell how much was sent, and Upload returns
// within two seconds.
func TestCancelAsksForTheOffset(t *testing.T) {
	const kept, sent = 700_000, clienttest.RecordedSize
	tests := map[string]struct {
		cfg    client.Config
		head   func(s *fake.Server) []fake.Action
		stop   time.Duration // after the cancel, when StopAsking is closed; 0: it is not
		offset int64
		most   time.Duration // between the cancel and the return
		heads  int
	}{
		"it answers": {offset: kept, most: 100 * time.Millisecond, heads: 1},
		"it is locked at first": {
			head:   func(*fake.Server) []fake.Action { return clienttest.Repeat(2, fake.Status(423, "")) },
			offset: kept, most: 500 * time.Millisecond, heads: 3,
		},
		"it stays locked": {
			head: func(*fake.Server) []fake.Action { return clienttest.Repeat(100, fake.Status(423, "")) },
			most: 2 * time.Second, heads: 20,
		},
		"it hangs": {head: func(s *fake.Server) []fake.Action { return []fake.Action{s.Hang(0)} }, most: 2 * time.Second, heads: 1},
		"it hangs, stopped": {
			head: func(s *fake.Server) []fake.Action { return []fake.Action{s.Hang(0)} },
			stop: time.Second, most: time.Second, heads: 1,
		},
		"it hangs, in less time": {
			cfg:  client.Config{AskAfterCancel: time.Second},
			head: func(s *fake.Server) []fake.Action { return []fake.Action{s.Hang(0)} }, most: time.Second, heads: 1,
		},
		"its answer is lost": {head: func(*fake.Server) []fake.Action { return []fake.Action{fake.Lose} }, most: 100 * time.Millisecond, heads: 1},
		"it does not know the upload": {
			head: func(*fake.Server) []fake.Action { return []fake.Action{fake.Status(404, "")} }, most: 100 * time.Millisecond, heads: 1,
		},
		"it wants other credentials": {
			head: func(*fake.Server) []fake.Action { return []fake.Action{fake.Status(401, "")} }, most: 100 * time.Millisecond, heads: 1,
		},
		"it has another length": {
			head: func(*fake.Server) []fake.Action { return []fake.Action{fake.With("Upload-Length", "900000")} }, most: 100 * time.Millisecond, heads: 1,
		},
		"it is no tus server": {
			head: func(*fake.Server) []fake.Action { return []fake.Action{fake.Status(200, "")} }, most: 100 * time.Millisecond, heads: 1,
		},
		"disabled": {cfg: client.Config{AskAfterCancel: -1}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var store client.MemoryStore
				s := fake.New(t, fake.Config{})
				ctx, cancel := context.WithCancelCause(t.Context())
				var canceled time.Time
				stop := make(chan struct{})
				s.On(http.MethodPatch, keepAndCancel(s, kept, func() {
					canceled = time.Now()
					cancel(clienttest.ErrUnplugged)
					if test.stop > 0 {
						time.AfterFunc(test.stop, func() { close(stop) })
					}
				}))
				if test.head != nil {
					s.On(http.MethodHead, test.head(s)...)
				}
				cfg := test.cfg
				cfg.Store, cfg.StopAsking = &store, stop
				var events []client.Event
				name := clienttest.WriteFile(t, clienttest.Noise(clienttest.RecordedSize))
				res, err := clienttest.NewClient(t, s, cfg).Upload(ctx, clienttest.PathSource(t, name), &client.UploadOptions{OnEvent: clienttest.RecordEvents(&events)})
				took := time.Since(canceled)
				clienttest.WantErrorIs(t, err, clienttest.ErrUnplugged, context.Canceled)
				if took > test.most {
					t.Errorf("Upload returned %v after the cancel, want at most %v", took, test.most)
				}
				unacknowledged, recorded := int64(0), int64(0)
				if test.offset == 0 {
					unacknowledged, recorded = sent, sent
				}
				if res.Offset != test.offset || res.Unacknowledged != unacknowledged {
					t.Errorf("offset %d, and %d bytes without an answer; want %d and %d", res.Offset, res.Unacknowledged, test.offset, unacknowledged)
				}
				if r := clienttest.OnlyRecord(t, &store); r.Offset != test.offset || r.Sent != recorded {
					t.Errorf("the record has offset %d and %d bytes sent, want %d and %d", r.Offset, r.Sent, test.offset, recorded)
				}
				clienttest.WantEventOrder(t, events)
				if last := events[len(events)-1]; last.Offset != test.offset || last.Sent != test.offset+unacknowledged {
					t.Errorf("last event %+v, want Offset %v and Sent %v", last, test.offset, test.offset+unacknowledged)
				}
				if n := clienttest.RequestCounts(s, 0)["HEAD"]; n != test.heads {
					t.Errorf("%d HEAD requests, want %d", n, test.heads)
				}
			})
		})
	}
}

// A time limit is like a cancel.
func TestDeadlineAsksForTheOffset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		s.On(http.MethodPatch, keepAndCancel(s, 3, func() {}))
		res, err := clienttest.NewClient(t, s, client.Config{StallTimeout: -1, FinishTimeout: -1}).Upload(ctx, clienttest.TextSource(t, "hello"), nil)
		clienttest.WantErrorIs(t, err, context.DeadlineExceeded)
		if res.Offset != 3 || res.Unacknowledged != 0 {
			t.Errorf("result %+v, want Offset 3 and Unacknowledged 0", res)
		}
	})
}

// A stream, whose bytes no later run has, is asked for, too.
func TestCanceledStreamAsksForTheOffset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		ctx, cancel := context.WithCancelCause(t.Context())
		s.On(http.MethodPatch, keepAndCancel(s, 3, func() { cancel(clienttest.ErrUnplugged) }))
		res, err := clienttest.NewClient(t, s, client.Config{}).Upload(ctx, clienttest.StreamSource("hello", 0), nil)
		clienttest.WantErrorIs(t, err, clienttest.ErrUnplugged)
		if res.Offset != 3 || res.Unacknowledged != 0 {
			t.Errorf("result %+v, want Offset 3 and Unacknowledged 0", res)
		}
	})
}

// An upload of which no byte is on its way asks nothing.
func TestCancelWithNothingSentAsksNothing(t *testing.T) {
	tests := map[string]struct {
		method string
		want   []string
	}{
		"while creating":                     {http.MethodPost, []string{clienttest.Post}},
		"while asking for an earlier upload": {http.MethodHead, []string{"HEAD /files/1"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var store client.MemoryStore
				s := fake.New(t, fake.Config{})
				name := clienttest.WriteFile(t, clienttest.Noise(clienttest.RecordedSize))
				earlier := int64(0)
				if test.method == http.MethodHead {
					earlier = clienttest.InterruptUpload(t, s, &store, name).Offset
				}
				seen := len(s.Seen())
				ctx, cancel := context.WithCancelCause(t.Context())
				s.On(test.method, clienttest.HangAndCancel(s, func() { cancel(clienttest.ErrUnplugged) }))
				res, err := clienttest.NewRecordingClient(t, s, &store, nil).Upload(ctx, clienttest.PathSource(t, name), nil)
				clienttest.WantErrorIs(t, err, clienttest.ErrUnplugged)
				// The record of the earlier run knows the offset.
				if res.Offset != earlier || res.Resumed != earlier || res.Unacknowledged != 0 {
					t.Errorf("result %+v, the record had offset %d, want Offset %v, Resumed %v and Unacknowledged 0", res, earlier, earlier, earlier)
				}
				if n := len(s.Seen()) - seen; n != len(test.want) {
					t.Errorf("requests %v, want %v", s.Seen()[seen:], test.want)
				}
			})
		})
	}
}

// The parts of a canceled upload ask at the same time. The result and the record have the sum.
func TestCanceledPartsAskForTheirOffsets(t *testing.T) {
	tests := map[string]struct {
		hang int // HEAD requests without an answer
		most time.Duration
	}{
		"all answer":   {0, 100 * time.Millisecond},
		"two answer":   {2, 2 * time.Second},
		"none answers": {4, 2 * time.Second},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var store client.MemoryStore
				s := fake.New(t, fake.Config{})
				name := clienttest.WriteFile(t, clienttest.Noise(clienttest.FourPartsSize))
				ctx, cancel := context.WithCancelCause(t.Context())
				var canceled time.Time
				s.On(http.MethodPatch, clienttest.Repeat(4, keepAndCancel(s, 1000, sync.OnceFunc(func() {
					canceled = time.Now()
					cancel(clienttest.ErrUnplugged)
				})))...)
				s.On(http.MethodHead, clienttest.Repeat(test.hang, s.Hang(0))...)
				res, err := clienttest.NewClient(t, s, clienttest.PartsConfig(&store, nil)).Upload(ctx, clienttest.PathSource(t, name), &client.UploadOptions{Parallel: 4})
				took := time.Since(canceled)
				clienttest.WantErrorIs(t, err, clienttest.ErrUnplugged)
				if took > test.most {
					t.Errorf("Upload returned %v after the cancel, want at most %v", took, test.most)
				}
				offset, unacknowledged := int64(0), int64(0)
				for _, p := range res.Parts {
					offset += p.Offset
					unacknowledged += p.Unacknowledged
				}
				if res.Offset != int64(4-test.hang)*1000 || res.Offset != offset {
					t.Errorf("offset %d, that of the parts %d, want %d for both", res.Offset, offset, int64(4-test.hang)*1000)
				}
				if res.Unacknowledged != unacknowledged || (unacknowledged > 0) != (test.hang > 0) {
					t.Errorf("%d bytes without an answer, those of the parts %d", res.Unacknowledged, unacknowledged)
				}
				sent := int64(0)
				if unacknowledged > 0 {
					sent = offset + unacknowledged
				}
				if r := clienttest.OnlyRecord(t, &store); r.Offset != offset || r.Sent != sent {
					t.Errorf("the record has offset %d and %d bytes sent, want %d and %d", r.Offset, r.Sent, offset, sent)
				}
			})
		})
	}
}

// A part that fails ends the others at once: only the end of the caller's context is a reason to
// ask for the offsets.
func TestFailedPartAsksForNoOffsets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		clienttest.InterruptParts(t, s, clienttest.PartsConfig(new(client.MemoryStore), nil), clienttest.WriteFile(t, clienttest.Noise(clienttest.FourPartsSize)))
		if n := clienttest.RequestCounts(s, 0)["HEAD"]; n != 0 {
			t.Errorf("%d HEAD requests, want 0", n)
		}
	})
}

// The parts of a canceled UploadConcat ask, too.
func TestCanceledConcatAsksForOffsets(t *testing.T) {
	for _, first := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s := unfinished(t)
			ctx, cancel := context.WithCancelCause(t.Context())
			s.On(http.MethodPatch, clienttest.Repeat(2, keepAndCancel(s, 2, func() { cancel(clienttest.ErrUnplugged) }))...)
			sources := []client.Source{clienttest.TextSource(t, "some "), clienttest.TextSource(t, "more ")}
			res, err := clienttest.NewClient(t, s, client.Config{InlineSize: -1}).UploadConcat(ctx, sources, &client.ConcatOptions{FinalFirst: first})
			clienttest.WantErrorIs(t, err, clienttest.ErrUnplugged)
			if res.Offset != 4 || res.Unacknowledged != 0 || res.Parts[0].Offset != 2 || res.Parts[1].Offset != 2 {
				t.Errorf("final upload first: %v, result %+v, want Offset 4, Unacknowledged 0, Parts[0].Offset 2 and Parts[1].Offset 2", first, res)
			}
			if res.Length != protocol.Known(10) {
				t.Errorf("length %v, want %v", res.Length, protocol.Known(10))
			}
		})
	}
}
