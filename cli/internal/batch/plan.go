package batch

import (
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

func (b *Batch) planOne(ctx context.Context, e entry) error {
	source, err := b.source(ctx, e, nil)
	if err != nil {
		return err
	}
	var record client.Record
	skipped := false
	// A stream is not touched.
	if (e.in != nil || e.remote != nil || e.path() != usage.Stdin && !flags.IsStream(e.path())) && flags.Recreates[b.Recreate] != client.RecreateAlways {
		known, err := b.Client.Lookup(ctx, source)
		if err != nil {
			return err
		}
		switch skipped = known.Finished != nil; {
		case skipped:
			record = *known.Finished
		case known.Unfinished != nil:
			record = *known.Unfinished
		}
	}
	begun := record.Key != ""
	if b.JSON {
		plan := output.NewPlan(e.path(), record.URL, record.Offset, source.Length())
		plan.Skipped, plan.Refused, plan.Sent = skipped, record.Denial.Refused, record.Sent
		b.Console.Out.JSON(plan)
		return nil
	}
	length := "unknown size"
	if known, ok := source.Length().Int64(); ok {
		length = units.FormatAmount(known, protocol.Length{})
	}
	if skipped {
		b.Console.Out.Line("skip\t%s\t%s", length, output.Escape(e.path()))
		return nil
	}
	if record.Denial.Refused {
		b.Console.Out.Line("refused\t%s\t%s", length, output.Escape(e.path()))
		return nil
	}
	if begun {
		b.Console.Out.Line("resume\t%s\t%s", units.FormatProgress(record.Offset, record.Sent, source.Length()), output.Escape(e.path()))
		return nil
	}
	b.Console.Out.Line("send\t%s\t%s", length, output.Escape(e.path()))
	return nil
}
