package jobtest_test

import (
	"net/http"
	"testing"

	"github.com/tusker-go/tusker/client/fleet"
	"github.com/tusker-go/tusker/client/fleet/embedded"
	"github.com/tusker-go/tusker/client/fleet/embedded/internal/jobtest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
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

// The request that creates an upload names the item, in a header and in the metadata. No other
// request has the header, because a server would take it for a repetition. An empty file is
// complete only after its record, so its creation leaves the length open.
func TestCreation(t *testing.T) {
	t.Parallel()
	e := jobtest.NewEngine(t, embedded.Config{})
	s := fake.New(t, fake.Config{})
	f := jobtest.NewFolder(t, 2, 0, 10)
	f.Items[1].Metadata = protocol.Metadata{"camera": "A"}
	job := e.Open(t, "archive", fleet.Config{})
	jobtest.Add(t, job, f.Items)
	jobtest.Work(t, job, f.Worker(s))
	f.WantDelivered(t, job, s)
	created := map[string]protocol.Metadata{}
	for _, r := range s.Requests() {
		key := r.Header.Get("Idempotency-Key")
		if r.Method != http.MethodPost {
			if key != "" {
				t.Errorf("request %s has a key", r)
			}
			continue
		}
		m, err := protocol.ParseMetadata(r.Header.Get(protocol.HeaderUploadMetadata))
		if err != nil || m["item"] != key {
			t.Errorf("metadata %v beside the key %q, error %v", m, key, err)
		}
		if open := r.Header.Get(protocol.HeaderUploadDeferLength) != ""; open != (key == f.Items[0].ID(jobtest.Endpoint)) {
			t.Errorf("the length of item %s is left open: %t", key, open)
		}
		created[key] = m
	}
	if m := created[f.Items[0].ID(jobtest.Endpoint)]; m["filename"] != "00000.bin" {
		t.Errorf("metadata %v of an item without any", m)
	}
	if m := created[f.Items[1].ID(jobtest.Endpoint)]; len(m) != 2 || m["camera"] != "A" {
		t.Errorf("metadata %v", m)
	}
}
