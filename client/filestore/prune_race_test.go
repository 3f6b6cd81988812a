package filestore_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tusker-go/tusker/client/filestore"
	"github.com/tusker-go/tusker/client/journal"
)

// TestPruneLeavesWhatChanges checks that Prune does not wait for a process that changes a record,
// and leaves the record.
func TestPruneLeavesWhatChanges(t *testing.T) {
	s := open(t, t.TempDir())
	save(t, s, &sample)
	guard := start(t, "guard", s.Dir())
	guard.line(t)
	if removed, err := s.Prune(t.Context(), 0); removed != 0 || err != nil {
		t.Errorf("%d removed, error %v, want 0 and no error", removed, err)
	}
	if _, err := s.Load(t.Context(), sample.Key); err != nil {
		t.Error(err)
	}
	guard.kill(t)
	if removed, err := s.Prune(t.Context(), 0); removed != 1 || err != nil {
		t.Errorf("after the process died: %d removed, error %v, want 1 and no error", removed, err)
	}
}

// pruneForever removes all records again and again.
func pruneForever(t *testing.T, s *filestore.Store) {
	t.Helper()
	fmt.Println("begins")
	for {
		if _, err := s.Prune(t.Context(), 0); err != nil {
			t.Fatal(err)
		}
	}
}

// runs is how many uploads each process of TestPruneBesideUploads makes.
const runs = 40

const (
	runPlace = "fedcba9876543210"
	runKey   = "k-" + runPlace
)

// run makes uploads of the same key. An upload begins without a record, or with the record of an
// earlier upload that Prune may remove at the same moment. From its lock on, its record stays.
func run(t *testing.T, s *filestore.Store) {
	t.Helper()
	for done := 0; done < runs; {
		unlock, err := s.Lock(t.Context(), runKey)
		if errors.Is(err, journal.ErrBusy) {
			runtime.Gosched()
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		r, err := s.Load(t.Context(), runKey)
		if errors.Is(err, journal.ErrNoRecord) {
			r, err = &journal.Record{Key: runKey, URL: "https://tus.example/1"}, nil
		}
		for range 3 {
			if err != nil {
				break
			}
			r.Offset++
			if err = s.Save(t.Context(), r); err != nil {
				break
			}
			if keys := keysOf(t, s, runPlace); !slices.Contains(keys, r.Key) {
				err = errors.New("the record is not found by its place")
			}
		}
		if err != nil {
			t.Fatalf("upload %d: %v", done, err)
		}
		if done%4 == 3 {
			if err := s.Delete(t.Context(), r.Key, r.Revision); err != nil {
				t.Fatalf("upload %d: %v", done, err)
			}
		}
		if err := unlock(); err != nil {
			t.Fatalf("upload %d: %v", done, err)
		}
		done++
	}
}

// TestPruneBesideUploads checks that Prune never removes the record of an upload that has its lock,
// and that a Prune that is killed leaves nothing that blocks an upload.
func TestPruneBesideUploads(t *testing.T) {
	s := open(t, t.TempDir())
	pruners := []*child{start(t, "prune", s.Dir()), start(t, "prune", s.Dir())}
	for _, c := range pruners {
		c.line(t)
	}
	runners := []*child{start(t, "run", s.Dir()), start(t, "run", s.Dir())}
	ended := make(chan []string)
	for _, c := range runners {
		go func() {
			var out []string
			for c.lines.Scan() {
				out = append(out, c.lines.Text())
			}
			ended <- out
		}()
	}
	var outs [][]string
	for i := 0; len(outs) < len(runners); i++ {
		select {
		case out := <-ended:
			outs = append(outs, out)
		case <-time.After(20 * time.Millisecond):
			pruners[i%2].kill(t)
			pruners[i%2] = start(t, "prune", s.Dir())
			pruners[i%2].line(t)
		}
	}
	for i, c := range runners {
		if err := c.cmd.Wait(); err != nil {
			t.Errorf("%v\n%s", err, strings.Join(slices.Concat(outs...), "\n"))
		}
		pruners[i].kill(t)
	}
	unlock, err := s.Lock(t.Context(), runKey)
	if err != nil {
		t.Fatalf("Lock at the end: %v", err)
	}
	if err := unlock(); err != nil {
		t.Error(err)
	}
	if _, err := s.Prune(t.Context(), 0); err != nil {
		t.Errorf("Prune at the end: %v", err)
	}
	if _, err := s.Load(t.Context(), runKey); !errors.Is(err, journal.ErrNoRecord) {
		t.Errorf("Load after the last Prune: error %v, want %v", err, journal.ErrNoRecord)
	}
}

// TestPlaceOfRemovedRecord checks that a record that is saved at the moment at which the earlier one
// of its key is removed is found by its place.
func TestPlaceOfRemovedRecord(t *testing.T) {
	s := open(t, t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	removed := make(chan error)
	go func() {
		var err error
		for err == nil && ctx.Err() == nil {
			err = s.Remove(context.WithoutCancel(ctx), "k-"+place)
		}
		removed <- err
	}()
	for range 200 {
		r := &journal.Record{Key: "k-" + place, URL: "https://tus.example/1"}
		if err := s.Save(t.Context(), r); err != nil {
			t.Error(err)
			break
		}
		keys := keysOf(t, s, place)
		if now, err := s.Load(t.Context(), r.Key); err == nil && now.Revision == r.Revision && len(keys) == 0 {
			t.Error("the record is not found by its place")
			break
		}
		_ = s.Remove(t.Context(), r.Key)
	}
	cancel()
	if err := <-removed; err != nil {
		t.Error(err)
	}
}
