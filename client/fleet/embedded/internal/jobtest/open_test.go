package jobtest_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/tusker-go/tusker/client/fleet"
	"github.com/tusker-go/tusker/client/fleet/embedded"
	"github.com/tusker-go/tusker/client/fleet/embedded/internal/jobtest"
	"github.com/tusker-go/tusker/client/internal/fake"
)

// A job has one endpoint. Its other settings can be changed.
func TestOpen(t *testing.T) {
	t.Parallel()
	e := jobtest.NewEngine(t, embedded.Config{})
	js := e.Connect(t)
	open := func(cfg fleet.Config) (*fleet.Job, error) { return fleet.Open(t.Context(), js, "archive", cfg) }
	if _, err := open(fleet.Config{}); !errors.Is(err, fleet.ErrNoJob) {
		t.Errorf("no job: error %v", err)
	}
	job, err := open(fleet.Config{Endpoint: "https://user:secret@tus.example/files/?token=secret", Lease: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if job.Endpoint() != "https://tus.example/files/" || job.Lease() != 5*time.Second {
		t.Errorf("endpoint %q, lease %v", job.Endpoint(), job.Lease())
	}
	if _, err := open(fleet.Config{Endpoint: "https://tus.example/other/"}); !errors.Is(err, fleet.ErrOtherEndpoint) || !strings.Contains(err.Error(), "https://tus.example/files/") {
		t.Errorf("another endpoint: error %v", err)
	}
	if job, err = open(fleet.Config{Lease: 7 * time.Second, RateLimit: 1000}); err != nil || job.Lease() != 7*time.Second {
		t.Errorf("another lease: %v", err)
	}
	consumer, err := js.Consumer(t.Context(), "TUSKER_archive", "workers")
	if err != nil || consumer.CachedInfo().Config.AckWait != 7*time.Second {
		t.Errorf("the lease of the claims was not changed: %v", err)
	}
	if job, err = open(fleet.Config{Endpoint: "https://tus.example/files/"}); err != nil || job.Lease() != 7*time.Second {
		t.Errorf("lease %v, error %v", job.Lease(), err)
	}
	if st, err := job.Status(t.Context()); err != nil || st.RateLimit != 1000 || !st.Finished() {
		t.Errorf("status %+v, error %v", st, err)
	}
	worker := fleet.Worker{Open: fleet.Files(nil)}
	worker.Client.Endpoint = "https://tus.example/other/"
	if err := job.Work(t.Context(), worker); !errors.Is(err, fleet.ErrOtherEndpoint) {
		t.Errorf("a worker with another endpoint: error %v", err)
	}
	if jobs, err := fleet.List(t.Context(), js); err != nil || !slices.Equal(jobs, []string{"archive"}) {
		t.Errorf("jobs %q, error %v", jobs, err)
	}
	if err := job.Remove(t.Context()); err != nil {
		t.Error(err)
	}
	if err := job.Remove(t.Context()); !errors.Is(err, fleet.ErrNoJob) {
		t.Errorf("removed twice: error %v", err)
	}
	if jobs, err := fleet.List(t.Context(), js); err != nil || len(jobs) != 0 {
		t.Errorf("jobs %q, error %v", jobs, err)
	}
	for range js.StreamNames(t.Context()).Name() {
		t.Error("a stream is left")
	}
	for name, cfg := range map[string]fleet.Config{
		"no URL": {Endpoint: "tus.example"}, "short lease": {Lease: time.Millisecond}, "attempts": {Attempts: -1}, "replicas": {Replicas: 7},
	} {
		if _, err := open(cfg); !errors.Is(err, fleet.ErrInvalid) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	for _, name := range []string{"", "a b", "a_b", "a.b", "a*", strings.Repeat("a", 65)} {
		if _, err := fleet.Open(t.Context(), js, name, fleet.Config{Endpoint: jobtest.Endpoint}); !errors.Is(err, fleet.ErrInvalid) {
			t.Errorf("job %q: error %v", name, err)
		}
	}
}

// A job that a newer version made is not touched.
func TestNewerJob(t *testing.T) {
	t.Parallel()
	e := jobtest.NewEngine(t, embedded.Config{})
	js := e.Connect(t)
	_, err := js.CreateStream(t.Context(), jetstream.StreamConfig{
		Name: "TUSKER_archive", Metadata: map[string]string{"tusker": `{"version":2,"endpoint":"x"}`},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fleet.Open(t.Context(), js, "archive", fleet.Config{}); !errors.Is(err, fleet.ErrJobVersion) {
		t.Errorf("error %v", err)
	}
}

// An engine that is too old, or has no JetStream, is an error that says so.
func TestOldEngine(t *testing.T) {
	t.Parallel()
	e := jobtest.NewEngine(t, embedded.Config{})
	// An account without JetStream has a service of the test in its place.
	js, err := jetstream.New(e.Connect(t).Conn(), jetstream.WithPublishAsyncMaxPending(1))
	if err != nil {
		t.Fatal(err)
	}
	old, err := jetstream.NewWithAPIPrefix(js.Conn(), "OLD.API")
	if err != nil {
		t.Fatal(err)
	}
	answer := `{"type":"io.nats.jetstream.api.v1.account_info_response","memory":0,"storage":0,"api":{"total":1,"errors":0}}`
	if _, err := js.Conn().Subscribe("OLD.API.INFO", func(msg *nats.Msg) { _ = msg.Respond([]byte(answer)) }); err != nil {
		t.Fatal(err)
	}
	if _, err := fleet.Open(t.Context(), old, "archive", fleet.Config{Endpoint: jobtest.Endpoint}); !errors.Is(err, fleet.ErrEngineVersion) || !strings.Contains(err.Error(), "2.12") {
		t.Errorf("error %v", err)
	}
	answer = `{"error":{"code":503,"err_code":10039,"description":"JetStream not enabled for account"}}`
	if _, err := fleet.Open(t.Context(), old, "archive", fleet.Config{Endpoint: jobtest.Endpoint}); !errors.Is(err, fleet.ErrEngineVersion) || strings.Contains(err.Error(), "too old") {
		t.Errorf("error %v, want one that says what the engine lacks", err)
	}
}

// A record that a newer version wrote, or that is damaged, is left as it is. The item fails,
// and nothing is sent.
func TestForeignRecord(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]string{"newer": `{"version":2}`, "damaged": `{"version":1,"record":{}}`, "no JSON": "x"} {
		t.Run(name, func(t *testing.T) {
			e := jobtest.NewEngine(t, embedded.Config{})
			s := fake.New(t, fake.Config{})
			f := jobtest.NewFolder(t, 1, 100)
			job := e.Open(t, "archive", fleet.Config{Attempts: 1})
			jobtest.Add(t, job, f.Items)
			kv, err := e.Connect(t).KeyValue(t.Context(), "TUSKER_archive_records")
			if err != nil {
				t.Fatal(err)
			}
			id := f.Items[0].ID(jobtest.Endpoint)
			if _, err := kv.PutString(t.Context(), id, value); err != nil {
				t.Fatal(err)
			}
			jobtest.Work(t, job, f.Worker(s))
			for _, r := range jobtest.Results(t, job, fleet.ResultAll) {
				if r.Class != fleet.ClassRecord {
					t.Errorf("result %+v", r)
				}
			}
			for _, r := range s.Requests() {
				if r.Method == http.MethodPatch {
					t.Errorf("request %s", r)
				}
			}
			if entry, err := kv.Get(t.Context(), id); err != nil || string(entry.Value()) != value {
				t.Errorf("the record was changed: %v", err)
			}
		})
	}
}

// No decision depends on a clock of another machine: a worker resumes from a record whose
// times are three hours off in either direction.
func TestClockOfAnotherWorker(t *testing.T) {
	t.Parallel()
	for name, off := range map[string]time.Duration{"ahead": 3 * time.Hour, "behind": -3 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			e := jobtest.NewEngine(t, embedded.Config{})
			s := fake.New(t, fake.Config{})
			f := jobtest.NewFolder(t, 1, 32*chunk)
			job := halfway(t, e, f, s)
			kv, err := e.Connect(t).KeyValue(t.Context(), "TUSKER_archive_records")
			if err != nil {
				t.Fatal(err)
			}
			id := f.Items[0].ID(jobtest.Endpoint)
			entry, err := kv.Get(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			var value map[string]any
			if err := json.Unmarshal(entry.Value(), &value); err != nil {
				t.Fatal(err)
			}
			record := value["record"].(map[string]any)
			for _, field := range []string{"created", "updated", "expires"} {
				record[field] = time.Now().Add(off).UTC()
			}
			data, err := json.Marshal(value)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := kv.Put(t.Context(), id, data); err != nil {
				t.Fatal(err)
			}
			jobtest.Work(t, job, f.Worker(s))
			f.WantDelivered(t, job, s)
			if sent := jobtest.SentBytes(s); sent > f.Items[0].Size+2*chunk {
				t.Errorf("%d bytes were sent", sent)
			}
		})
	}
}
