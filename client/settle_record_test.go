package client_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
)

// A file whose bytes changed is sent again, even if its time of modification was restored.
func TestModificationTimeIsRestored(t *testing.T) {
	needChangeTime(t)
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		cfg := client.Config{Ledger: &clienttest.Ledger{}}
		data := clienttest.Noise(clienttest.SampledSize)
		name := clienttest.WriteFile(t, data)
		clienttest.UploadFile(t, s, cfg, name)
		if res := clienttest.UploadFile(t, s, cfg, name); !res.Skipped {
			t.Fatalf("result %+v, want it skipped", res)
		}
		overwrite(t, name, "new", clienttest.SampledSize/2)
		res := clienttest.UploadFile(t, s, cfg, name)
		if res.Skipped {
			t.Error("the file was skipped though it had changed")
		}
		clienttest.WantStored(t, s, res.URL, data[:clienttest.SampledSize/2]+"new"+data[clienttest.SampledSize/2+3:])
	})
}

// A file that was modified just now is not skipped, whatever the ledger has, because it may have
// changed again within the same step of the clock.
func TestFreshFileIsNotSkipped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		data := clienttest.Noise(clienttest.SampledSize)
		other := s.Put(flipped(data, clienttest.SampledSize/2), protocol.Known(clienttest.SampledSize), nil)
		for ago, want := range map[time.Duration]bool{0: false, time.Second: false, -time.Hour: false, time.Hour: true} {
			cfg := client.Config{Ledger: planted{url: other, size: clienttest.SampledSize}}
			name := fresh(t, data, ago)
			c := clienttest.NewClient(t, s, cfg)
			if _, sent, err := clienttest.Finished(t.Context(), c, clienttest.PathSource(t, name)); sent != want || err != nil {
				t.Errorf("%v ago: recorded as sent: %t, want %t; error %v", ago, sent, want, err)
			}
			if res := clienttest.UploadFile(t, s, cfg, name); res.Skipped != want {
				t.Errorf("%v ago: skipped: %t, want %t", ago, res.Skipped, want)
			}
		}
	})
}

// An interrupted upload of a file that was modified just now gets its record when further
// changes of the file would show in its times.
func TestFreshFileIsRecordedLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		var store client.MemoryStore
		name := fresh(t, clienttest.Noise(clienttest.RecordedSize), 0)
		began := time.Now()
		s.On(http.MethodPatch, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			clienttest.WantNoRecord(t, &store)
			next.ServeHTTP(w, r)
			time.Sleep(3 * time.Second)
			synctest.Wait()
			clienttest.OnlyRecord(t, &store)
		}, fake.Cut(7))
		c := clienttest.NewRecordingClient(t, s, &store, nil)
		if _, err := c.Upload(t.Context(), clienttest.PathSource(t, name), nil); err == nil {
			t.Fatal("no error")
		}
		if took := time.Since(began); took != 3*time.Second {
			t.Errorf("took %v, want %v", took, 3*time.Second)
		}
		if r := clienttest.OnlyRecord(t, &store); r.Offset != clienttest.ChunkSize {
			t.Errorf("record %+v, want Offset %v", r, clienttest.ChunkSize)
		}
		if _, err := c.Upload(t.Context(), clienttest.PathSource(t, name), nil); err != nil {
			t.Fatal(err)
		}
		clienttest.WantNoRecord(t, &store)

		// An upload that is interrupted earlier waits for its record.
		name = fresh(t, clienttest.Noise(clienttest.RecordedSize), time.Second)
		s.On(http.MethodPatch, fake.Cut(7))
		began = time.Now()
		if _, err := c.Upload(t.Context(), clienttest.PathSource(t, name), nil); err == nil {
			t.Fatal("no error")
		}
		if took := time.Since(began); took != settling-time.Second {
			t.Errorf("took %v, want %v", took, settling-time.Second)
		}
		clienttest.OnlyRecord(t, &store)
	})
}
