package flags

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/remote"
	"github.com/tusker-go/tusker/cli/internal/units"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/fleet"
	"github.com/tusker-go/tusker/client/source/s3"
	"github.com/tusker-go/tusker/protocol"
)

// JobSettings holds the flags for the settings that all workers of a job share.
type JobSettings struct {
	lease    time.Duration
	attempts int
}

func (s *JobSettings) register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.DurationVar(&s.lease, "lease", 0, "give an item to another worker after this `duration` without a sign of life of its own (default: that of the job, 30s for a new one)")
	f.IntVar(&s.attempts, "attempts", 0, "try an item this `number` of times in the whole job (default: that of the job, 8 for a new one)")
}

// settings returns the configuration of the job. The rate is that of --limit-rate.
func (s *JobSettings) settings(cmd *cobra.Command, rate *units.Timetable) (fleet.Config, error) {
	out := fleet.Config{Lease: s.lease, Attempts: s.attempts}
	switch {
	case s.lease < 0 || s.lease > 0 && s.lease < time.Second:
		return out, errors.New("--lease is shorter than 1s")
	case s.attempts < 0:
		return out, errors.New("--attempts is negative")
	}
	if !cmd.Flags().Changed("limit-rate") {
		return out, nil
	}
	limit, fixed := rate.Fixed()
	if !fixed {
		return out, errors.New("--limit-rate of a job is one rate for all workers, not a timetable")
	}
	if out.RateLimit = int64(limit); limit == 0 {
		out.RateLimit = -1 // the limit that the job has so far ends
	}
	return out, nil
}

// jobRateUsage describes --limit-rate of a job.
const jobRateUsage = "let all workers of the job together send at most this many bytes in a second, such as 10MiB/s, or off (default: that of the job)"

// Roots holds the flag for the folders of roots.
type Roots struct {
	// Pairs are NAME=FOLDER.
	Pairs []string
}

func (r *Roots) register(cmd *cobra.Command) {
	List(cmd.Flags(), &r.Pairs, "root", "", "the files of the root NAME are in FOLDER on this machine: `NAME=FOLDER`; or read files from this store, such as s3://bucket or https://host (repeat)")
}

// JobAdd holds the flags of the command that adds items to a job.
type JobAdd struct {
	Engine
	Selection
	Roots
	JobSettings
	Reading

	// Metadata are key[=value] pairs of each item.
	Metadata []string
	// JSON means that the result is printed as JSON.
	JSON bool
	// Concurrency is the number of remote files that are asked for at the same time.
	Concurrency int

	limitRate units.Timetable
	replicas  int
}

// Register adds the flags.
func (a *JobAdd) Register(cmd *cobra.Command) {
	f := cmd.Flags()
	List(f, &a.Metadata, "metadata", "", "store `key[=value]` with each upload; wins over a default (repeat)")
	f.IntVar(&a.replicas, "replicas", 0, "keep a new job on this `number` of servers of the engine: 1, 3 or 5 (default 1)")
	f.BoolVar(&a.JSON, "json", false, "print JSON")
	f.IntVar(&a.Concurrency, "concurrency", defaultLookups, "ask for this `number` of files at URLs at the same time")
	RegisterLimitRate(cmd, &a.limitRate)
	f.Lookup("limit-rate").Usage = jobRateUsage
	a.RegisterWalk(cmd)
	a.Roots.register(cmd)
	a.JobSettings.register(cmd)
	a.Reading.register(cmd)
	a.Engine.Register(cmd)
}

// defaultLookups is the default of --concurrency of an add.
const defaultLookups = 8

// Settings returns the configuration of the job.
func (a *JobAdd) Settings(cmd *cobra.Command) (fleet.Config, error) {
	out, err := a.settings(cmd, &a.limitRate)
	out.Replicas = a.replicas
	if err == nil && a.replicas != 0 && a.replicas != 1 && a.replicas != 3 && a.replicas != 5 {
		err = fmt.Errorf("--replicas %d is not one of 1, 3, 5", a.replicas)
	}
	if err == nil && a.Concurrency < 1 {
		err = errors.New("--concurrency is not above 0")
	}
	return out, err
}

// JobWork holds the flags of the command that uploads items of a job.
type JobWork struct {
	Engine
	Requests
	Roots
	JobSettings
	Remote

	// NoDefault means that uploads have no metadata besides those of their items.
	NoDefault bool
	// Verify means that each file is compared with its upload afterwards.
	Verify bool
	// Concurrency is the number of items that are sent at the same time.
	Concurrency int
	// UntilDone means that the command ends when the job is done.
	UntilDone bool
	// Drain is how long items may be finished after a signal.
	Drain time.Duration
	// Metrics is the address of the page and of the metrics. "": none.
	Metrics string
	// JSON means that events are printed, each as JSON on a line.
	JSON bool
}

// defaultSlots is the default of --concurrency of a worker.
const defaultSlots = 8

// workerRetries is the default of --retries of a worker.
const workerRetries = 3

// DefaultDrain is the default of --drain.
const DefaultDrain = 30 * time.Second

// Register adds the flags.
func (w *JobWork) Register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.BoolVar(&w.UntilDone, "until-done", false, "end when no item is left (default: wait for more items)")
	f.DurationVar(&w.Drain, "drain", DefaultDrain, "after a signal, take no further items, and finish those that can be finished in this `duration`")
	f.StringVar(&w.Metrics, "metrics", "", "serve a page about the job at / and metrics for Prometheus at /metrics, at this `address`, such as localhost:9464")
	f.IntVar(&w.Concurrency, "concurrency", defaultSlots, "send this `number` of files at the same time")
	f.BoolVar(&w.NoDefault, "no-default-metadata", false, "do not send filename, relativePath, mime_type and filetype as metadata")
	f.BoolVar(&w.JSON, "json", false, "print one event on each line, such as claimed, done and failed")
	RegisterVerify(cmd, &w.Verify)
	w.Roots.register(cmd)
	w.JobSettings.register(cmd)
	w.Remote.register(cmd)
	w.Engine.Register(cmd)
	w.Requests.Register(cmd)
	// Other workers try an item again, too.
	w.retries = workerRetries
	f.Lookup("limit-rate").Usage = jobRateUsage
	f.Lookup("retries").DefValue = strconv.Itoa(workerRetries)
}

// Check finds errors of the flags.
func (w *JobWork) Check() error {
	switch {
	case w.Concurrency < 1:
		return errors.New("--concurrency is not above 0")
	case w.Drain < 0:
		return fmt.Errorf("--drain %v is negative", w.Drain)
	}
	return w.Engine.Check()
}

// Settings returns the configuration of the job.
func (w *JobWork) Settings(cmd *cobra.Command) (fleet.Config, error) {
	return w.settings(cmd, &w.limitRate)
}

// Tune adds the flags about requests to config. The rate is that of the job.
func (w *JobWork) Tune(config *client.Config) {
	w.tune(config)
	config.RateLimit, config.RateLimitAt = 0, nil
}

// MetadataOf returns the metadata of the upload of an item, whose own metadata are given.
func (w *JobWork) MetadataOf(item fleet.Item) protocol.Metadata {
	all := make(protocol.Metadata)
	if !w.NoDefault {
		name, relative := pathsOf(item)
		all = w.fileMetadata(name, relative, "")
	}
	maps.Copy(all, item.Metadata)
	return all
}

// pathsOf returns the path of the file of an item below its root, and the one that has the name of
// the root. The path of a URL has no name before it.
func pathsOf(item fleet.Item) (name, relative string) {
	if !item.IsRemote() {
		return item.Path, path.Join(item.Root, item.Path)
	}
	name = remote.PathBelow(item.Root, item.Path)
	if _, bucket, _ := strings.Cut(item.Root, "://"); s3.IsLocation(item.Root) {
		return name, bucket + "/" + name
	}
	return name, name
}
