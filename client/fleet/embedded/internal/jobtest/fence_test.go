package jobtest_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/tusker-go/tusker/client/fleet"
	"github.com/tusker-go/tusker/client/fleet/embedded"
	"github.com/tusker-go/tusker/client/fleet/embedded/internal/jobtest"
	"github.com/tusker-go/tusker/client/internal/fake"
)

// wait waits until a condition holds.
func wait(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for end := time.Now().Add(jobtest.Patience); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited for %v: %s", jobtest.Patience, what)
		}
	}
}

// sleepers has one worker that sleeps between the creation of its uploads and their records,
// while another worker finishes the same items. It returns when both have ended. Meanwhile is
// called before the first worker wakes up.
func sleepers(t *testing.T, meanwhile func(*jobtest.Engine)) (*jobtest.Folder, *fleet.Job, *fake.Server) {
	t.Helper()
	const files = 8
	e, s, f, job := jobtest.NewJob(t, fleet.Config{}, files, 0, 1, 5000, 200_000)

	slow := jobtest.NewSlowDoer(s.Doer(), http.MethodPost)
	defer slow.Release()
	sleeper := f.WorkerOver(slow)
	log := newEventLog()
	sleeper.Slots, sleeper.OnEvent = files, log.add
	ended := make(chan error, 1)
	go func() { ended <- e.Open(t, "archive", fleet.Config{}).Work(t.Context(), sleeper) }()
	wait(t, "the sleeper has created its uploads", func() bool { return slow.Held() == files })

	// The lease of the sleeper stands, as far as it knows. Messages of the same items stand for
	// those that the engine delivers again.
	if _, err := job.Add(t.Context(), jobtest.Seq(f.Items), &fleet.AddOptions{List: "again"}); err != nil {
		t.Fatal(err)
	}
	w := f.Worker(s)
	w.UntilDone = false
	ctx, stop := context.WithCancel(t.Context())
	other := e.Open(t, "archive", fleet.Config{})
	go func() { ended <- other.Work(ctx, w) }()
	wait(t, "the other worker has finished all items", func() bool {
		st, err := job.Status(t.Context())
		return err == nil && st.Done == files
	})
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	meanwhile(e)
	slow.Release()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	log.wantEnds(t)
	return f, job, s
}

// A worker that sleeps between the creation of an upload and its record does not finish a
// second upload of the item: another worker has recorded its own one.
func TestLateSleepers(t *testing.T) {
	t.Parallel()
	f, job, s := sleepers(t, func(*jobtest.Engine) {})
	f.WantDelivered(t, job, s)
	if n := s.Count(); n != len(f.Items) {
		t.Logf("%d uploads were created", n)
	}
}

// The records that are kept prevent the duplicates: without them, a late sleeper finishes a
// second upload of each item.
func TestLateSleepersWithoutRecords(t *testing.T) {
	t.Parallel()
	f, _, s := sleepers(t, func(e *jobtest.Engine) {
		stream, err := e.Connect(t).Stream(t.Context(), "KV_TUSKER_archive_records")
		if err != nil {
			t.Fatal(err)
		}
		if err := stream.Purge(t.Context(), jetstream.WithPurgeSubject("$KV.TUSKER_archive_records.>")); err != nil {
			t.Fatal(err)
		}
	})
	if n := jobtest.CountFinished(s); n != 2*len(f.Items) {
		t.Errorf("%d finished uploads, want %d: the test does not reach the record", n, 2*len(f.Items))
	}
}

// Two workers that send to one upload at the same time end well, and the upload has the bytes
// of the file.
func TestTwoOwners(t *testing.T) {
	t.Parallel()
	e := jobtest.NewEngine(t, embedded.Config{})
	f := jobtest.NewFolder(t, 1, 4<<20)
	s := fake.New(t, fake.Config{})
	job := e.Open(t, "archive", fleet.Config{})
	jobtest.Add(t, job, f.Items)
	slow := jobtest.NewSlowDoer(s.Doer(), http.MethodPatch)
	defer slow.Release()
	first := f.WorkerOver(slow)
	first.Slots, first.Client.ChunkSize = 1, 64<<10
	ended := make(chan error, 1)
	go func() { ended <- e.Open(t, "archive", fleet.Config{}).Work(t.Context(), first) }()
	wait(t, "the first worker has sent a chunk", func() bool { return slow.Held() > 0 })
	if _, err := job.Add(t.Context(), jobtest.Seq(f.Items), &fleet.AddOptions{List: "again"}); err != nil {
		t.Fatal(err)
	}
	second := f.Worker(s)
	second.Client.ChunkSize = 64 << 10
	second.UntilDone = false
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	other := e.Open(t, "archive", fleet.Config{})
	go func() { _ = other.Work(ctx, second) }()
	wait(t, "the second worker sends", func() bool { return jobtest.SentBytes(s) > 1<<20 })
	slow.Release()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	f.WantDelivered(t, job, s)
	if sent, most := jobtest.SentBytes(s), f.Items[0].Size*11/10; sent > most {
		t.Errorf("%d bytes were sent, want at most %d", sent, most)
	}
}
