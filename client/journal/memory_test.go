package journal_test

import (
	"fmt"
	"testing"

	"github.com/tusker-go/tusker/client/journal"
)

// A MemoryStore finds the records of a place without a look at other records.
func TestMemoryStoreListSuffix(t *testing.T) {
	const others, suffix = 3000, "-0123456789abcdef"
	var s journal.MemoryStore
	for i := range others {
		save(t, &s, fmt.Sprintf("%d-%016x", i, i))
	}
	save(t, &s, "a"+suffix)
	got := testing.AllocsPerRun(1, func() {
		n := 0
		for r, err := range s.ListSuffix(t.Context(), suffix) {
			if err != nil || r.Key != "a"+suffix {
				t.Errorf("record %v, error %v, want Key %q and no error", r, err, "a"+suffix)
			}
			n++
		}
		if n != 1 {
			t.Errorf("%d records, want 1", n)
		}
	})
	// The list of all keys is one allocation, and growing it takes several.
	if got > 10 {
		t.Errorf("%.0f allocations beside %d other records", got, others)
	}
}

func save(t *testing.T, s *journal.MemoryStore, key string) {
	t.Helper()
	if err := s.Save(t.Context(), &journal.Record{Key: key, URL: "http://tus.example/files/1"}); err != nil {
		t.Fatal(err)
	}
}
