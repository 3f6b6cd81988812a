package filestore_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tusker-go/tusker/client/filestore"
	"github.com/tusker-go/tusker/client/journal"
)

// populate makes n records. It is faster than Save, because it does not wait for the disk.
func populate(tb testing.TB, dir string, n int, updated func(i int) time.Time) {
	tb.Helper()
	for i := range n {
		r := journal.Record{
			Key: fmt.Sprintf("%064x", i), URL: fmt.Sprintf("https://tus.example/files/%d", i),
			Source: fmt.Sprintf("/home/me/video%d.mp4", i), Updated: updated(i),
		}
		b, err := r.MarshalJSON()
		if err != nil {
			tb.Fatal(err)
		}
		b = bytes.Replace(b, []byte("{"), []byte(`{"version":1,`), 1)
		if err := os.WriteFile(filepath.Join(dir, r.Key+".json"), b, 0o600); err != nil {
			tb.Fatal(err)
		}
	}
}

func longAgo(int) time.Time { return time.Now().Add(-1000 * time.Hour) }

// TestListContinuesAfterError checks that a bad record or an unknown file hides no good
// record.
func TestListContinuesAfterError(t *testing.T) {
	s := open(t, t.TempDir())
	populate(t, s.Dir(), 5, longAgo)
	for name, content := range map[string]string{
		"bad.json": "{", "newer.json": `{"version":9}`, "old.json.damaged": "{", "held.lock": "",
		"README.json.txt": "", "UPPER.json": "{", ".json": "{", "notes.tmp": "",
	} {
		if err := os.WriteFile(filepath.Join(s.Dir(), name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(s.Dir(), "folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	before := names(t, s.Dir())
	good := 0
	var failed []error
	for r, err := range s.List(t.Context()) {
		if err != nil {
			failed = append(failed, err)
			continue
		}
		if r.URL == "" {
			t.Errorf("record %+v, want a URL", r)
		}
		good++
	}
	all := errors.Join(failed...)
	if good != 5 || len(failed) != 2 || !errors.Is(all, journal.ErrRecordDamaged) || !errors.Is(all, journal.ErrRecordVersion) {
		t.Errorf("%d records and the errors\n%v\nwant 5, and one each damaged and newer", good, all)
	}
	for _, key := range []string{"bad", "newer"} {
		if !strings.Contains(all.Error(), "record "+key+" in "+s.Dir()) {
			t.Errorf("no error names %s:\n%v", key, all)
		}
	}
	if after := names(t, s.Dir()); !slices.Equal(before, after) {
		t.Errorf("the folder held %q, want %q, and now %q", before, after, after)
	}
}

const tempName = "ABCDEFGHIJKLMNOPQRSTUVWX27.tmp"

// TestLeftovers checks that only old temporary files of this package are removed.
func TestLeftovers(t *testing.T) {
	for op, do := range map[string]func(*filestore.Store) error{
		"List": func(s *filestore.Store) error {
			for _, err := range s.List(t.Context()) {
				return err
			}
			return nil
		},
		"Prune": func(s *filestore.Store) error {
			_, err := s.Prune(t.Context(), time.Hour)
			return err
		},
	} {
		for name, c := range map[string]struct {
			file string
			age  time.Duration
			gone bool
		}{
			"old":                     {tempName, 61 * time.Minute, true},
			"young":                   {tempName, 59 * time.Minute, false},
			"from the future":         {tempName, -24 * time.Hour, false},
			"of another program":      {"abcdefghijklmnopqrstuvwx27.tmp", 100 * time.Hour, false},
			"of another program, too": {"notes.tmp", 100 * time.Hour, false},
		} {
			t.Run(op+" "+name, func(t *testing.T) {
				s := open(t, t.TempDir())
				file := filepath.Join(s.Dir(), c.file)
				writeOld(t, file, "", c.age)
				if err := do(s); err != nil {
					t.Fatal(err)
				}
				if _, err := os.Stat(file); (err != nil) != c.gone {
					t.Errorf("removed: %v, want %v", err != nil, c.gone)
				}
			})
		}
	}
}

// listed returns the number of records in List.
func listed(tb testing.TB, s *filestore.Store) (n int) {
	tb.Helper()
	for _, err := range s.List(context.Background()) {
		if err != nil {
			tb.Fatal(err)
		}
		n++
	}
	return n
}

func TestListMany(t *testing.T) {
	n := 20_000
	if testing.Short() {
		n = 2_000
	}
	s := open(t, roomy(t))
	populate(t, s.Dir(), n, func(i int) time.Time {
		if i%20 == 0 {
			return longAgo(i)
		}
		return time.Now()
	})
	before, most := heap(), uint64(0)
	seen := 0
	for _, err := range s.List(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if seen++; seen%(n/4) == 0 {
			most = max(most, heap())
		}
	}
	if seen != n {
		t.Errorf("%d records, want %d", seen, n)
	}
	// All names together have more than 2 MiB.
	if most > before+1<<20 {
		t.Errorf("the heap has grown by %d KiB, want at most %d", (most-before)>>10, 1<<10)
	}
	if removed, err := s.Prune(t.Context(), time.Hour); removed != n/20 || err != nil {
		t.Errorf("Prune: %d removed, want %d; error %v", removed, n/20, err)
	}
	if left := len(names(t, s.Dir())); left != n-n/20 {
		t.Errorf("%d files are left, want %d", left, n-n/20)
	}
}

// heap returns the bytes in use after a garbage collection.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkList lists a folder with very many records.
func BenchmarkList(b *testing.B) {
	const n = 200_000
	s, err := filestore.New(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	populate(b, s.Dir(), n, longAgo)
	for b.Loop() {
		if got := listed(b, s); got != n {
			b.Fatalf("%d records, want %d", got, n)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/record")
}

func BenchmarkPrune(b *testing.B) {
	const n = 20_000
	s, err := filestore.New(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		b.StopTimer()
		populate(b, s.Dir(), n, longAgo)
		b.StartTimer()
		if got, err := s.Prune(b.Context(), time.Hour); got != n || err != nil {
			b.Fatalf("%d removed, want %d: %v", got, n, err)
		}
	}
}

func BenchmarkSave(b *testing.B) {
	s, err := filestore.New(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	r := new(sample)
	for b.Loop() {
		if err := s.Save(b.Context(), r); err != nil {
			b.Fatal(err)
		}
	}
}
