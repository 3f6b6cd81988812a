//go:build linux

package chaos

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// kind is how the upload of an item goes.
type kind string

// The kinds. An item of each of them has its own class of result.
const (
	healthy   kind = ""
	refused   kind = "refused"   // the server answers 403
	missing   kind = "missing"   // the file does not exist
	changed   kind = "changed"   // the file has another size
	transient kind = "transient" // the server answers 503 to the first creations
	poison    kind = "poison"    // each worker that creates the upload dies
)

// kindOf gives each item its kind by its number.
func kindOf(number int) kind {
	switch number % 1000 {
	case 7:
		return poison
	case 17, 417:
		return missing
	case 27, 427:
		return changed
	}
	switch number % 100 {
	case 37:
		return refused
	case 47, 67:
		return transient
	}
	return healthy
}

// transientFailures is how many creations of a transient item fail.
const transientFailures = 3

// ClassifiedFleet is a fleet whose results have classes.
type ClassifiedFleet interface {
	Fleet
	AllResults(ctx context.Context, site Site) ([]JobResult, error)
}

// kinds is a run with items of all kinds.
type kinds struct {
	*Stage
	fleet ClassifiedFleet
	swarm *swarm
	kind  map[string]kind // by the last part of the name

	mu    sync.Mutex
	tries map[string]int
	kills int
}

// Kinds uploads items of all kinds, and compares the results with them.
func Kinds(ctx context.Context, setup Setup, fleet ClassifiedFleet) ([]Row, error) {
	setup.Fleet, setup.Proxy = fleet, true
	setup.Sizes = setup.Plan.sizes()
	stage, err := NewStage(ctx, setup)
	if err != nil {
		return nil, err
	}
	k := &kinds{Stage: stage, fleet: fleet, kind: make(map[string]kind), tries: make(map[string]int)}
	row, err := k.run(ctx)
	return []Row{row}, stage.Close(errors.Join(err, Unmet([]Row{row})), err)
}

func (k *kinds) run(ctx context.Context) (Row, error) {
	row := Row{Check: fmt.Sprintf("poison, final and transient items among %d", len(k.Site.Items)), Required: "distinguished from each other; the rest done"}
	if err := k.prepare(); err != nil {
		return row, err
	}
	k.Proxy.OnRequest(k.answer)
	k.swarm = newSwarm(k.Site.Plan.Workers, k.Site.Path("logs"), func() *exec.Cmd { return k.Fleet.Worker(k.Site) })
	k.swarm.accept = []int{exitSome}
	if err := k.swarm.run(ctx); err != nil {
		return row, err
	}
	results, err := k.fleet.AllResults(ctx, k.Site)
	if err != nil {
		return row, err
	}
	faults := k.compare(results)
	verdict, err := k.verdict(results)
	if err := verdict.Err(); err != nil {
		faults = append(faults, err.Error())
	}
	counts := make(map[string]int)
	for _, r := range results {
		counts[r.Class]++
	}
	row.Measured = fmt.Sprintf("done %d", counts[""])
	delete(counts, "")
	for _, class := range slices.Sorted(maps.Keys(counts)) {
		row.Measured += fmt.Sprintf(", %s %d", class, counts[class])
	}
	row.Measured += fmt.Sprintf(", workers killed %d", k.kills)
	row.Met = len(faults) == 0
	if len(faults) > 0 {
		row.Measured += fmt.Sprintf("; %d faults, such as %q", len(faults), faults[:min(5, len(faults))])
	}
	return row, err
}

// prepare changes files.
func (k *kinds) prepare() error {
	for i, item := range k.Site.Items {
		file := filepath.Join(k.Site.Input, filepath.FromSlash(item.Name))
		kind := kindOf(i)
		k.kind[path.Base(item.Name)] = kind
		var err error
		switch kind {
		case missing:
			err = os.Remove(file)
		case changed:
			err = os.Truncate(file, item.Size+1)
		default:
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// exitSome is the exit code of a worker when items of the job have failed.
const exitSome = 9

// answer is what the proxy does.
func (k *kinds) answer(e Exchange) Answer {
	if e.Method != http.MethodPost {
		return Answer{}
	}
	name := filename(e.Header.Get("Upload-Metadata"))
	switch k.kind[name] {
	case refused:
		return Answer{Status: http.StatusForbidden}
	case transient:
		k.mu.Lock()
		defer k.mu.Unlock()
		if k.tries[name]++; k.tries[name] <= transientFailures {
			return Answer{Status: http.StatusServiceUnavailable}
		}
	case poison:
		if p := k.swarm.find(e.PID); p != nil {
			p.Kill()
			k.mu.Lock()
			defer k.mu.Unlock()
			k.kills++
		}
		return Answer{Cut: true}
	default:
	}
	return Answer{}
}

// filename returns the name in the metadata of a creation.
func filename(metadata string) string {
	for pair := range strings.SplitSeq(metadata, ",") {
		if key, value, _ := strings.Cut(strings.TrimSpace(pair), " "); key == "filename" {
			if b, err := base64.StdEncoding.DecodeString(value); err == nil {
				return path.Base(string(b))
			}
		}
	}
	return ""
}

// compare compares the class of each result with the kind of its item.
func (k *kinds) compare(results []JobResult) []string {
	class := make(map[string]string)
	for _, r := range results {
		class[path.Base(r.path())] = r.Class
	}
	var faults []string
	for name, kind := range k.kind {
		want := string(kind)
		if kind == transient {
			want = ""
		}
		got, ok := class[name]
		if !ok {
			faults = append(faults, fmt.Sprintf("%s (%s) has no result", name, kind))
		} else if got != want {
			faults = append(faults, fmt.Sprintf("%s (%s) has the class %q", name, kind, got))
		}
	}
	slices.Sort(faults)
	return faults
}

// verdict judges the store with the items that are to be done.
func (k *kinds) verdict(results []JobResult) (Verdict, error) {
	k.Tus.Stop()
	var items []Item
	for _, item := range k.Site.Items {
		if kind := k.kind[path.Base(item.Name)]; kind == healthy || kind == transient {
			items = append(items, item)
		}
	}
	var done []Result
	for _, r := range results {
		if r.Class == "" {
			done = append(done, Result{Name: r.path(), URL: r.URL})
		}
	}
	return Judge(k.Site.Path("store"), items, done)
}
