package fleet

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Job is a job in an engine. [Open] returns it. It is safe for concurrent use.
type Job struct {
	bus
	names
	name     string
	settings settings
}

// Open opens the job of this name, which has 1 to 64 letters, digits and "-". It makes the
// job if cfg names an endpoint and there is no such job. It changes the settings of a job that
// exists if cfg has others; workers take the new ones when they start, and RateLimit within
// seconds. Errors to test for: ErrNoJob, ErrOtherEndpoint, ErrJobVersion, ErrInvalid,
// ErrEngineUnreachable, ErrEngineFull, ErrEngineVersion and ErrUnauthorized.
//
// Use [Connect] for the connection of js. It must stay open while the job is used.
func Open(ctx context.Context, js jetstream.JetStream, name string, cfg Config) (*Job, error) {
	j, err := open(ctx, js, name, cfg)
	if err != nil {
		return nil, fmt.Errorf("open job %s: %w", name, err)
	}
	return j, nil
}

func open(ctx context.Context, js jetstream.JetStream, name string, cfg Config) (*Job, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	j := &Job{bus: newBus(js, cfg.EngineTimeout), names: names(name), name: name}
	if err := j.checkEngine(ctx); err != nil {
		return nil, err
	}
	if err := j.patiently(ctx, func(ctx context.Context) error { return j.prepare(ctx, cfg) }); err != nil {
		return nil, err
	}
	j.setLease(j.settings.Lease)
	return j, nil
}

// engineLevel is the level of the interface of JetStream that jobs need: that of NATS 2.12,
// with atomic batches and counters.
const engineLevel = 2

// checkEngine makes sure that the engine answers and is new enough.
func (b *bus) checkEngine(ctx context.Context) error {
	var info *jetstream.AccountInfo
	err := b.patiently(ctx, func(ctx context.Context) (err error) {
		info, err = b.js.AccountInfo(ctx)
		return err
	})
	switch last := b.conn.LastError(); {
	case errors.Is(err, ErrEngineUnreachable) && last != nil && errors.Is(engineError(last), ErrUnauthorized):
		return engineError(last)
	case err != nil:
		return err
	case info.API.Level < engineLevel:
		return fmt.Errorf("%w: the server is %s", ErrEngineVersion, b.conn.ConnectedServerVersion())
	}
	return nil
}

// prepare opens the job, or makes it.
func (j *Job) prepare(ctx context.Context, cfg Config) error {
	stream, err := j.js.Stream(ctx, j.queue())
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		if cfg.Endpoint == "" {
			return ErrNoJob
		}
		return j.create(ctx, cfg)
	}
	if err != nil {
		return engineError(err)
	}
	config := stream.CachedInfo().Config
	if j.settings, err = settingsOf(config.Metadata); err != nil {
		return err
	}
	if cfg.Endpoint != "" && plainEndpoint(cfg.Endpoint) != j.settings.Endpoint {
		return fmt.Errorf("%w: %s", ErrOtherEndpoint, j.settings.Endpoint)
	}
	changed, differs := j.settings.with(cfg)
	if differs {
		if config.Metadata, err = changed.metadata(config.Metadata); err != nil {
			return err
		}
		if _, err := j.js.UpdateStream(ctx, config); err != nil {
			return engineError(err)
		}
		j.settings = changed
	}
	return j.complete(ctx, cfg, config.Replicas, differs)
}

// create makes the job. If another process makes it at the same time, one of them opens it.
func (j *Job) create(ctx context.Context, cfg Config) error {
	j.settings, _ = settings{Version: jobVersion, Endpoint: plainEndpoint(cfg.Endpoint), Lease: defaultLease, Attempts: defaultAttempts}.with(cfg)
	metadata, err := j.settings.metadata(nil)
	if err != nil {
		return err
	}
	config := j.stream(j.queue(), cfg)
	config.Subjects, config.Metadata = []string{j.items(), j.cursors()}, metadata
	config.Retention, config.AllowAtomicPublish = jetstream.WorkQueuePolicy, true
	_, err = j.js.CreateStream(ctx, config)
	if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
		return j.prepare(ctx, cfg)
	}
	if err != nil {
		return engineError(err)
	}
	return j.complete(ctx, cfg, cfg.Replicas, true)
}

// stream returns the configuration that the streams of the job have in common.
func (j *Job) stream(name string, cfg Config) jetstream.StreamConfig {
	config := jetstream.StreamConfig{Name: name, Storage: jetstream.FileStorage, Replicas: max(1, cfg.Replicas), Discard: jetstream.DiscardNew, MaxBytes: -1, AllowDirect: true}
	if cfg.MaxBytes > 0 {
		config.MaxBytes = cfg.MaxBytes
	}
	return config
}

// duplicateWindow is how long the engine recognizes a result that it has. Beyond that time,
// the record of the item tells.
func duplicateWindow(lease time.Duration) time.Duration { return max(2*time.Minute, 4*lease) }

// complete makes what the job still lacks: it may have been interrupted when it was made.
// Changed means that the settings are other ones than before.
func (j *Job) complete(ctx context.Context, cfg Config, replicas int, changed bool) error {
	cfg.Replicas = replicas
	if err := j.need(ctx, j.results(), func() error {
		config := j.stream(j.results(), cfg)
		config.Subjects, config.Duplicates = []string{j.ok(), j.failures()}, duplicateWindow(j.settings.Lease)
		_, err := j.js.CreateStream(ctx, config)
		return err
	}); err != nil {
		return err
	}
	if err := j.need(ctx, j.sums(), func() error {
		config := j.stream(j.sums(), cfg)
		config.Subjects, config.AllowMsgCounter, config.MaxMsgsPerSubject = []string{j.subject("sum.>")}, true, 1
		config.Discard = jetstream.DiscardOld
		_, err := j.js.CreateStream(ctx, config)
		return err
	}); err != nil {
		return err
	}
	if err := j.need(ctx, j.recordStream(), func() error {
		_, err := j.js.CreateKeyValue(ctx, jetstream.KeyValueConfig{
			Bucket: j.records(), History: 1, Storage: jetstream.FileStorage, Replicas: max(1, replicas), MaxBytes: cfg.MaxBytes,
			LimitMarkerTTL: markerTTL,
		})
		return err
	}); err != nil {
		return err
	}
	// The list of workers is not in memory: it survives the engine, because shares of the rate
	// limit depend on it.
	if err := j.need(ctx, j.workerStream(), func() error {
		_, err := j.js.CreateKeyValue(ctx, jetstream.KeyValueConfig{
			Bucket: j.workers(), History: 1, TTL: workerTTL, Storage: jetstream.FileStorage, Replicas: max(1, replicas),
		})
		return err
	}); err != nil {
		return err
	}
	if _, err := j.js.Consumer(ctx, j.queue(), consumerName); err == nil && !changed {
		return nil
	} else if err != nil && !errors.Is(err, jetstream.ErrConsumerNotFound) {
		return engineError(err)
	}
	_, err := j.js.CreateOrUpdateConsumer(ctx, j.queue(), j.consumer())
	return engineError(err)
}

// consumer describes the claims of the workers.
func (j *Job) consumer() jetstream.ConsumerConfig {
	const (
		maxClaims  = 50_000 // items that workers have, or that wait for their next attempt
		maxWaiting = 16_384 // requests of workers
	)
	return jetstream.ConsumerConfig{
		Durable: consumerName, FilterSubject: j.items(), AckPolicy: jetstream.AckExplicitPolicy, AckWait: j.settings.Lease,
		MaxDeliver: -1, MaxAckPending: maxClaims, MaxWaiting: maxWaiting,
	}
}

// need makes a stream that does not exist.
func (j *Job) need(ctx context.Context, stream string, create func() error) error {
	_, err := j.js.Stream(ctx, stream)
	if !errors.Is(err, jetstream.ErrStreamNotFound) {
		return engineError(err)
	}
	err = create()
	if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) || errors.Is(err, jetstream.ErrBucketExists) {
		return nil
	}
	return engineError(err)
}

// Remove removes the job of this name with its queue, its records and its results. Uploads
// stay on their server. The error Is ErrNoJob if there is none. Workers that are at work on
// the job end with ErrNoJob.
func Remove(ctx context.Context, js jetstream.JetStream, name string) error {
	if err := checkName(name); err != nil {
		return err
	}
	b, n := newBus(js, 0), names(name)
	found := false
	// The queue goes last, because it is what makes the job exist.
	for _, stream := range []string{n.workerStream(), n.recordStream(), n.sums(), n.results(), n.queue()} {
		err := b.patiently(ctx, func(ctx context.Context) error { return b.js.DeleteStream(ctx, stream) })
		switch {
		case err == nil:
			found = true
		case !errors.Is(err, ErrNoJob):
			return fmt.Errorf("remove job %s: %w", name, err)
		}
	}
	if !found {
		return fmt.Errorf("remove job %s: %w", name, ErrNoJob)
	}
	return nil
}

// List returns the names of all jobs in lexical order.
func List(ctx context.Context, js jetstream.JetStream) ([]string, error) {
	b := newBus(js, 0)
	if err := b.checkEngine(ctx); err != nil {
		return nil, fmt.Errorf("list jobs: %w", err)
	}
	var jobs []string
	err := b.patiently(ctx, func(ctx context.Context) error {
		jobs = jobs[:0]
		list := js.StreamNames(ctx)
		for stream := range list.Name() {
			if name := jobOf(stream); name != "" {
				jobs = append(jobs, name)
			}
		}
		return list.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("list jobs: %w", err)
	}
	slices.Sort(jobs)
	return jobs, nil
}

// Name returns the name of the job.
func (j *Job) Name() string { return j.name }

// Endpoint returns the creation URL of the job, without user information and query.
func (j *Job) Endpoint() string { return j.settings.Endpoint }

// Lease returns the lease of the job, see Config.Lease.
func (j *Job) Lease() time.Duration { return j.settings.Lease }

// Remove removes the job, see the function Remove.
func (j *Job) Remove(ctx context.Context) error { return Remove(ctx, j.js, j.name) }
