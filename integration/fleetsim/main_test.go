package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func smallJob() fleet {
	f := scenarios(measuredCycle, 20_000, 1)[0]
	f.workers, f.life = 50, 30*time.Second
	return f
}

// The same fleet has the same outcome, and another seed has another one.
func TestSeeds(t *testing.T) {
	f := smallJob()
	first := f.run()
	if again := f.run(); again != first {
		t.Errorf("the second run has the outcome %+v, the first one %+v", again, first)
	}
	f.seed++
	if other := f.run(); other == first {
		t.Errorf("another seed has the same outcome %+v", other)
	}
}

// A job cannot be faster than the engine, the bandwidth or the steps of each file allow, and
// is not much slower than the slowest of them.
func TestBounds(t *testing.T) {
	tests := map[string]struct {
		change func(*fleet)
		lowest time.Duration
	}{
		"engine":    {func(f *fleet) { f.workers, f.cycle = 1000, time.Millisecond }, 20 * time.Second},
		"bandwidth": {func(f *fleet) { f.server, f.size = 64<<20, 256<<10 }, 78 * time.Second},
		// Five times 20 ms and 5 ms for each file.
		"round trips": {func(f *fleet) { f.workers, f.size = 1, 1 }, 525 * time.Second},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			f := smallJob()
			f.life = 100_000 * time.Hour
			test.change(&f)
			took := f.run().took
			if took < test.lowest*95/100 || took > test.lowest*3/2 {
				t.Errorf("the job takes %v, want about %v", took, test.lowest)
			}
		})
	}
}

// Workers that live a short time cause items that are delivered again. A fleet whose workers
// do not die has none, and no orphans.
func TestDeaths(t *testing.T) {
	f := smallJob()
	if out := f.run(); out.deaths == 0 || out.again == 0 || out.twice == 0 || out.again > out.deaths*f.slots {
		t.Errorf("short lives: %+v", out)
	}
	f.life = 1000 * time.Hour
	if out := f.run(); out.deaths+out.again+out.orphans != 0 || out.twice != 0 {
		t.Errorf("long lives: %+v", out)
	}
}

// The table replaces the text between the marks of a page, and the rest of the page stays.
func TestWriteInto(t *testing.T) {
	page := filepath.Join(t.TempDir(), "page.md")
	if err := os.WriteFile(page, []byte("before\n"+beginMark+"\nafter\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, table := range []string{"| old |\n", "| new |\n"} {
		if err := writeInto(page, []byte(table)); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if want := "before\n" + beginMark + "\n\n| new |\n\n" + endMark + "\nafter\n"; !bytes.Equal(got, []byte(want)) {
		t.Errorf("the page is %q, want %q", got, want)
	}
}
