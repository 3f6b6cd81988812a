package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "bench: %v\n", err)
		stop()
		os.Exit(1)
	}
}

type options struct {
	rows   []string // empty: all
	quick  bool
	budget time.Duration
	dir    string
	out    string
	pairs  int    // number of rounds of each row; 0: those of the row
	redraw string // folder of saved reports; "": run the rows
}

func parse(args []string) options {
	var o options
	f := flag.NewFlagSet("bench", flag.ExitOnError)
	rows := f.String("rows", "", "run only the rows with these names, `name,...`, or the row growth; a prefix up to a dash selects all rows that begin with it")
	f.BoolVar(&o.quick, "quick", false, "send a sixteenth of the bytes in two rounds, to see that all programs work")
	f.IntVar(&o.pairs, "pairs", 0, "run this `number` of rounds of each row, without a time limit of the row")
	f.DurationVar(&o.budget, "budget", 13*time.Minute+30*time.Second, "stop after this time, even in the middle of a row")
	f.StringVar(&o.dir, "dir", "", "keep sources and tusd's store in this folder (default /dev/shm if it exists, otherwise the temporary folder)")
	f.StringVar(&o.out, "o", "", "write the report to this `file`, its figures as JSON beside it, and its charts into the folder images; rows that do not run keep the figures of the JSON")
	f.StringVar(&o.redraw, "redraw", "", "run nothing, and make the reports and charts of this `folder` again from their JSON")
	_ = f.Parse(args) // Parse exits if there is an error.
	if *rows != "" {
		o.rows = strings.Split(*rows, ",")
	}
	if o.dir == "" {
		o.dir = os.TempDir()
		if info, err := os.Stat("/dev/shm"); err == nil && info.IsDir() {
			o.dir = "/dev/shm"
		}
	}
	return o
}

func run(ctx context.Context, args []string) error {
	began := time.Now()
	o := parse(args)
	if o.redraw != "" {
		return redraw(o.redraw)
	}
	rows, err := choose(allRows(), o.others())
	if err != nil {
		return err
	}
	// The data is in a folder in memory, so that no disk slows it down. Programs
	// and records of uploads are on the disk, as for users.
	data, err := os.MkdirTemp(o.dir, "tusker-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(data) }()
	work, err := os.MkdirTemp("", "tusker-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(work) }()

	say := func(format string, args ...any) {
		fmt.Fprintf(os.Stderr, "%5.0fs  %s\n", time.Since(began).Seconds(), fmt.Sprintf(format, args...))
	}
	say("building")
	tools, err := build(ctx, filepath.Join(work, "bin"), say)
	if err != nil {
		return err
	}
	b := &bench{tools: tools, data: data, work: work, deadline: began.Add(o.budget), say: say}
	if slices.Equal(o.rows, []string{growthRow}) {
		return b.reportGrowth(ctx, o)
	}
	var results []*result
	for _, r := range rows {
		if o.pairs > 0 {
			r = r.repeated(o.pairs)
		}
		if o.quick {
			r = r.quick()
		}
		res, err := b.row(ctx, r)
		if err != nil {
			return fmt.Errorf("row %s: %w", r.name, err)
		}
		results = append(results, res)
	}
	now := &session{Made: began, Took: time.Since(began), Machine: describeMachine(ctx, tools)}
	for _, r := range results {
		r.session = now
	}
	doc := report{quick: o.quick, results: results, floor: b.floor}
	doc.write(os.Stdout)
	if o.out == "" {
		return nil
	}
	return doc.publish(o.out)
}

// others returns the rows that are named, without the row growth.
func (o options) others() []string {
	return slices.DeleteFunc(slices.Clone(o.rows), func(name string) bool { return name == growthRow })
}

// reportGrowth runs the row growth. The file of the report gets a second one with JSON beside it.
func (b *bench) reportGrowth(ctx context.Context, o options) error {
	began := time.Now()
	curves, err := b.grow(ctx, o.quick)
	if err != nil {
		return fmt.Errorf("row %s: %w", growthRow, err)
	}
	r := growthReport{Made: began, Machine: describeMachine(ctx, b.tools), Curves: curves}
	r.write(os.Stdout)
	if o.out == "" {
		return nil
	}
	if err := writeFile(jsonOf(o.out), r.writeJSON); err != nil {
		return err
	}
	return r.draw(o.out)
}

// writeFile keeps the old file if write fails.
func writeFile(name string, write func(io.Writer)) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	var text strings.Builder
	write(&text)
	tmp := name + ".new"
	if err := os.WriteFile(tmp, []byte(text.String()), 0o644); err != nil {
		return err
	}
	return os.Rename(tmp, name)
}
