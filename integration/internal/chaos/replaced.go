//go:build linux

package chaos

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// replacement is how a file is replaced between two workers.
type replacement struct {
	name  string
	touch bool // the new file has another time of modification
}

// Replaced replaces a file between two workers: with and without another time of
// modification. No upload may have bytes of both versions.
func Replaced(ctx context.Context, setup Setup) ([]Row, error) {
	var rows []Row
	for _, r := range []replacement{{"with another time of modification", true}, {"with the same size and time", false}} {
		row, err := r.measure(ctx, setup)
		if err != nil {
			return rows, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func (r replacement) measure(ctx context.Context, setup Setup) (Row, error) {
	const size = 16 << 20
	setup.Sizes, setup.Plan = []int64{size}, Plan{Seed: setup.Plan.Seed, Workers: 2, Slots: 1, Lease: time.Second}
	h, err := newHandover(ctx, setup, 12<<20)
	if err != nil {
		return Row{}, err
	}
	row := Row{Check: "source replaced between two workers, " + r.name, Required: "versions never mixed"}
	finished, mixed, err := r.run(ctx, h, size)
	row.Measured = fmt.Sprintf("%d uploads finished, %d of them mixed", finished, mixed)
	row.Met = err == nil && mixed == 0
	return row, h.Close(err, err)
}

// run returns how many uploads are finished, and how many of these have neither the old nor
// the new bytes.
func (r replacement) run(ctx context.Context, h *handover, size int64) (finished, mixed int, err error) {
	first, err := h.StartWorker("first")
	if err != nil {
		return 0, 0, err
	}
	if err := h.waitForBytes(ctx, size/2); err != nil {
		return 0, 0, err
	}
	first.Kill()
	path := filepath.Join(h.Site.Input, filepath.FromSlash(h.Site.Items[0].Name))
	info, err := os.Stat(path)
	if err != nil {
		return 0, 0, err
	}
	sum, err := writeFile(path, Content(h.Site.Plan.Seed, 1<<32, size), make([]byte, 1<<20))
	if err != nil {
		return 0, 0, err
	}
	mtime := info.ModTime()
	if r.touch {
		mtime = mtime.Add(time.Minute)
	}
	if err := os.Chtimes(path, mtime, mtime); err != nil {
		return 0, 0, err
	}
	second, err := h.StartWorker("second")
	if err != nil {
		return 0, 0, err
	}
	// The worker may end with an exit code for the item that failed.
	select {
	case <-second.Done():
	case <-ctx.Done():
		return 0, 0, fmt.Errorf("the second worker does not end: %w", ctx.Err())
	}
	h.Tus.Stop()
	uploads, err := readStore(h.Site.Path("store"))
	for _, u := range uploads {
		if !u.finished() {
			continue
		}
		finished++
		_, got, serr := sumOf(filepath.Join(h.Site.Path("store"), u.ID))
		err = errors.Join(err, serr)
		if got != sum && got != h.Site.Items[0].Sum {
			mixed++
		}
	}
	return finished, mixed, err
}
