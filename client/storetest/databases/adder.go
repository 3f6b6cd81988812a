package databases

import (
	"errors"
	"os/exec"
	"testing"

	"github.com/tusker-go/tusker/client/journal"
)

const (
	adders     = 2   // processes of AddTogether
	increments = 100 // of each of them

	// counter is the key of their record.
	counter = "counter"
)

// AddTogether runs the test called adder, which calls [Add], in two processes at the same time. It
// checks that neither process replaced what the other one had saved since it loaded the record.
func AddTogether(t *testing.T, server *Server, adder string, store journal.Store) {
	t.Helper()
	if err := store.Save(t.Context(), &journal.Record{Key: counter, URL: "https://tus.example/1"}); err != nil {
		t.Fatal(err)
	}
	var processes [adders]*exec.Cmd
	for i := range processes {
		processes[i] = startTest(t, server, adder)
	}
	for _, process := range processes {
		if err := process.Wait(); err != nil {
			t.Errorf("a process failed: %v\n%s", err, process.Stdout)
		}
	}
	r, err := store.Load(t.Context(), counter)
	if err != nil {
		t.Fatal(err)
	}
	if r.Offset != adders*increments {
		t.Errorf("the count is %d, want %d", r.Offset, adders*increments)
	}
}

// Add adds 1 to the offset of a record again and again.
func Add(t *testing.T, store journal.Store) {
	t.Helper()
	for done := 0; done < increments; {
		r, err := store.Load(t.Context(), counter)
		if err != nil {
			t.Fatal(err)
		}
		r.Offset++
		switch err := store.Save(t.Context(), r); {
		case err == nil:
			done++
		case !errors.Is(err, journal.ErrConflict):
			t.Fatalf("error %v, want %v", err, journal.ErrConflict)
		}
	}
}
