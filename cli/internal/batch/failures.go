package batch

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/tusker-go/tusker/cli/internal/advice"
	"github.com/tusker-go/tusker/cli/internal/exit"
	"github.com/tusker-go/tusker/cli/internal/flags"
	"github.com/tusker-go/tusker/cli/internal/units"
	"github.com/tusker-go/tusker/client"
)

// failures has the errors of the files that have one. The zero value has none. It is safe for
// concurrent use.
type failures struct {
	mu   sync.Mutex
	errs map[int]error // by index of the file
}

// add notes how file i ended. A nil err is no error.
func (f *failures) add(i int, err error) {
	if err == nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.errs == nil {
		f.errs = make(map[int]error)
	}
	f.errs[i] = err
}

// at returns the error of file i, or nil.
func (f *failures) at(i int) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.errs[i]
}

// inOrder returns the files with an error and their errors, in the order of the files.
func (f *failures) inOrder() (files []int, errs []error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	files = slices.Sorted(maps.Keys(f.errs))
	for _, i := range files {
		errs = append(errs, f.errs[i])
	}
	return files, errs
}

// mostFailures is the number of failures that are listed. The others are counted.
const mostFailures = 10

// complain lists the failures of several files, each with its hint. A log in JSON gets all of
// them.
func (b *Batch) complain(errs []error) {
	failures := realFailures(errs)
	most := len(failures)
	if !b.Console.IsJSON() {
		most = min(most, mostFailures)
	}
	for _, err := range failures[:most] {
		b.Console.Complain(b.Cmd, err, "")
	}
	if more := len(failures) - most; more > 0 {
		b.Console.Say("and %d more", more)
	}
}

// realFailures returns the errors of files that failed. A file that was not begun, or that
// ended with the run, did not fail.
func realFailures(errs []error) []error {
	var failures []error
	for _, err := range errs {
		if err != nil && !advice.IsNotStarted(err) && exit.StopCause(err) == nil {
			failures = append(failures, err)
		}
	}
	return failures
}

// endCause returns exit.ErrInterrupted, exit.ErrTimeout or an *exit.OutputError if that ended ctx,
// or nil.
func endCause(ctx context.Context) error {
	cause := context.Cause(ctx)
	for _, known := range []error{exit.ErrInterrupted, exit.ErrTimeout} {
		if errors.Is(cause, known) {
			return known
		}
	}
	if unwritten, ok := errors.AsType[*exit.OutputError](cause); ok {
		return unwritten
	}
	return nil
}

// interruption returns the error of a run that cause ended before all files were sent.
func (t *tally) interruption(cause error) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%d of %d files sent (%s)", t.done, t.files, units.FormatSize(t.bytes))
	for _, part := range []struct {
		n    int
		text string
	}{{t.skipped, "sent before"}, {t.failed + t.failedAfter, "failed"}, {t.stopped, "in progress"}, {t.notBegun, "not started"}} {
		if part.n > 0 {
			fmt.Fprintf(&b, ", %d %s", part.n, part.text)
		}
	}
	return fmt.Errorf("%w: %s", cause, &b)
}

// hintInterrupted returns the hint for a batch that was interrupted.
func (b *Batch) hintInterrupted() string {
	switch {
	case b.NoResume:
		return "the same command sends all files again; without --no-resume, it resumes"
	case flags.Recreates[b.Recreate] == client.RecreateAlways:
		return "run the same command again without --recreate always to resume"
	}
	return "run the same command again to resume"
}
