package jobtest_test

import (
	"testing"

	"github.com/tusker-go/tusker/client/fleet"
	"github.com/tusker-go/tusker/client/fleet/embedded"
	"github.com/tusker-go/tusker/client/fleet/embedded/internal/jobtest"
	"github.com/tusker-go/tusker/client/internal/fake"
)

// Two workers upload all files of a job, each once, also empty ones.
func TestWork(t *testing.T) {
	t.Parallel()
	e := jobtest.NewEngine(t, embedded.Config{})
	s := fake.New(t, fake.Config{})
	f := jobtest.NewFolder(t, 200, 0, 1, 4096, 70_000, 300_000)
	job := e.Open(t, "archive", fleet.Config{})
	if added := jobtest.Add(t, job, f.Items); added.Items != 200 {
		t.Errorf("added %+v", added)
	}
	done := make(chan error, 2)
	for range 2 {
		other := e.Open(t, "archive", fleet.Config{})
		go func() { done <- other.Work(t.Context(), f.Worker(s)) }()
	}
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	f.WantDelivered(t, job, s)
	st, err := job.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if st.Done != 200 || st.Failed != 0 || st.Queued != 0 || st.InFlight != 0 || st.Bytes != st.AddedBytes || st.Added != 200 || st.Adding || len(st.Workers) != 0 {
		t.Errorf("status %+v", st)
	}
}
