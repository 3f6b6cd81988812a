package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/exit"
	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/cli/internal/progress"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
)

// batch is one run of the upload command.
type batch struct {
	*app
	*upload
	cmd     *cobra.Command
	client  *client.Client
	records *journal
	list    *listing
	given   protocol.Metadata
}

// notBegun is the reason why an upload was not begun.
type notBegun struct{ error }

func (e notBegun) Unwrap() error { return e.error }

// run uploads the files.
func (b *batch) run(ctx context.Context) error {
	n := len(b.list.entries)
	if n > 1 {
		b.learn(ctx, b.client)
	}
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	prospects := &prospects{end: end}
	display := b.display(&b.showing, b.json, n)
	defer display.Close()
	counted := b.count(ctx, display)
	defer counted()
	watch := b.watch(&b.sending, display)
	tally := &tally{start: time.Now(), files: n, leftOut: b.list.leftOut()}
	rows := b.inOrder(n)
	limit := &bodyLimit{}
	errs := make([]error, n)
	each(n, b.concurrency, func(i int, idle func()) {
		e := b.list.entries[i]
		show := watch(i, e.name)
		result, err := b.send(ctx, e, func(e client.Event) {
			prospects.happened(e)
			show(e)
			if e.Kind == client.EventSettling {
				idle()
			}
		})
		prospects.ended(err)
		// After a result could not be written, only errors of uploads that were
		// begun are reported.
		if b.json && (!isNotBegun(err) || b.out.Err() == nil) {
			b.out.JSON(output.NewResult(e.name, result, err))
		}
		display.Ended(i, err != nil)
		limit.add(result, err)
		if err != nil {
			err = b.ended(e.name, result, err)
		}
		tally.add(result, err)
		if err != nil && n > 1 && !isNotBegun(err) {
			b.complain(b.cmd, err, "")
		}
		errs[i] = err
		rows(i, b.row(result), err)
	})
	display.Close()
	b.tellLimit(limit)
	if n == 1 {
		if tally.skipped > 0 && !b.json {
			b.say("%s was sent before", output.Escape(b.list.entries[0].name))
		}
		return errs[0]
	}
	b.summarise(tally, errs)
	err := verdict("files", b.names(), errs)
	if why := context.Cause(ctx); isHopeless(why) {
		return &failure{err: exit.With(exit.Code(why), fmt.Errorf("%w: %w", why, err)), hint: hintHopeless(errs, b.cmd)}
	}
	return err
}

// count adds up the sizes of all files in the background, if a display shows the
// sum. The function that it returns waits for the end.
func (b *batch) count(ctx context.Context, display *progress.Display) func() {
	if display == nil || len(b.list.entries) < 2 {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	var counting sync.WaitGroup
	counting.Go(func() {
		var length int64
		for _, e := range b.list.entries {
			if ctx.Err() != nil {
				return
			}
			if e.size > 0 || e.in != nil || e.err != nil {
				length += e.size
				continue
			}
			info, err := os.Stat(e.name)
			switch {
			case err != nil:
			case !info.Mode().IsRegular() && !info.IsDir():
				return // The length of a stream is unknown.
			case info.Mode().IsRegular():
				length += info.Size()
			}
		}
		display.Length(length)
	})
	return func() {
		cancel()
		counting.Wait()
	}
}

func (b *batch) send(ctx context.Context, e entry, watch func(client.Event)) (*client.Result, error) {
	if ctx.Err() != nil {
		return &client.Result{}, notBegun{context.Cause(ctx)}
	}
	source, err := b.entrySource(ctx, b.cmd, b.upload, e)
	if err != nil {
		return &client.Result{}, err
	}
	result, err := b.client.Upload(ctx, source, &client.UploadOptions{
		Metadata: b.metadataFor(e, b.given), ChunkSize: int64(b.chunk), Parallel: int(b.parallel),
		Verify: b.verify, OnEvent: watch,
	})
	b.sent(ctx, e.name, result)
	if isHopeless(err) && result.Header == nil {
		err = notBegun{err} // The server was not asked.
	}
	return result, err
}

// ended prepares an error of an upload for its message, with a hint how to resume
// if there is a record.
func (b *batch) ended(file string, result *client.Result, err error) error {
	out := b.app.ended(file, result, err)
	goOn := b.goOn(result)
	switch {
	case isNotBegun(err):
		out.err = notBegun{out.err}
	case errors.Is(err, errDirectory):
		out.hint = recursiveHint
	case out.hint == misplacedHint:
	case b.isGone(result, err):
		out.hint = "to upload it anew, leave out --recreate never"
	case errors.Is(err, client.ErrUncertain) && !out.resumable:
		out.hint = uncertainHint(result, b.repeatText(result), b.again)
	case errors.Is(err, client.ErrRefused):
		out.hint = b.startOver(result)
	case errors.Is(err, client.ErrIntegrity):
		out.hint = "as long as the server claims these bytes, only " + b.repeatText(result)
	case out.resumable && goOn != "":
		out.hint = goOn
	case goOn != "" && mended(err) && b.hint(out) == "":
		out.hint = "once that is mended, " + goOn
	}
	if hint := chunkHint(result, err); hint != "" && out.hint != "" {
		out.hint = hint + "; " + out.hint
	}
	return out
}

// repeatText returns the text that tells how to upload a file again that may be complete.
func (b *batch) repeatText(result *client.Result) string {
	if !b.records.kept(result) {
		return "the same command sends the file again"
	}
	text := "--recreate always"
	if b.skipSent {
		text += " without --skip-sent"
	}
	text += " sends the file again"
	if len(b.list.entries) > 1 {
		text += ": name it alone"
	}
	return text
}

// hintedKey is the number of characters of a key in a hint. They are enough to
// identify the key.
const hintedKey = 12

// startOver returns the text that tells how to upload a file again that the server
// refused.
func (b *batch) startOver(result *client.Result) string {
	key := b.records.keyOf(result)
	switch {
	case key != "":
		return "later runs report this too; to start over, " + b.repeatText(result) + "; tusker uploads rm " +
			key[:min(len(key), hintedKey)] + " forgets the refusal"
	case b.skipSent && result.CreationHeader == nil:
		return "later runs report this too; to start over, --recreate always without --skip-sent sends the file again"
	}
	return b.repeatText(result)
}

func isNotBegun(err error) bool {
	_, ok := errors.AsType[notBegun](err)
	return ok
}

func (b *batch) names() []string {
	names := make([]string, len(b.list.entries))
	for i, e := range b.list.entries {
		names[i] = e.name
	}
	return names
}

// inOrder returns a function to call at the end of each file. It prints the results
// in the order of the files, each as soon as those before it are known.
func (b *batch) inOrder(n int) func(i int, row string, err error) {
	var mu sync.Mutex
	type outcome struct {
		row  string
		sent bool
	}
	early := make(map[int]outcome) // files that ended before an earlier file
	next := 0
	return func(i int, row string, err error) {
		mu.Lock()
		defer mu.Unlock()
		early[i] = outcome{row, err == nil}
		for ; next < n; next++ {
			through, ok := early[next]
			if !ok {
				return
			}
			delete(early, next)
			if through.sent && !b.json {
				b.out.Line("%s", through.row)
			}
		}
	}
}

// maxIdle is the largest number of idle calls of each. An idle upload costs an open
// file and a little memory.
const maxIdle = 512

// each calls fn for 0 to n-1, at most limit calls at a time. A call that only waits
// calls idle, and does not count towards the limit from then on.
func each(n, limit int, fn func(i int, idle func())) {
	var wg sync.WaitGroup
	var next, idling atomic.Int64
	var work func()
	work = func() {
		for {
			i := int(next.Add(1)) - 1
			if i >= n {
				return
			}
			replaced := false
			fn(i, func() {
				switch {
				case replaced:
				case idling.Add(1) > maxIdle:
					idling.Add(-1)
				default:
					replaced = true
					wg.Go(work)
				}
			})
			if replaced {
				idling.Add(-1)
				return
			}
		}
	}
	for range min(n, limit) {
		wg.Go(work)
	}
	wg.Wait()
}
