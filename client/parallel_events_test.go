package client_test

import (
	"net/http"
	"sync"
	"sync/atomic"
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

// Progress includes the parts that are complete.
func TestParallelProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var number atomic.Int64
		s := fake.New(t, fake.Config{Hook: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if r.Method == http.MethodPatch {
				time.Sleep(time.Duration(number.Add(1)) * time.Second)
			}
			next.ServeHTTP(w, r)
		}})
		var events []client.Event
		var busy sync.Mutex
		name := clienttest.WriteFile(t, clienttest.Noise(clienttest.FourPartsSize))
		res, err := clienttest.NewClient(t, s, client.Config{}).Upload(t.Context(), clienttest.PathSource(t, name), &client.UploadOptions{
			Parallel: 4,
			OnEvent: func(e client.Event) {
				if !busy.TryLock() {
					t.Error("OnEvent was called twice at the same time")
					return
				}
				defer busy.Unlock()
				events = append(events, e)
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		clienttest.WantPartEvents(t, events)
		if diff := cmp.Diff([]string{"created", "done"}, clienttest.EventKinds(events)); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
		for _, e := range events {
			if e.Source != name || e.Length != protocol.Known(clienttest.FourPartsSize) && e.Kind == client.EventProgress {
				t.Errorf("event %+v, want Source %q and Length %d", e, name, clienttest.FourPartsSize)
			}
		}
		done := events[len(events)-1]
		if done.Kind != client.EventDone || done.URL != res.URL || done.Offset != clienttest.FourPartsSize {
			t.Errorf("last event %+v, want Kind %v, URL %q and Offset %v", done, client.EventDone, res.URL, clienttest.FourPartsSize)
		}
		created := events[len(events)-2]
		if created.Kind != client.EventCreated || created.URL != res.URL || created.Offset != clienttest.FourPartsSize {
			t.Errorf("event before the last %+v, want Kind %v, URL %q and Offset %v", created, client.EventCreated, res.URL, clienttest.FourPartsSize)
		}
		// The other three parts were complete while the fourth was sent.
		if last := events[len(events)-3]; last.Kind != client.EventProgress || last.Offset < 3<<20 || last.URL != "" {
			t.Errorf("last progress %+v, want Kind %v, Offset at least %v and URL \"\"", last, client.EventProgress, 3<<20)
		}
	})
}

// If a part is gone, the offset of the whole falls with an EventRewound.
func TestParallelRewound(t *testing.T) {
	gone := func(*fake.Server) fake.Action { return fake.Status(410, "") }
	tests := map[string]struct {
		patch func(*fake.Server) fake.Action
		post  []fake.Action
		want  error
	}{
		"created again":                 {patch: gone},
		"created again after a failure": {patch: gone, post: []fake.Action{fake.Status(503, "")}},
		"creation refused":              {patch: gone, post: []fake.Action{fake.Status(403, "")}, want: protocol.ErrForbidden},
		"less than acknowledged": {patch: func(s *fake.Server) fake.Action {
			return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
				s.Truncate("http://tus.example"+r.URL.Path, 1)
				fake.Status(503, "")(w, r, next)
			}
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var store client.MemoryStore
				s := fake.New(t, fake.Config{})
				data := clienttest.Noise(clienttest.FourPartsSize)
				name := clienttest.WriteFile(t, data)
				clienttest.InterruptParts(t, s, clienttest.PartsConfig(&store, nil), name)
				s.On(http.MethodPatch, test.patch(s))
				s.On(http.MethodPost, test.post...)
				cfg := clienttest.RecordingConfig(&store, nil)
				cfg.Retry = retry.Delays(time.Second)
				var events []client.Event
				res, err := clienttest.NewClient(t, s, cfg).Upload(t.Context(), clienttest.PathSource(t, name), &client.UploadOptions{OnEvent: clienttest.RecordEvents(&events)})
				clienttest.WantPartEvents(t, events)
				rewound := 0
				for _, e := range events {
					if e.Kind == client.EventRewound {
						rewound++
					}
				}
				if rewound != 1 {
					t.Errorf("%d rewound events: %q, want 1", rewound, clienttest.EventKinds(events))
				}
				if test.want != nil {
					clienttest.WantErrorIs(t, err, test.want, client.ErrPart)
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				clienttest.WantStored(t, s, res.URL, data)
				clienttest.WantNoRecord(t, &store)
			})
		})
	}
}
