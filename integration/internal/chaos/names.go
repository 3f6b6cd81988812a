//go:build linux

package chaos

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"time"
)

// Names has "job add" add many names, and kills it several times on its way.
func Names(ctx context.Context, setup Setup, fleet *Command, names, kills int) ([]Row, error) {
	setup.Fleet, setup.Sizes, setup.Plan.Lease = fleet, []int64{1}, 30*time.Second
	stage, err := NewStage(ctx, setup)
	if err != nil {
		return nil, err
	}
	n := &adding{Stage: stage, fleet: fleet, names: names, kills: kills}
	err = n.run(ctx)
	rate := float64(names) / n.took.Seconds()
	rows := []Row{
		{
			Check:    fmt.Sprintf("`add` of %d names, killed %d times", names, n.killed),
			Measured: fmt.Sprintf("%d different names in the queue, %d repeated", n.different, n.repeated),
			Required: "each name once", Met: err == nil && n.killed == kills && n.different == names && n.repeated == 0,
		},
		{Check: "`add`: memory", Measured: mib(n.peak), Required: "≤ 64 MiB", Met: err == nil && n.peak <= 64<<20},
		{
			Check:    "`add`: speed, with the time that all processes took",
			Measured: fmt.Sprintf("%.0f names/s", rate), Required: "≥ 20,000 names/s", Met: err == nil && rate >= 20_000,
		},
	}
	return rows, stage.Close(errors.Join(err, Unmet(rows)), err)
}

// adding is a run of Names.
type adding struct {
	*Stage
	fleet        *Command
	names, kills int

	killed              int
	took                time.Duration // of all processes
	peak                int64
	different, repeated int // names in the queue
}

const manyJob = "many"

func (n *adding) run(ctx context.Context) error {
	site := n.Site
	site.Input = site.Path("many")
	if err := emptyFiles(site.Input, n.names); err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(site.Input) }()
	random := n.Site.Plan.random("add")
	// A process is killed when it has added another share of the names.
	share := time.Duration(float64(n.names)/40_000/float64(n.kills+1)*1000) * time.Millisecond
	for {
		cmd := n.fleet.tusker(site, "add", manyJob, site.Endpoint, "-r", site.Input)
		began := time.Now()
		p, err := n.StartCommand(cmd, fmt.Sprintf("add-%d", n.killed))
		if err != nil {
			return err
		}
		if n.killed < n.kills && !n.watch(ctx, p, share/2+time.Duration(random.Int64N(int64(share)))) {
			n.peak = max(n.peak, p.PeakRSS())
			p.Kill()
			n.killed++
			n.took += time.Since(began)
			continue
		}
		n.watch(ctx, p, time.Hour)
		err = p.Wait(ctx)
		n.took += time.Since(began)
		if err != nil {
			return err
		}
		break
	}
	n.Engine.Stop()
	return n.count()
}

// watch watches the memory of a process for a time, and returns whether it has ended.
func (n *adding) watch(ctx context.Context, p *Process, d time.Duration) bool {
	for end := time.Now().Add(d); time.Now().Before(end); {
		n.peak = max(n.peak, p.PeakRSS())
		select {
		case <-p.Done():
			return true
		case <-ctx.Done():
			return false
		case <-time.After(20 * time.Millisecond):
		}
	}
	return false
}

// emptyFiles makes empty files.
func emptyFiles(dir string, n int) error {
	for i := range n {
		path := filepath.Join(dir, fmt.Sprintf("d%03d/f%07d.bin", i/filesPerFolder, i))
		if i%filesPerFolder == 0 {
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				return err
			}
		}
		f, err := os.Create(path)
		if err != nil {
			return err
		}
		if err := f.Close(); err != nil {
			return err
		}
	}
	return nil
}

// itemName finds the name of an item in a message of the queue.
var itemName = regexp.MustCompile(`(?s)\.item(?:.{4}NATS/1\.0[^{]*)?\{"r":"many","p":"d\d{3}/f(\d{7})\.bin"`)

// count counts the names in the files of the engine, which has ended.
func (n *adding) count() error {
	times := make([]uint8, n.names)
	err := filepath.WalkDir(n.Site.Path("engine"), func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".blk" || !bytes.Contains([]byte(path), []byte("TUSKER_"+manyJob+"/")) {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, match := range itemName.FindAllSubmatch(b, -1) {
			var i int
			if _, err := fmt.Sscanf(string(match[1]), "%d", &i); err != nil {
				return err
			}
			times[i]++
		}
		return nil
	})
	for _, t := range times {
		if t > 0 {
			n.different++
		}
		if t > 1 {
			n.repeated++
		}
	}
	return err
}
