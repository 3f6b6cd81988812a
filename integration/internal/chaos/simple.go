//go:build linux

package chaos

import (
	"context"
	"os"
	"os/exec"
	"slices"
	"strconv"
)

// Variant is what is wrong with the workers of [Simple].
type Variant string

// The variants of Simple.
const (
	Correct    Variant = "correct"     // nothing
	OneRequest Variant = "one-request" // small files are sent with their creation, without a record
	Unchecked  Variant = "unchecked"   // a worker that lost its item goes on, and replaces the records of others
	Forgetful  Variant = "forgetful"   // one of 100 results is not written
	Careless   Variant = "careless"    // one of 100 files is changed before it is sent
	Skipping   Variant = "skipping"    // one of 100 files is acknowledged without an upload
)

// Variants returns all variants.
func Variants() []Variant {
	return []Variant{Correct, OneRequest, Unchecked, Forgetful, Careless, Skipping}
}

// Simple is a fleet on client.Config.Once, a folder of records that all workers share, and a
// queue in the process of the test.
type Simple struct {
	// Program is the program integration/chaos, which contains the worker.
	Program string
	Variant Variant

	queue *queue
}

// Engine returns no engine.
func (*Simple) Engine(Site) (string, func() *exec.Cmd, error) { return "", nil, nil }

// Holder returns 0: no worker has the queue in it.
func (*Simple) Holder(Site) int { return 0 }

// Add puts the items into the queue.
func (f *Simple) Add(_ context.Context, site Site) (err error) {
	f.queue, err = startQueue(site.Items, site.Plan.Lease)
	return err
}

// Worker returns the command of a worker.
func (f *Simple) Worker(site Site) *exec.Cmd {
	cmd := exec.Command(f.Program, "worker") //nolint:noctx // The run ends it.
	cmd.Env = append(os.Environ(),
		envQueue+"="+f.queue.address, envEndpoint+"="+site.Endpoint, envInput+"="+site.Input,
		envState+"="+site.Path("state"), envSlots+"="+strconv.Itoa(site.Plan.Slots), envVariant+"="+string(f.Variant))
	return cmd
}

// Results returns the results and ends the queue.
func (f *Simple) Results(context.Context, Site) ([]Result, error) {
	f.queue.mu.Lock()
	defer f.queue.mu.Unlock()
	_ = f.queue.server.Close()
	return slices.Clone(f.queue.results), nil
}
