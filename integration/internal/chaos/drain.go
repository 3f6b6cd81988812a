//go:build linux

package chaos

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"syscall"
	"time"
)

// Drain is how long workers of [MeasureDrain] continue after SIGTERM. The fleet has to have
// been made with it.
const Drain = 8 * time.Second

// The files of MeasureDrain at drainRate: the small ones can be finished within Drain, and the
// large ones cannot.
const (
	drainSmall = 3
	drainLarge = 3
	drainRate  = 4 << 20 // bytes per second of each file
)

// MeasureDrain sends SIGTERM to all workers that have items, while other workers wait for
// items. The lease is long, so that only workers that give their items back make the others
// get them early.
func MeasureDrain(ctx context.Context, setup Setup) ([]Row, error) {
	setup.Sizes = slices.Concat(SameSizes(drainSmall, 3*drainRate), SameSizes(drainLarge, 32*drainRate))
	setup.Plan = Plan{Seed: setup.Plan.Seed, Workers: 2, Slots: (drainSmall + drainLarge) / 2, Lease: 30 * time.Second}
	h, err := newHandover(ctx, setup, drainRate)
	if err != nil {
		return nil, err
	}
	d := &drain{handover: h}
	err = d.run(ctx)
	verdict, err := h.judge(ctx, err)
	return []Row{
		{
			Check:    "SIGTERM to all workers: time until the last one has ended",
			Measured: fmt.Sprintf("%.2f s with a drain of %.0f s; %s", d.ended.Seconds(), Drain.Seconds(), verdictText(verdict)),
			Required: "≤ drain + 2 s", Met: err == nil && verdict.Err() == nil && d.ended <= Drain+2*time.Second,
		},
		{
			Check:    "SIGTERM to all workers: time until others have the items",
			Measured: fmt.Sprintf("%.2f s after the end of the workers; %d of %d files went to others, which the workers could not finish in time", d.taken.Seconds(), d.others, drainSmall+drainLarge),
			Required: "≤ 1 s", Met: err == nil && d.taken <= time.Second && d.others == drainLarge,
		},
	}, h.closeAfter(err, verdict)
}

// drain is a run of MeasureDrain.
type drain struct {
	*handover
	ended  time.Duration // from the signal to the end of the last worker
	taken  time.Duration // from then until the others had sent requests to all large files
	others int           // files to which the others sent requests
}

func (d *drain) run(ctx context.Context) error {
	old, err := d.start("old", d.Site.Plan.Workers)
	if err != nil {
		return err
	}
	// All files are on their way.
	if err := d.waitForUploads(ctx, pids(old), drainSmall+drainLarge); err != nil {
		return err
	}
	others, err := d.start("new", d.Site.Plan.Workers)
	if err != nil {
		return err
	}
	sleep(ctx, time.Second) // They connect.
	began := time.Now()
	for _, p := range old {
		p.Signal(syscall.SIGTERM)
	}
	for _, p := range old {
		select {
		case <-p.Done():
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	end := time.Now()
	d.ended = end.Sub(began)
	if err := d.waitForUploads(ctx, pids(others), drainLarge); err != nil {
		return err
	}
	d.taken = max(0, time.Since(end))
	d.Proxy.Limit(0)
	for _, p := range others {
		if err := p.Wait(ctx); err != nil {
			return err
		}
	}
	d.others = d.uploadsOf(pids(others))
	return nil
}

func (d *drain) start(name string, n int) ([]*Process, error) {
	var all []*Process
	for i := range n {
		p, err := d.StartWorker(fmt.Sprintf("%s-%d", name, i))
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

func pids(processes []*Process) map[int]bool {
	all := make(map[int]bool)
	for _, p := range processes {
		all[p.PID()] = true
	}
	return all
}

// waitForUploads waits until processes have sent requests to n uploads.
func (d *drain) waitForUploads(ctx context.Context, by map[int]bool, n int) error {
	for d.uploadsOf(by) < n {
		if !sleep(ctx, 5*time.Millisecond) {
			return fmt.Errorf("waiting for requests to %d uploads, there are %d: %w", n, d.uploadsOf(by), ctx.Err())
		}
	}
	return nil
}

// uploadsOf counts the uploads to which processes have sent requests.
func (d *drain) uploadsOf(by map[int]bool) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	paths := make(map[string]bool)
	for _, e := range d.seen {
		if by[e.PID] && e.Method != http.MethodPost && e.Method != http.MethodOptions {
			paths[e.Path] = true
		}
	}
	return len(paths)
}
