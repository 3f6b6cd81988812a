package client

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/tusker-go/tusker/protocol"
)

// mayJoinFirst tells whether the final upload can be created before its parts
// are complete.
func (t *transfer) mayJoinFirst(ctx context.Context, endpoint string, sources []Source, o ConcatOptions) (bool, error) {
	if !o.FinalFirst {
		return false, nil
	}
	for _, src := range sources {
		if src == nil {
			return false, fmt.Errorf("%w: %w: nil", ErrSource, ErrInvalidOption)
		}
		if _, known := src.Length().Int64(); !known {
			return false, nil
		}
	}
	caps, err := t.capabilities(ctx, endpoint)
	return caps.Has(protocol.ExtensionConcatenationUnfinished), err
}

// joinFirst creates the parts, then the final upload, and then sends the parts
// (tus 1.0.0, Concatenation).
func (t *transfer) joinFirst(ctx context.Context, endpoint string, sources []Source, o ConcatOptions, concurrency int) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	parts := make([]*transfer, len(sources))
	t.result.Parts = make([]*Result, len(sources))
	// each does something for all parts, and for no more once one has failed.
	each := func(do func(i int, idle func()) error) error {
		parallel(len(parts), concurrency, func(i int, idle func()) {
			if ctx.Err() != nil {
				return
			}
			if err := do(i, idle); err != nil {
				t.result.Parts[i], _ = parts[i].finish(ctx, err)
				cancel(fmt.Errorf("%w %d: %w", ErrPart, i+1, named(sources[i], err)))
			}
		})
		if cause := context.Cause(ctx); cause == nil || errors.Is(cause, ErrPart) {
			return cause
		}
		return ended(ctx)
	}
	defer func() {
		for _, p := range parts {
			if p != nil && p.src != nil {
				p.close(ctx)
			}
		}
	}()
	err := each(func(i int, _ func()) (err error) {
		j := job{UploadOptions: UploadOptions{Header: o.Header, ChunkSize: o.ChunkSize}, sink: t.events.sink, part: i + 1}
		if parts[i], err = t.c.begin(sources[i], j); err != nil {
			return err
		}
		if err := parts[i].admit(ctx); err != nil {
			return err
		}
		return parts[i].createPart(ctx, endpoint)
	})
	t.result.Length = lengthOf(sources)
	if err == nil {
		urls := make([]string, len(parts))
		for i, p := range parts {
			urls[i] = p.url
		}
		err = t.join(ctx, endpoint, urls, o.Metadata)
	}
	if err == nil {
		err = each(func(i int, idle func()) error {
			parts[i].idle = idle
			err := parts[i].send(ctx)
			if err == nil {
				t.result.Parts[i], _ = parts[i].finish(ctx, nil)
			}
			return err
		})
	}
	for i, p := range parts {
		switch {
		case p == nil:
			t.result.Parts[i] = &Result{Length: sources[i].Length()}
		case t.result.Parts[i] == nil:
			t.result.Parts[i], _ = p.finish(ctx, err)
		}
	}
	t.addUp(t.result.Parts)
	t.result.InUse = slices.ContainsFunc(t.result.Parts, func(r *Result) bool { return r.InUse })
	return err
}

// createPart makes a part without any of its bytes.
func (t *transfer) createPart(ctx context.Context, endpoint string) error {
	if err := t.agree(ctx, endpoint); err != nil {
		return err
	}
	return t.createPlain(ctx, endpoint, protocol.Creation{
		Length: t.size(), Concat: protocol.Concat{Kind: protocol.ConcatPartial},
	})
}

// lengthOf is the length of sources, all of which are known.
func lengthOf(sources []Source) protocol.Length {
	total := int64(0)
	for _, src := range sources {
		n, _ := src.Length().Int64()
		total += n
	}
	return protocol.Known(total)
}
