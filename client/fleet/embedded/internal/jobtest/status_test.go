package jobtest_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/tusker-go/tusker/client/fleet"
	"github.com/tusker-go/tusker/client/fleet/embedded"
	"github.com/tusker-go/tusker/client/fleet/embedded/internal/jobtest"
)

// A worker that the engine does not hear of any more is silent, and its rate is not that of the job.
func TestSilentWorker(t *testing.T) {
	t.Parallel()
	e := jobtest.NewEngine(t, embedded.Config{})
	job := e.Open(t, "archive", fleet.Config{})
	bucket, err := e.Connect(t).KeyValue(t.Context(), "TUSKER_archive_workers")
	if err != nil {
		t.Fatal(err)
	}
	said, err := json.Marshal(fleet.WorkerStatus{ID: "dead", Slots: 8, Busy: 8, Rate: 1000, FileRate: 10})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := bucket.Put(t.Context(), "dead", said); err != nil {
		t.Fatal(err)
	}
	for began := time.Now(); ; time.Sleep(100 * time.Millisecond) {
		st, err := job.Status(t.Context())
		switch {
		case err != nil:
			t.Fatal(err)
		case len(st.Workers) != 1:
			t.Fatalf("workers %+v after %v, want the one that died", st.Workers, time.Since(began))
		case st.Workers[0].Silent && st.Rate == 0 && st.FileRate == 0:
			return
		case st.Workers[0].Silent || st.Rate != 1000 || st.FileRate != 10:
			t.Fatalf("status %+v, want the rate of the worker until it is silent", st)
		case time.Since(began) > 20*time.Second:
			t.Fatal("the worker is not silent after 20 s")
		}
	}
}
