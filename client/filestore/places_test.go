package filestore_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tusker-go/tusker/client/filestore"
)

const place = "0123456789abcdef"

// keysOf returns the keys of the records of a place.
func keysOf(t *testing.T, s *filestore.Store, place string) []string {
	t.Helper()
	var keys []string
	for r, err := range s.ListSuffix(t.Context(), "-"+place) {
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, r.Key)
	}
	slices.Sort(keys)
	return keys
}

// The records of a place are found without a look at other records.
func TestListSuffixReadsNoOtherRecord(t *testing.T) {
	// The test counts allocations of the process, so it is not parallel.
	const others = 3000
	s := open(t, t.TempDir())
	populate(t, s.Dir(), others, longAgo)
	r := sample
	r.Key = "4f1d-" + place
	if err := s.Save(t.Context(), &r); err != nil {
		t.Fatal(err)
	}
	got := testing.AllocsPerRun(1, func() {
		if keys := keysOf(t, s, place); len(keys) != 1 {
			t.Fatalf("found %q, want 1 of them", keys)
		}
	})
	if got > others/2 {
		t.Errorf("%.0f allocations beside %d other records", got, others)
	}
}

// A crash can leave the name of a record at its place. It is ignored, and Prune removes it.
func TestPlaceWithoutRecord(t *testing.T) {
	s := open(t, t.TempDir())
	list := filepath.Join(s.Dir(), place+".place")
	if err := os.WriteFile(list, []byte("4f1d-"+place+"\nNO KEY\n4f1d-0"), 0o600); err != nil {
		t.Fatal(err)
	}
	if keys := keysOf(t, s, place); len(keys) != 0 {
		t.Errorf("found %q, want none", keys)
	}
	r := sample
	r.Key, r.Updated = "5f1d-"+place, time.Now()
	if err := s.Save(t.Context(), &r); err != nil {
		t.Fatal(err)
	}
	old := time.Now().Add(-2 * time.Hour)
	if err := os.Chtimes(list, old, old); err != nil {
		t.Fatal(err)
	}
	if n, err := s.Prune(t.Context(), time.Hour); n != 0 || err != nil {
		t.Errorf("pruned %d, error %v, want 0 and no error", n, err)
	}
	if text, err := os.ReadFile(list); err != nil || string(text) != r.Key+"\n" {
		t.Errorf("after Prune: %q, error %v, want %q and no error", text, err, r.Key+"\n")
	}
	if keys := keysOf(t, s, place); len(keys) != 1 {
		t.Errorf("found %q after Prune, want 1 of them", keys)
	}
}

// A store without records has no places: each way to remove a record removes its place.
func TestPlaceIsRemoved(t *testing.T) {
	for name, remove := range map[string]func(s *filestore.Store, key, revision string) error{
		"Delete": func(s *filestore.Store, key, revision string) error { return s.Delete(t.Context(), key, revision) },
		"Remove": func(s *filestore.Store, key, _ string) error { return s.Remove(t.Context(), key) },
		"Prune": func(s *filestore.Store, _, _ string) error {
			_, err := s.Prune(t.Context(), 0)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, t.TempDir())
			r := sample
			r.Key = "4f1d-" + place
			if err := s.Save(t.Context(), &r); err != nil {
				t.Fatal(err)
			}
			if err := remove(s, r.Key, r.Revision); err != nil {
				t.Fatal(err)
			}
			if left, err := os.ReadDir(s.Dir()); err != nil || len(left) != 0 {
				t.Errorf("left are %v, error %v, want none and no error", left, err)
			}
		})
	}
}

// ListPrefix reads only the records that it returns.
func TestListPrefix(t *testing.T) {
	// The test counts allocations of the process, so it is not parallel.
	const others = 2000
	s := open(t, t.TempDir())
	populate(t, s.Dir(), others, longAgo)
	for _, key := range []string{"4f1d-" + place, "4f1e"} {
		r := sample
		r.Key = key
		if err := s.Save(t.Context(), &r); err != nil {
			t.Fatal(err)
		}
	}
	for prefix, want := range map[string]int{"4f1d": 1, "4f1": 2, "4f1d-" + place: 1, "5": 0} {
		got := testing.AllocsPerRun(1, func() {
			n := 0
			for r, err := range s.ListPrefix(t.Context(), prefix) {
				if err != nil || !strings.HasPrefix(r.Key, prefix) {
					t.Errorf("%s: record %v, error %v, want the prefix %q and no error", prefix, r, err, prefix)
				}
				n++
			}
			if n != want {
				t.Errorf("%s: %d records, want %d", prefix, n, want)
			}
		})
		if got > 8*others {
			t.Errorf("%s: %.0f allocations beside %d other records", prefix, got, others)
		}
	}
}
