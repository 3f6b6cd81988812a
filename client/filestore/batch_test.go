package filestore_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tusker-go/tusker/client/filestore"
	"github.com/tusker-go/tusker/client/journal"
)

// holidays is a batch of the endpoint of sentRecord.
var holidays = filestore.BatchInfo{Endpoint: "https://tus.example/files/", Account: "me", Names: []string{"/home/me/photos", "/home/me/films"}}

func openBatch(t *testing.T, s *filestore.Store, info filestore.BatchInfo) *filestore.Batch {
	t.Helper()
	b, err := s.OpenBatch(info, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return b
}

func finish(t *testing.T, b *filestore.Batch, records ...*journal.Record) {
	t.Helper()
	for _, r := range records {
		if err := b.SaveFinished(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
}

// newRecord returns the record of the nth upload of a file with the name of the key, which was
// finished just now.
func newRecord(key string, n int) *journal.Record {
	r := sentRecord(key, n)
	r.Updated = time.Now().UTC().Round(0)
	return r
}

// has reports whether a batch has the record r.
func has(t *testing.T, b *filestore.Batch, r *journal.Record) bool {
	t.Helper()
	got, err := b.LoadFinished(t.Context(), r.Endpoint, r.Key)
	if errors.Is(err, journal.ErrNoRecord) {
		return false
	}
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	return true
}

func batchFile(s *filestore.Store) string {
	return filepath.Join(s.Dir(), holidays.Key()+".batch")
}

// The format of a batch, which other programs may read.
func TestBatchFormat(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	finish(t, openBatch(t, s, holidays), sentRecord("a", 1))
	got, err := os.ReadFile(batchFile(s))
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"version":1,"batch":{"endpoint":"https://tus.example/files/","account":"me","names":["/home/me/photos","/home/me/films"],"count":2}}
{"version":1,"key":"a","endpoint":"https://tus.example/files/","url":"https://tus.example/files/1?a&b",` +
		`"source":"/home/me/a","length":1,"offset":1,"created":"2026-01-02T03:04:05Z","updated":"2026-01-02T03:04:05Z"}
`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A batch has the records of earlier runs, until it is removed. Its own records are for later
// runs.
func TestBatchIsForLaterRuns(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	a, b := newRecord("a", 1), newRecord("b", 2<<20)
	first := openBatch(t, s, holidays)
	finish(t, first, a, b)
	if has(t, first, a) || first.Len() != 0 || first.HasSource(a.Source) {
		t.Error("a run has its own record")
	}
	if err := first.Close(); err != nil {
		t.Error(err)
	}

	turned := holidays
	turned.Names = []string{holidays.Names[1], holidays.Names[0], holidays.Names[1]}
	second := openBatch(t, open(t, s.Dir()), turned)
	if !has(t, second, a) || !has(t, second, b) || second.Len() != 2 || has(t, second, newRecord("c", 1)) {
		t.Errorf("the second run has %d records, want 2: a and b", second.Len())
	}
	if !second.HasSource(a.Source) || second.HasSource("/home/me/c") {
		t.Error("the second run has other sources")
	}
	for name, other := range map[string]filestore.BatchInfo{
		"endpoint": {Endpoint: "https://tus.example/other/", Account: holidays.Account, Names: holidays.Names},
		"account":  {Endpoint: holidays.Endpoint, Names: holidays.Names},
		"names":    {Endpoint: holidays.Endpoint, Account: holidays.Account, Names: holidays.Names[:1]},
	} {
		if has(t, openBatch(t, s, other), a) {
			t.Errorf("a batch of another %s has the record", name)
		}
	}

	if err := second.Remove(); err != nil {
		t.Error(err)
	}
	if has(t, openBatch(t, s, holidays), a) {
		t.Error("a batch that was removed has the record")
	}
	if err := openBatch(t, s, holidays).Remove(); err != nil {
		t.Errorf("remove a batch without a file: %v", err)
	}
}

// A line that a crash cut off is missing, and the lines before and after it count.
func TestBatchAfterCrash(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	a, b, c := newRecord("a", 1), newRecord("b", 2), newRecord("c", 3)
	finish(t, openBatch(t, s, holidays), a, b)
	text, err := os.ReadFile(batchFile(s))
	if err == nil {
		err = os.WriteFile(batchFile(s), text[:len(text)-20], 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	second := openBatch(t, s, holidays)
	finish(t, second, c)
	if !has(t, second, a) || has(t, second, b) {
		t.Error("want the first record only")
	}
	third := openBatch(t, s, holidays)
	if !has(t, third, a) || has(t, third, b) || !has(t, third, c) {
		t.Error("want the first and the last record")
	}
}

// Several runs of a batch at the same time add whole lines.
func TestBatchOfSeveralRuns(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	const runs, files = 4, 50
	var records []*journal.Record
	for i := range files {
		records = append(records, newRecord("k"+strconv.Itoa(i), i))
	}
	var wg sync.WaitGroup
	for range runs {
		b := openBatch(t, open(t, s.Dir()), holidays)
		wg.Go(func() {
			for _, r := range records {
				if err := b.SaveFinished(t.Context(), r); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	last := openBatch(t, s, holidays)
	for _, r := range records {
		if !has(t, last, r) {
			t.Errorf("record %s is missing", r.Key)
		}
	}
}

// Old records do not count. The next run replaces the file if all are old.
func TestBatchExpires(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	a, b := newRecord("a", 1), newRecord("b", 2)
	past := sentRecord("c", 3)
	finish(t, openBatch(t, s, holidays), a, past)
	if first := openBatch(t, s, holidays); !has(t, first, a) || has(t, first, past) || first.HasSource(past.Source) {
		t.Error("want only the new record")
	}
	old := time.Now().Add(-2 * time.Hour)
	if err := os.Chtimes(batchFile(s), old, old); err != nil {
		t.Fatal(err)
	}
	second := openBatch(t, s, holidays)
	if has(t, second, a) {
		t.Error("an old record counts")
	}
	finish(t, second, b)
	if third := openBatch(t, s, holidays); has(t, third, a) || !has(t, third, b) {
		t.Error("want only the new record")
	}
}

// Batches lists what Prune and RemoveBatch remove.
func TestBatches(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	finish(t, openBatch(t, s, holidays), newRecord("a", 1), newRecord("b", 2))
	list := func() (all []filestore.BatchState) {
		for b, err := range s.Batches(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, *b)
		}
		return all
	}
	want := []filestore.BatchState{{Key: holidays.Key(), BatchInfo: holidays, NameCount: 2, Finished: 2}}
	if diff := cmp.Diff(want, list(), cmpopts.IgnoreFields(filestore.BatchState{}, "Updated")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if n, err := s.Prune(t.Context(), time.Hour); n != 0 || err != nil || len(list()) != 1 {
		t.Errorf("a new batch: %d records pruned (%v), want 0, 1 and no error", n, err)
	}
	if n, err := s.Prune(t.Context(), 0); n != 2 || err != nil || len(list()) != 0 {
		t.Errorf("%d records pruned (%v), want 2", n, err)
	}
	finish(t, openBatch(t, s, holidays), newRecord("a", 1))
	if err := s.RemoveBatch(holidays.Key()); err != nil || len(list()) != 0 {
		t.Errorf("not removed: %v", err)
	}
	for _, key := range []string{holidays.Key(), "../x", ""} {
		if err := s.RemoveBatch(key); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("remove %q: %v, want ErrNotExist", key, err)
		}
	}
}
