// Command fleetsim simulates jobs of fleets that no test can run: ten million files and a
// thousand workers that are killed.
//
//	go run ./integration/fleetsim -o docs/fleet.md
//
// It is a discrete event simulation. Each worker has some slots, and a slot takes its item
// through the steps of the protocol: claim, creation, record, bytes and result. The engine
// does claims, records and results one after the other, each a third of the measured work
// for one file (-cycle). Creations and bytes take their time on the upload servers, whose
// bandwidth the slots that send share equally. Workers die after an exponentially
// distributed time, and others take their places; the items of a dead worker are delivered
// again when their lease has ended, and resume after the bytes that the server has. The
// same flags print the same table.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"time"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "fleetsim:", err)
		os.Exit(1)
	}
}

// measuredCycle is the work of the engine for one file. The command "go run
// ./integration/chaos rate" measures it.
const measuredCycle = 160 * time.Microsecond

func run(args []string, stdout io.Writer) error {
	flags := flag.NewFlagSet("fleetsim", flag.ContinueOnError)
	cycle := flags.Duration("cycle", measuredCycle, "`work` of the engine for one file")
	files := flags.Int("files", 10_000_000, "`number` of files of a job with small files")
	seed := flags.Uint64("seed", 1, "`seed` of all random numbers")
	page := flags.String("o", "", "write the table into this `page`, between its marks")
	if err := flags.Parse(args); err != nil {
		return err
	}
	var table bytes.Buffer
	writeTable(&table, scenarios(*cycle, *files, *seed))
	if *page == "" {
		_, err := stdout.Write(table.Bytes())
		return err
	}
	return writeInto(*page, table.Bytes())
}

// scenarios returns the jobs of the table.
func scenarios(cycle time.Duration, files int, seed uint64) []fleet {
	base := fleet{
		name: "small files", files: files, size: 64 << 10, workers: 1000, slots: 4,
		life: 2 * time.Hour, replace: 30 * time.Second, lease: 30 * time.Second,
		cycle: cycle, rtt: 20 * time.Millisecond, create: 5 * time.Millisecond,
		link: 125 << 20, server: 1250 << 20, seed: seed,
	}
	with := func(change func(*fleet)) fleet {
		f := base
		change(&f)
		return f
	}
	return []fleet{
		base,
		with(func(f *fleet) { f.name, f.life = "workers live ten minutes", 10*time.Minute }),
		with(func(f *fleet) { f.name, f.life = "workers live one minute", time.Minute }),
		with(func(f *fleet) { f.name, f.workers = "a hundred workers", 100 }),
		with(func(f *fleet) { f.name, f.workers = "ten workers", 10 }),
		with(func(f *fleet) { f.name, f.rtt = "a far server", 200*time.Millisecond }),
		with(func(f *fleet) { f.name, f.files, f.size = "large files", files/100, 64<<20 }),
		with(func(f *fleet) {
			f.name, f.files, f.size, f.life = "large files, workers live ten minutes", files/100, 64<<20, 10*time.Minute
		}),
	}
}

func writeTable(w io.Writer, jobs []fleet) {
	_, _ = fmt.Fprint(w, "| job | files | mean size | workers × slots | a worker lives | minutes | files/s | engine busy | workers killed | delivered again | orphans | bytes sent twice |\n|---|---|---|---|---|---|---|---|---|---|---|---|\n")
	for _, f := range jobs {
		o := f.run()
		_, _ = fmt.Fprintf(w, "| %s | %d | %d KiB | %d × %d | %s | %.1f | %.1f | %.0f %% | %d | %d | %d | %.4f %% |\n",
			f.name, f.files, f.size>>10, f.workers, f.slots, lifeText(f.life), o.took.Minutes(), float64(f.files)/o.took.Seconds(),
			100*o.engine, o.deaths, o.again, o.orphans, 100*o.twice/o.bytes)
	}
}

func lifeText(d time.Duration) string {
	if d >= time.Hour {
		return fmt.Sprintf("%.0f h", d.Hours())
	}
	return fmt.Sprintf("%.0f min", d.Minutes())
}

// The marks of the table in a page.
const (
	beginMark = "<!-- begin simulation -->"
	endMark   = "<!-- end simulation -->"
)

// writeInto replaces the text between the marks of a page. A page without the second mark
// gets it.
func writeInto(page string, table []byte) error {
	b, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	before, after, ok := bytes.Cut(b, []byte(beginMark))
	if !ok {
		return fmt.Errorf("%s does not have the mark %s", page, beginMark)
	}
	if _, rest, ok := bytes.Cut(after, []byte(endMark)); ok {
		after = rest
	}
	out := fmt.Sprintf("%s%s\n\n%s\n%s%s", before, beginMark, table, endMark, after)
	return os.WriteFile(page, []byte(out), 0o644) //nolint:gosec // Everybody may read the page.
}
