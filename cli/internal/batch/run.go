package batch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tusker-go/tusker/cli/internal/advice"
	"github.com/tusker-go/tusker/cli/internal/exit"
	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/cli/internal/progress"
	"github.com/tusker-go/tusker/client"
)

// run is one call of Batch.Run. Its method one is safe for concurrent use.
type run struct {
	*Batch
	files    int
	manifest *manifestWriter
	display  *progress.Display
	watch    func(i int, file, shown string) func(client.Event)
	row      func(i int, row string, err error)
	breaker  *breaker
	limit    *advice.BodyLimit
	tally    *tally
	failed   *failures
	slots    chan struct{} // for the commands of --exec
}

// errPrinted means that an earlier run printed the result of a file.
var errPrinted = errors.New("the result was printed before")

// Run uploads the files.
func (b *Batch) Run(ctx context.Context) error {
	n := b.List.Len()
	list, err := b.openManifest()
	if err != nil {
		return err
	}
	defer func() { _ = list.close() }()
	defer b.List.close()
	if n > 1 {
		b.Sent.Prepare()
	}
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	display := b.Display(b.Console, b.JSON, n)
	defer display.Close()
	counted := b.count(ctx, display)
	defer counted()
	r := &run{
		Batch: b, files: n, manifest: list, display: display, watch: b.Watch(b.Console, display), row: b.inOrder(n),
		breaker: &breaker{end: end}, limit: &advice.BodyLimit{}, failed: &failures{}, slots: make(chan struct{}, b.Concurrency),
		tally: &tally{start: time.Now(), files: n, leftOut: b.List.leftOut()},
	}
	each(n, b.Concurrency, func(i int, idle func()) { r.one(ctx, i, idle) })
	display.Close()
	b.Console.ReportLimit(r.limit)
	if n == 1 {
		return r.endSingle()
	}
	return r.end(ctx)
}

// one sends the file with index i, and reports its result. It calls idle when it only waits.
func (r *run) one(ctx context.Context, i int, idle func()) {
	e := r.List.entries.at(i)
	e.whole = e.path()
	show := r.watch(i, e.path(), r.shownName(e))
	changed := r.reportChange(e.path(), show)
	sent := &sentFile{}
	result, err := r.send(ctx, e, sent, func(e client.Event) {
		r.breaker.happened(e)
		changed(e)
		show(e)
		if e.Kind == client.EventSettling {
			idle()
		}
	})
	r.breaker.ended(err)
	// After a result could not be written, only errors of uploads that were begun are reported.
	if r.JSON && (!advice.IsNotStarted(err) || r.Console.Out.Err() == nil) {
		r.Console.Out.JSON(output.NewResult(e.path(), result, err))
	}
	r.display.Ended(i, err != nil)
	r.limit.Add(result, err)
	if err != nil {
		err = r.ended(e, result, err)
	}
	r.tally.add(result, err)
	unprinted := err
	if err == nil {
		sent.unlisted = r.manifest.add(e.path(), result)
		err = r.after(ctx, e, sent, result, r.slots)
		r.tally.addAfter(err)
	}
	r.failed.add(i, err)
	if r.report != nil {
		r.report(e.path(), result, err)
	}
	if r.watching && result.Skipped {
		unprinted = errPrinted
	}
	r.row(i, r.FileRow(e.path(), r.files > 1 || r.watching, result), unprinted)
}

// endSingle returns the error of a run with one file.
func (r *run) endSingle() error {
	if !r.JSON && r.failed.at(0) == nil && (!r.watching || r.tally.skipped == 0) {
		r.reportSingle(r.tally)
	}
	return cmp.Or(r.failed.at(0), r.manifest.close())
}

// end reports the files that failed and the sums, and returns the error of a run with several
// files or none.
func (r *run) end(ctx context.Context) error {
	unlisted := r.manifest.close()
	which, errs := r.failed.inOrder()
	r.Sent.End(ctx, len(errs) == 0 && unlisted == nil && r.Console.Out.Err() == nil)
	err := advice.VerdictOn("files", r.files, func(i int) string { return r.nameOf(which[i]) }, errs)
	r.complain(errs)
	if cause := endCause(ctx); cause != nil && err != nil {
		return r.interrupted(cause, err, unlisted)
	}
	r.summarise(r.tally)
	if why := context.Cause(ctx); exit.IsStopped(why) {
		return &advice.Failure{Err: exit.With(exit.Code(why), fmt.Errorf("%w: %w", why, err)), Hint: hintStopped(errs, r.Cmd)}
	}
	if unlisted != nil {
		return errors.Join(err, unlisted)
	}
	return err
}

// interrupted returns the error of a run that cause ended. Verdict is that on its files, and
// unlisted the error of the manifest, or nil.
func (r *run) interrupted(cause, verdict, unlisted error) error {
	if r.JSON {
		r.Console.Out.JSON(r.tally.event(time.Now()))
	}
	if unlisted != nil {
		r.Console.Complain(r.Cmd, unlisted, "")
	}
	code := exit.Code(verdict)
	if r.tally.failed+r.tally.failedAfter == 0 {
		code = exit.Code(cause)
	}
	return &advice.Failure{Err: exit.With(code, r.tally.interruption(cause)), Hint: r.hintInterrupted()}
}
