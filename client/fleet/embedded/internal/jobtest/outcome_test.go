package jobtest_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/fleet"
	"github.com/tusker-go/tusker/client/fleet/embedded"
	"github.com/tusker-go/tusker/client/fleet/embedded/internal/jobtest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
)

// isCreationOf reports whether a request creates the upload of the file with a name.
func isCreationOf(r *http.Request, name string) bool {
	m, _ := protocol.ParseMetadata(r.Header.Get(protocol.HeaderUploadMetadata))
	return r.Method == http.MethodPost && m["filename"] == name
}

// Items that fail are told apart, and the others are finished.
func TestOutcomes(t *testing.T) {
	t.Parallel()
	e := jobtest.NewEngine(t, embedded.Config{})
	var flaky atomic.Int32
	s := fake.New(t, fake.Config{Hook: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		switch {
		case isCreationOf(r, "refused"):
			fake.Status(http.StatusBadRequest, "the hook says no", "Tus-Resumable", "1.0.0")(w, r, next)
		case isCreationOf(r, "broken"), isCreationOf(r, "flaky") && flaky.Add(1) <= 2:
			fake.Status(http.StatusInternalServerError, "no disk")(w, r, next)
		default:
			next.ServeHTTP(w, r)
		}
	}})
	f := jobtest.NewFolder(t, 20, 100)
	good := len(f.Items)
	want := map[string]fleet.Class{"flaky": fleet.ClassNone}
	for name, class := range map[string]fleet.Class{
		"missing": fleet.ClassMissing, "changed": fleet.ClassChanged, "refused": fleet.ClassRefused, "broken": fleet.ClassExhausted,
		"unreadable": fleet.ClassUnreadable, "poison": fleet.ClassPoison, "link": fleet.ClassChanged,
	} {
		want["z/"+name] = class
	}
	for _, name := range []string{"broken", "changed", "flaky", "link", "missing", "poison", "refused", "unreadable"} {
		f.Write(t, "z/"+name, []byte("data"))
	}
	remove := func(name string) string {
		path := filepath.Join(f.Dir, "z", name)
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		return path
	}
	remove("missing")
	if err := os.WriteFile(filepath.Join(f.Dir, "z", "changed"), []byte("DATA"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/does/not/exist", remove("link")); err != nil {
		t.Skip(err)
	}
	job := e.Open(t, "archive", fleet.Config{Attempts: 2, Lease: time.Second})
	jobtest.Add(t, job, f.Items)

	w := f.Worker(s)
	open := w.Open
	w.Open = func(ctx context.Context, it fleet.Item) (client.Source, error) {
		if it.Path == "z/unreadable" {
			return nil, fmt.Errorf("open: %w", fs.ErrPermission)
		}
		return open(ctx, it)
	}
	w.Client.Retry = retry.Backoff{MaxAttempts: 2, Initial: time.Millisecond}
	jobtest.WorkersThatDie(t, e, w, "z/poison", 6)
	jobtest.Work(t, job, w)
	ok := 0
	for _, r := range jobtest.Results(t, job, fleet.ResultAll) {
		class, special := want[r.Item.Path]
		switch {
		case r.OK():
			ok++
		case !special || r.Class != class || r.Message == "":
			t.Errorf("%s: class %q, want %q: %s", r.Item.Path, r.Class, class, r.Message)
		}
		if r.Class == fleet.ClassExhausted && r.Attempts != 2 {
			t.Errorf("%s: %d attempts", r.Item.Path, r.Attempts)
		}
		if r.Item.Path == "z/changed" && !strings.Contains(r.Message, "add it again") {
			t.Errorf("message %q", r.Message)
		}
	}
	if ok != good+1 {
		t.Errorf("%d items are finished, want %d", ok, good+1)
	}
	st, err := job.Status(t.Context())
	if err != nil || st.Failed != 7 || st.Done != int64(good)+1 {
		t.Errorf("status %+v, error %v", st, err)
	}
	failed := jobtest.Results(t, job, fleet.ResultFailed)
	if len(failed) != 7 {
		t.Errorf("%d failed results", len(failed))
	}
	recent, err := job.Recent(t.Context(), fleet.ResultFailed, 3)
	if err != nil || len(recent) != 3 {
		t.Fatalf("recent failures %+v, error %v", recent, err)
	}
	for i, r := range recent {
		later := 0
		for _, other := range failed {
			if other.Sequence > r.Sequence {
				later++
			}
		}
		if later != i {
			t.Errorf("%d failures are newer than number %d", later, i)
		}
	}
}

// Retry adds failed items again. Items that fail for another reason stay.
func TestRetry(t *testing.T) {
	t.Parallel()
	_, s, f, job := jobtest.NewJob(t, fleet.Config{}, 5, 100)
	moved := f.Dir + ".moved"
	if err := os.Rename(filepath.Join(f.Dir, "00"), moved); err != nil {
		t.Fatal(err)
	}
	jobtest.Work(t, job, f.Worker(s))
	failed := jobtest.Results(t, job, fleet.ResultFailed)
	if len(failed) != 1 {
		t.Fatalf("failed results %+v", failed)
	}
	if n, err := job.Retry(t.Context(), "r:no/such.file"); n != 0 || !errors.Is(err, fleet.ErrInvalid) {
		t.Errorf("Retry of an unknown item: %d, %v", n, err)
	}
	if err := os.Rename(moved, filepath.Join(f.Dir, "00")); err != nil {
		t.Fatal(err)
	}
	if n, err := job.Retry(t.Context(), "r:00/00000.bin"); n != 1 || err != nil {
		t.Fatalf("Retry: %d, %v", n, err)
	}
	jobtest.Work(t, job, f.Worker(s))
	f.WantDelivered(t, job, s)
	if n, err := job.Retry(t.Context()); n != 0 || err != nil {
		t.Errorf("Retry without failed items: %d, %v", n, err)
	}
}

// A file that failed and is added again has one result, that of its last attempt, even if the
// engine has just stored the failure. The same is true of a file that was changed and is added
// in its new state.
func TestAddAfterFailure(t *testing.T) {
	t.Parallel()
	e := jobtest.NewEngine(t, embedded.Config{})
	s := fake.New(t, fake.Config{})
	f := jobtest.NewFolder(t, 3, 100)
	moved := f.Write(t, "z/moved", []byte("data"))
	f.Write(t, "z/never", []byte("data"))
	changed := f.Write(t, "z/old", []byte("data"))
	job := e.Open(t, "archive", fleet.Config{})
	jobtest.Add(t, job, f.Items)
	away := filepath.Join(f.Dir, "away")
	if err := errors.Join(
		os.Rename(filepath.Join(f.Dir, moved.Path), away), os.Remove(filepath.Join(f.Dir, "z", "never")),
	); err != nil {
		t.Fatal(err)
	}
	f.Items = f.Items[:5]
	f.Write(t, changed.Path, []byte("new data"))
	jobtest.Work(t, job, f.Worker(s))
	if st, err := job.Status(t.Context()); err != nil || st.Done != 3 || st.Failed != 3 {
		t.Errorf("status %+v, error %v, want 3 done and 3 failed", st, err)
	}

	if err := os.Rename(away, filepath.Join(f.Dir, moved.Path)); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		jobtest.Add(t, job, f.Items)
	}
	jobtest.Work(t, job, f.Worker(s))
	if st, err := job.Status(t.Context()); err != nil || st.Done != 5 || st.Failed != 1 {
		t.Errorf("status %+v, error %v, want 5 done and 1 failed", st, err)
	}
	for _, r := range jobtest.Results(t, job, fleet.ResultFailed) {
		if r.Item.Path != "z/never" {
			t.Errorf("%q failed (%s)", r.Item.Path, r.Message)
		}
	}
	if results := jobtest.Results(t, job, fleet.ResultOK); len(results) != 5 {
		t.Errorf("%d finished items, want 5", len(results))
	}
	jobtest.WantOnce(t, s, 5)
}

// A worker that dies after it has stored a failure, and before the item has left the queue,
// leaves the item to another worker, whose result takes the place of the failure.
func TestWorkerDiesAfterFailure(t *testing.T) {
	t.Parallel()
	e, s, f, job := jobtest.NewJob(t, fleet.Config{Lease: time.Second}, 1, 100)
	moved := f.Dir + ".moved"
	if err := os.Rename(filepath.Join(f.Dir, "00"), moved); err != nil {
		t.Fatal(err)
	}
	dialer := &lossyDialer{text: "+ACK", forever: true}
	mortal := jobtest.StartMortal(t, e, f.Worker(s), nats.SetCustomDialer(dialer))
	for end := time.Now().Add(jobtest.Patience); !dialer.lost.Load(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the worker has not failed")
		}
	}
	mortal.Kill()
	if st, err := job.Status(t.Context()); err != nil || st.Failed != 1 {
		t.Errorf("status %+v, error %v, want 1 failed", st, err)
	}

	if err := os.Rename(moved, filepath.Join(f.Dir, "00")); err != nil {
		t.Fatal(err)
	}
	jobtest.Work(t, job, f.Worker(s))
	f.WantDelivered(t, job, s)
	if st, err := job.Status(t.Context()); err != nil || st.Done != 1 || st.Failed != 0 {
		t.Errorf("status %+v, error %v, want 1 done and none failed", st, err)
	}
}

// A worker without the root of an item gives it back, and counts no attempt. With
// Worker.Roots, it does not begin.
func TestMissingRoot(t *testing.T) {
	t.Parallel()
	_, s, f, job := jobtest.NewJob(t, fleet.Config{Attempts: 1}, 5, 100)
	poor := f.Worker(s)
	poor.Open, poor.UntilDone = fleet.Files(map[string]string{"other": f.Dir}), false
	returned := make(chan fleet.Event, 100)
	poor.OnEvent = func(ev fleet.Event) {
		if ev.Kind == fleet.EventReturned {
			returned <- ev
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- job.Work(ctx, poor) }()
	if ev := <-returned; !errors.Is(ev.Err, fleet.ErrNoRoot) || !strings.Contains(ev.Err.Error(), `"r"`) {
		t.Errorf("error %v", ev.Err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	poor.Roots = []string{"other"}
	if err := job.Work(t.Context(), poor); !errors.Is(err, fleet.ErrNoRoot) {
		t.Errorf("error %v, want %v", err, fleet.ErrNoRoot)
	}
	jobtest.Work(t, job, f.Worker(s))
	f.WantDelivered(t, job, s)
}
