package client_test

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
)

func TestEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		src := client.Stream(iotest.OneByteReader(clienttest.SlowReader{Reader: clienttest.PlainReader("hello"), Gap: time.Second}), &client.StreamOptions{Name: "pipe", Length: protocol.Known(5)})
		s.On(http.MethodPost, fake.Status(503, ""))
		s.On(http.MethodPatch, nil, fake.Cut(1))
		var events []client.Event
		_, err := clienttest.NewClient(t, s, client.Config{ChunkSize: 2, Retry: clienttest.RetryEachSecond(3)}).Upload(t.Context(), src,
			&client.UploadOptions{OnEvent: clienttest.RecordEvents(&events)})
		if err != nil {
			t.Fatal(err)
		}
		clienttest.WantEventOrder(t, events)
		five, url := protocol.Known(5), "http://tus.example/files/1"
		want := []client.Event{
			{Kind: client.EventRetry, Source: "pipe", Length: five, Attempt: 1, Wait: time.Second, Err: protocol.ErrUnavailable},
			{Kind: client.EventCreated, Source: "pipe", URL: url, Length: five},
			{Kind: client.EventProgress, Source: "pipe", URL: url, Length: five, Sent: 2},
			{Kind: client.EventRetry, Source: "pipe", URL: url, Length: five, Offset: 2, Sent: 2, Attempt: 1, Wait: 20 * time.Millisecond, Err: cmpopts.AnyError},
			{Kind: client.EventResumed, Source: "pipe", URL: url, Length: five, Offset: 3, Sent: 3},
			{Kind: client.EventDone, Source: "pipe", URL: url, Length: five, Offset: 5, Sent: 5},
		}
		// The test does not depend on how many EventProgress there are.
		got := []client.Event{}
		for _, e := range events {
			if e.Kind != client.EventProgress || e.Offset != 2 && e.Sent != 4 && e.Sent != 5 {
				got = append(got, e)
			}
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateErrors()); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
	})
}

func TestEventsOfFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		var events []client.Event
		options := &client.UploadOptions{OnEvent: clienttest.RecordEvents(&events), ChunkSize: 2}
		c := clienttest.NewClient(t, s, client.Config{})
		s.On(http.MethodPatch, nil, fake.Status(403, ""))
		res, err := c.Upload(t.Context(), clienttest.TextSource(t, "hello"), options)
		if err == nil {
			t.Fatal("no error")
		}
		clienttest.WantEventOrder(t, events)
		last := events[len(events)-1]
		if last.Kind != client.EventFailed || last.URL != res.URL || last.Offset != 2 || last.Sent != 4 || !errors.Is(last.Err, protocol.ErrForbidden) {
			t.Errorf("last event %+v, want Kind %v, URL %q, Offset 2, Sent 4 and ErrForbidden", last, client.EventFailed, res.URL)
		}
		events = nil
		_, _ = c.Upload(t.Context(), nil, options)
		_, _ = c.Resume(t.Context(), "no URL", clienttest.TextSource(t, "hello"), options)
		if diff := cmp.Diff([]string{"failed", "failed"}, clienttest.EventKinds(events)); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
	})
}

// There are at most ten EventProgress in a second, and at least one for each request.
func TestProgressIsCoalesced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		const n = 1000
		src := client.Stream(clienttest.SlowReader{Reader: clienttest.PlainReader(clienttest.Noise(n)), Gap: 7 * time.Millisecond}, &client.StreamOptions{Length: protocol.Known(n)})
		var last time.Time
		progress := 0
		began := time.Now()
		_, err := clienttest.NewClient(t, s, client.Config{ChunkSize: 1}).Upload(t.Context(), src, &client.UploadOptions{OnEvent: func(e client.Event) {
			if e.Kind != client.EventProgress {
				return
			}
			progress++
			if gap := time.Since(last); gap < 100*time.Millisecond {
				t.Errorf("an event came %v after the previous one, want at least %v", gap, 100*time.Millisecond)
			}
			last = time.Now()
		}})
		if err != nil {
			t.Fatal(err)
		}
		most := int(time.Since(began)/(100*time.Millisecond)) + 1
		if progress > most || progress < most/2 {
			t.Errorf("%d events in %v, want at most %v and at least %v", progress, time.Since(began), most, most/2)
		}
	})
}

// OnEvent is called one call at a time, and not after the upload has returned.
func TestEventsAreSynchronous(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		var running atomic.Int32
		var returned atomic.Bool
		check := func(client.Event) {
			if running.Add(1) != 1 {
				t.Error("OnEvent was called twice at the same time")
			}
			if returned.Load() {
				t.Error("OnEvent was called after Upload returned")
			}
			running.Add(-1)
		}
		ctx, cancel := context.WithCancel(t.Context())
		s.On(http.MethodPatch, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			time.AfterFunc(time.Second, cancel)
			s.Hang(100)(w, r, next)
		})
		c := clienttest.NewClient(t, s, client.Config{})
		_, err := c.Upload(ctx, clienttest.TextSource(t, clienttest.Noise(1<<20)), &client.UploadOptions{OnEvent: check})
		returned.Store(true)
		clienttest.WantErrorIs(t, err, context.Canceled)
		time.Sleep(time.Minute)

		returned.Store(false)
		var sources []client.Source
		for i := range 5 {
			sources = append(sources, clienttest.TextSource(t, clienttest.Noise(1<<16+i)))
		}
		_, err = c.UploadConcat(t.Context(), sources, &client.ConcatOptions{OnEvent: check, Concurrency: 5, ChunkSize: 1 << 12})
		returned.Store(true)
		if err != nil {
			t.Fatal(err)
		}
	})
}

// Sent falls back if bytes have to be sent again. Offset falls back only if the server names a
// lower offset.
func TestSentAndOffsetFallBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		s.On(http.MethodPatch, fake.Cut(0))
		var retried client.Event
		offset := int64(0)
		_, err := clienttest.NewClient(t, s, client.Config{}).Upload(t.Context(), clienttest.TextSource(t, clienttest.Noise(1<<20)), &client.UploadOptions{OnEvent: func(e client.Event) {
			if e.Offset < offset && e.Kind != client.EventRewound {
				t.Errorf("%s decreased from %d to %d", e.Kind, offset, e.Offset)
			}
			offset = e.Offset
			if e.Kind == client.EventRetry {
				retried = e
			}
		}})
		if err != nil {
			t.Fatal(err)
		}
		if retried.Sent != 0 || retried.Offset != 0 || retried.Kind == 0 {
			t.Errorf("event %+v, want Sent 0, Offset 0 and Kind not 0", retried)
		}
	})
}

func TestEventKind(t *testing.T) {
	names := map[client.EventKind]string{
		0: "unknown", client.EventCreated: "created", client.EventResumed: "resumed", client.EventProgress: "progress",
		client.EventRetry: "retry", client.EventRewound: "rewound", client.EventDone: "done", client.EventFailed: "failed",
		200: "unknown",
	}
	for kind, name := range names {
		if kind.String() != name {
			t.Errorf("%d is %q, want %q", kind, kind, name)
		}
	}
}
