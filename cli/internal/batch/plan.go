package batch

import (
	"cmp"
	"context"

	"github.com/tusker-go/tusker/cli/internal/advice"
	"github.com/tusker-go/tusker/cli/internal/flags"
	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/cli/internal/units"
	"github.com/tusker-go/tusker/cli/internal/usage"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
)

// Plan says of each file what Run would do, and sends nothing.
func (b *Batch) Plan(ctx context.Context) error {
	defer b.List.close()
	n := b.List.Len()
	failed := &failures{}
	for i := range n {
		e := b.List.entries.at(i)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		err := b.planOne(ctx, e)
		if err == nil {
			continue
		}
		shown := b.ended(e, &client.Result{}, err)
		failed.add(i, shown)
		if b.JSON {
			b.Console.Out.JSON(output.NewResult(e.path(), &client.Result{}, err))
		}
		if n > 1 {
			b.Console.Complain(b.Cmd, shown, "")
		}
	}
	if n == 1 {
		return failed.at(0)
	}
	which, errs := failed.inOrder()
	return advice.VerdictOn("files", n, func(i int) string { return b.nameOf(which[i]) }, errs)
}

// planOne says what Run would do with a file.
func (b *Batch) planOne(ctx context.Context, e entry) error {
	source, err := b.source(ctx, e, nil)
	if err != nil {
		return err
	}
	known, err := b.lookup(ctx, e, source)
	if err != nil {
		return err
	}
	record := cmp.Or(known.Finished, known.Unfinished, &client.Record{})
	if b.JSON {
		plan := output.NewPlan(e.path(), record.URL, record.Offset, source.Length())
		plan.Skipped, plan.Refused, plan.Sent = known.Finished != nil, record.Denial.Refused, record.Sent
		b.Console.Out.JSON(plan)
		return nil
	}
	action, amount := "send", "unknown size"
	if n, ok := source.Length().Int64(); ok {
		amount = units.FormatAmount(n, protocol.Length{})
	}
	switch {
	case known.Finished != nil:
		action = "skip"
	case record.Denial.Refused:
		action = "refused"
	case known.Unfinished != nil:
		action, amount = "resume", units.FormatProgress(record.Offset, record.Sent, source.Length())
	}
	b.Console.Out.Line("%s\t%s\t%s", action, amount, output.Escape(e.path()))
	return nil
}

// lookup returns what the records say about a file: nothing if it is a stream, which is not
// touched, or with --recreate always.
func (b *Batch) lookup(ctx context.Context, e entry, source client.Source) (client.LookupResult, error) {
	named := e.in == nil && e.remote == nil
	isStream := named && (e.path() == usage.Stdin || flags.IsStream(e.path()))
	if isStream || flags.Recreates[b.Recreate] == client.RecreateAlways {
		return client.LookupResult{}, nil
	}
	return b.Client.Lookup(ctx, source)
}
