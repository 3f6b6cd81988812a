package app

import (
	"context"

	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
)

// plan says of each file what run would do, and sends nothing.
func (b *batch) plan(ctx context.Context) error {
	n := len(b.list.entries)
	errs := make([]error, n)
	for i, e := range b.list.entries {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		err := b.planOne(ctx, e)
		if err == nil {
			continue
		}
		errs[i] = b.ended(e.name, &client.Result{}, err)
		if b.json {
			b.out.JSON(output.NewResult(e.name, &client.Result{}, err))
		}
		if n > 1 {
			b.complain(b.cmd, errs[i], "")
		}
	}
	if n == 1 {
		return errs[0]
	}
	return verdict("files", b.names(), errs)
}

func (b *batch) planOne(ctx context.Context, e entry) error {
	source, err := b.entrySource(ctx, b.cmd, b.upload, e)
	if err != nil {
		return err
	}
	var record client.Record
	skipped := false
	// A stream is not touched.
	if (e.in != nil || e.name != stdin && !isStream(e.name)) && recreates[b.recreate] != client.RecreateAlways {
		known, err := b.client.Lookup(ctx, source)
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
	if b.json {
		plan := output.NewPlan(e.name, record.URL, record.Offset, source.Length())
		plan.Skipped, plan.Refused = skipped, record.Denial.Refused
		b.out.JSON(plan)
		return nil
	}
	length := "unknown size"
	if known, ok := source.Length().Int64(); ok {
		length = amount(known, protocol.Length{})
	}
	if skipped {
		b.out.Line("skip\t%s\t%s", length, output.Escape(e.name))
		return nil
	}
	if record.Denial.Refused {
		b.out.Line("refused\t%s\t%s", length, output.Escape(e.name))
		return nil
	}
	if begun {
		b.out.Line("resume\t%s\t%s", amount(record.Offset, source.Length()), output.Escape(e.name))
		return nil
	}
	b.out.Line("send\t%s\t%s", length, output.Escape(e.name))
	return nil
}
