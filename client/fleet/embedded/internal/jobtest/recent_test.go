package jobtest_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/tusker-go/tusker/client/fleet"
	"github.com/tusker-go/tusker/client/fleet/embedded"
	"github.com/tusker-go/tusker/client/fleet/embedded/internal/jobtest"
	"github.com/tusker-go/tusker/client/internal/fake"
)

// The last failures are found behind any number of other results.
func TestRecentFailures(t *testing.T) {
	t.Parallel()
	e := jobtest.NewEngine(t, embedded.Config{})
	s := fake.New(t, fake.Config{})
	f := jobtest.NewFolder(t, 2, 10)
	job := e.Open(t, "archive", fleet.Config{})
	if recent, err := job.Recent(t.Context(), fleet.ResultFailed, 10); err != nil || len(recent) != 0 {
		t.Errorf("of a new job: %+v, %v", recent, err)
	}
	for _, it := range f.Items {
		if err := os.Remove(filepath.Join(f.Dir, it.Path)); err != nil {
			t.Fatal(err)
		}
	}
	jobtest.Add(t, job, f.Items)
	jobtest.Work(t, job, f.Worker(s))
	others := jobtest.NewFolder(t, 200, 10)
	for i := range others.Items {
		others.Items[i].Root = "s"
	}
	jobtest.Add(t, job, others.Items)
	w := others.Worker(s)
	w.Open = fleet.Files(map[string]string{"s": others.Dir})
	jobtest.Work(t, job, w)
	recent, err := job.Recent(t.Context(), fleet.ResultFailed, 10)
	if err != nil || len(recent) != 2 || recent[0].Sequence < recent[1].Sequence {
		t.Errorf("recent failures %+v, %v", recent, err)
	}
	for n, want := range map[int]int{-1: 0, 0: 0, 1: 1} {
		if some, err := job.Recent(t.Context(), fleet.ResultFailed, n); err != nil || len(some) != want {
			t.Errorf("%d recent failures: %+v, %v", n, some, err)
		}
	}
	for _, r := range recent {
		if r.Class != fleet.ClassMissing {
			t.Errorf("result %+v", r)
		}
	}
}
