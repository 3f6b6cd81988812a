package fleet

import (
	"fmt"
	"net/url"
	"time"
)

// Config describes a job. The zero value opens a job that exists, and keeps its settings.
type Config struct {
	// Endpoint is the creation URL of the upload server. The job is made if it does not
	// exist. User information and the query are not kept in the engine, because they may be
	// secrets; a worker that needs them sets them in Worker.Client. If the job exists with
	// another endpoint, Open fails with ErrOtherEndpoint. "": the job must exist, or Open
	// fails with ErrNoJob.
	Endpoint string

	// Lease is how long an item stays with a worker that no longer answers. A worker renews
	// it at each third. Longer leases need fewer messages; shorter ones give the items of a
	// worker that died to others sooner. At least 1 s. 0: that of the job, and 30 s for a
	// new one.
	Lease time.Duration

	// Attempts is how often an item is tried before it counts as failed, if its errors are
	// worth a retry. 0: that of the job, and 8 for a new one.
	Attempts int

	// RateLimit is how many bytes in a second all workers of the job together send, besides
	// one burst of a twentieth of that. Each worker gets the same share. A worker that begins
	// while others work waits for 5 s, until the others have given it its share. A worker that
	// cannot reach the engine pauses after 5 s. The share of a worker that ends goes to the
	// others within 2 s, and that of one that was killed within 32 s. A change of the limit
	// applies within 5 s. 0: that of the job, and no limit for a new one. Negative: no limit.
	RateLimit int64

	// Replicas is how many servers of a cluster have the data of a new job: 1, 3 or 5. 0: 1.
	Replicas int

	// MaxBytes limits the size in bytes of each stream of a new job in the engine. 0: the
	// limits of the engine.
	MaxBytes int64

	// EngineTimeout is how long one call may wait for an engine that does not answer. A
	// worker that has an item waits within its lease instead. 0: 30 s.
	EngineTimeout time.Duration
}

const (
	defaultLease         = 30 * time.Second
	minLease             = time.Second
	defaultAttempts      = 8
	defaultEngineTimeout = 30 * time.Second
)

func (c Config) validate() error {
	switch {
	case c.Lease != 0 && c.Lease < minLease:
		return fmt.Errorf("%w: a lease of %v is shorter than %v", ErrInvalid, c.Lease, minLease)
	case c.Attempts < 0:
		return fmt.Errorf("%w: %d attempts", ErrInvalid, c.Attempts)
	case c.Replicas < 0 || c.Replicas > 5:
		return fmt.Errorf("%w: %d replicas", ErrInvalid, c.Replicas)
	case c.MaxBytes < 0 || c.EngineTimeout < 0:
		return fmt.Errorf("%w: a limit is negative", ErrInvalid)
	}
	if c.Endpoint == "" {
		return nil
	}
	u, err := url.Parse(c.Endpoint)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Errorf("%w: endpoint is not an absolute http or https URL", ErrInvalid)
	}
	return nil
}

// plainEndpoint returns the endpoint without user information, query and fragment, which may
// be secrets.
func plainEndpoint(endpoint string) string {
	u, err := url.Parse(endpoint)
	if err != nil {
		return endpoint
	}
	u.User, u.RawQuery, u.ForceQuery, u.Fragment, u.RawFragment = nil, "", false, "", ""
	return u.String()
}

// checkName accepts names that can be part of a subject, of a stream and of a bucket.
func checkName(name string) error {
	if name == "" || len(name) > 64 {
		return fmt.Errorf("%w: a job's name has 1 to 64 characters", ErrInvalid)
	}
	for i := range len(name) {
		c := name[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' {
			return fmt.Errorf("%w: job name %q: only letters, digits and - are allowed", ErrInvalid, name)
		}
	}
	return nil
}
