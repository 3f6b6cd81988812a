// Package batch finds the files that the arguments of upload name, and sends them: several at
// a time, with results in the order of the files.
//
// Find lists the files. Batch.Run sends them, and Batch.Plan only says what Run would do.
package batch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/advice"
	"github.com/tusker-go/tusker/cli/internal/console"
	"github.com/tusker-go/tusker/cli/internal/exit"
	"github.com/tusker-go/tusker/cli/internal/flags"
	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/cli/internal/records"
	"github.com/tusker-go/tusker/cli/internal/remote"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
)

// Batch is one run of the upload command. All fields are required, unless their comment says
// otherwise.
type Batch struct {
	// Console gets the results and the messages.
	Console *console.Console
	// Upload has the flags of the command.
	*flags.Upload
	// Cmd is the command, for hints about its flags.
	Cmd *cobra.Command
	// Again has what a command in a hint shares with this one.
	Again advice.Invocation
	// Client is for the endpoint of the uploads.
	Client *client.Client
	// Remote opens files that are not on this machine. nil: there are none.
	Remote *remote.Files
	// Records is the store of the client, or nil without one.
	Records *records.Journal
	// Sent has the files that earlier runs of the command have sent, or is nil.
	Sent *records.Batch
	// List has the files.
	List *Listing
	// MoveRoot is the folder of --move-to, or nil without the flag.
	MoveRoot *os.Root
	// Given is the metadata that the user gave to each upload.
	Given protocol.Metadata

	watching bool // more runs follow, with other files

	// report is called at the end of each file, from any goroutine. nil: it is not called.
	report func(name string, result *client.Result, err error)
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
	breaker := &breaker{end: end}
	display := b.Display(b.Console, b.JSON, n)
	defer display.Close()
	counted := b.count(ctx, display)
	defer counted()
	watch := b.Watch(b.Console, display)
	tally := &tally{start: time.Now(), files: n, leftOut: b.List.leftOut()}
	rows := b.inOrder(n)
	limit := &advice.BodyLimit{}
	failed := &failures{}
	slots := make(chan struct{}, b.Concurrency)
	each(n, b.Concurrency, func(i int, idle func()) {
		e := b.List.entries.at(i)
		e.whole = e.path()
		show := watch(i, e.path(), b.shownName(e))
		changed := b.reportChange(e.path(), show)
		sent := &sentFile{}
		result, err := b.send(ctx, e, sent, func(e client.Event) {
			breaker.happened(e)
			changed(e)
			show(e)
			if e.Kind == client.EventSettling {
				idle()
			}
		})
		breaker.ended(err)
		// After a result could not be written, only errors of uploads that were
		// begun are reported.
		if b.JSON && (!advice.IsNotStarted(err) || b.Console.Out.Err() == nil) {
			b.Console.Out.JSON(output.NewResult(e.path(), result, err))
		}
		display.Ended(i, err != nil)
		limit.Add(result, err)
		if err != nil {
			err = b.ended(e, result, err)
		}
		tally.add(result, err)
		complete := err
		if err == nil {
			sent.unlisted = list.add(e.path(), result)
			err = b.after(ctx, e, sent, result, slots)
			tally.addAfter(err)
		}
		failed.add(i, err)
		if b.report != nil {
			b.report(e.path(), result, err)
		}
		if b.watching && result.Skipped {
			complete = errPrinted
		}
		rows(i, b.FileRow(e.path(), n > 1 || b.watching, result), complete)
	})
	display.Close()
	b.Console.ReportLimit(limit)
	if n == 1 {
		if !b.JSON && failed.at(0) == nil && (!b.watching || tally.skipped == 0) {
			b.reportSingle(tally)
		}
		return cmp.Or(failed.at(0), list.close())
	}
	unlisted := list.close()
	which, errs := failed.inOrder()
	b.Sent.End(ctx, len(errs) == 0 && unlisted == nil && b.Console.Out.Err() == nil)
	err = advice.VerdictOn("files", n, func(i int) string { return b.nameOf(which[i]) }, errs)
	b.complain(errs)
	if cause := endCause(ctx); cause != nil && err != nil {
		if b.JSON {
			b.Console.Out.JSON(tally.event(time.Now()))
		}
		if unlisted != nil {
			b.Console.Complain(b.Cmd, unlisted, "")
		}
		code := exit.Code(err)
		if tally.failed+tally.failedAfter == 0 {
			code = exit.Code(cause)
		}
		return &advice.Failure{Err: exit.With(code, tally.interruption(cause)), Hint: b.hintInterrupted()}
	}
	b.summarise(tally)
	if why := context.Cause(ctx); exit.IsStopped(why) {
		return &advice.Failure{Err: exit.With(exit.Code(why), fmt.Errorf("%w: %w", why, err)), Hint: hintStopped(errs, b.Cmd)}
	}
	if unlisted != nil {
		return errors.Join(err, unlisted)
	}
	return err
}

func (b *Batch) send(ctx context.Context, e entry, sent *sentFile, watch func(client.Event)) (*client.Result, error) {
	if ctx.Err() != nil {
		return &client.Result{}, advice.NotStarted(context.Cause(ctx))
	}
	source, about, err := b.open(ctx, e, sent)
	if err != nil {
		return &client.Result{}, err
	}
	result, err := b.Client.Upload(ctx, source, &client.UploadOptions{
		Metadata: b.MetadataOf(about.name, e.relative(), about.mediaType, b.Given), ChunkSize: int64(b.Chunk), Parallel: int(b.Parallel),
		Verify: b.Verify, Digest: b.Manifest != "", OneOfMany: b.List.Len() > 1, OnEvent: watch,
	})
	// An interrupted batch has one message, and not one for each file.
	if b.List.Len() == 1 || exit.StopCause(err) == nil {
		b.Console.ReportResult(ctx, b.shownName(e), result)
	}
	if exit.IsStopped(err) && result.Header == nil {
		err = advice.NotStarted(err) // The server was not asked.
	}
	return result, err
}

func (b *Batch) nameOf(i int) string { return b.shownName(b.List.entries.at(i)) }
