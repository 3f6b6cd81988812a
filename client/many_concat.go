package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/tusker-go/tusker/protocol"
)

// ErrUnsupported means that the server does not announce an extension that a
// call needs.
var ErrUnsupported = errors.New("server does not support")

// ErrPart means that a part of UploadConcat, or of an upload with
// UploadOptions.Parallel, failed, and why.
var ErrPart = errors.New("part")

// ConcatOptions describes an upload that is made of several sources. nil and
// the zero value are an upload without metadata.
type ConcatOptions struct {
	// Metadata goes to the final upload; the parts have none. nil: none.
	Metadata protocol.Metadata

	// Header is sent with every request, those of the parts included, as
	// UploadOptions.Header is. nil: none.
	Header http.Header

	// ChunkSize takes the place of Config.ChunkSize, in bytes. 0: that stands.
	// Negative: ErrInvalidOption.
	ChunkSize int64

	// Concurrency takes the place of Config.Concurrency. 0: that stands.
	// Negative: ErrInvalidOption.
	Concurrency int

	// FinalFirst creates the final upload before any byte of its parts is sent,
	// so that its URL is known from the start, where the server announces
	// concatenation-unfinished and the length of every source is known.
	// Elsewhere it is created last, as without FinalFirst.
	FinalFirst bool

	// OnEvent is called for what happens to the parts, with Event.Part from 1,
	// and to the final upload, with Event.Part 0: one call at a time, from
	// several goroutines. It must return at once. nil: nothing is called.
	OnEvent func(Event)
}

// UploadConcat uploads sources side by side as partial uploads, and joins them
// on the server, in their order, into one upload (tus 1.0.0, Concatenation).
//
// Where the server does not announce concatenation, nothing is sent and the
// error Is [ErrUnsupported]. A part that fails cancels the others; the error
// then Is [ErrPart], and Result.Parts tells how far each part got. A part that
// is gone when the answer to the joining was lost makes it [ErrUncertain]. The
// error for no sources, and for more than [protocol.MaxConcatParts], Is
// [ErrInvalidOption]; else errors are as for Upload. The result is never nil.
func (c *Client) UploadConcat(ctx context.Context, sources []Source, opts *ConcatOptions) (*Result, error) {
	var o ConcatOptions
	if opts != nil {
		o = *opts
	}
	t := c.newTransfer(job{
		UploadOptions: UploadOptions{Header: o.Header, ChunkSize: o.ChunkSize},
		sink:          newSink(o.OnEvent),
	})
	return t.finish(ctx, t.concat(once(ctx), sources, o))
}

func (t *transfer) concat(ctx context.Context, sources []Source, o ConcatOptions) error {
	concurrency := t.c.concurrency
	if o.Concurrency != 0 {
		concurrency = o.Concurrency
	}
	if concurrency < 0 {
		return fmt.Errorf("%w: concurrency %d is negative", ErrInvalidOption, concurrency)
	}
	if len(sources) == 0 {
		return fmt.Errorf("%w: no sources", ErrInvalidOption)
	}
	if len(sources) > protocol.MaxConcatParts {
		return fmt.Errorf("%w: %d sources, more than %d", ErrInvalidOption, len(sources), protocol.MaxConcatParts)
	}
	if err := t.check(); err != nil {
		return err
	}
	if err := o.Metadata.Validate(); err != nil {
		return err
	}
	endpoint, err := t.c.creationURL()
	if err != nil {
		return err
	}
	if err := t.needConcatenation(ctx, endpoint); err != nil {
		return err
	}
	if first, err := t.mayJoinFirst(ctx, endpoint, sources, o); err != nil || first {
		if err != nil {
			return err
		}
		return t.joinFirst(ctx, endpoint, sources, o, concurrency)
	}
	parts, err := t.parts(ctx, sources, o, concurrency)
	if err != nil {
		return err
	}
	total := int64(0)
	for _, part := range t.result.Parts {
		total += part.Offset
	}
	t.result.Length = protocol.Known(total)
	if err := t.join(ctx, endpoint, parts, o.Metadata); err != nil {
		return err
	}
	t.offset = total // the server joins what it acknowledged of the parts
	return nil
}

func (t *transfer) needConcatenation(ctx context.Context, endpoint string) error {
	caps, err := t.capabilities(ctx, endpoint)
	switch {
	case isLacking(err):
		return fmt.Errorf("%w %s, as far as it says: %w", ErrUnsupported, protocol.ExtensionConcatenation, err)
	case err == nil && !caps.Has(protocol.ExtensionConcatenation):
		return fmt.Errorf("%w %s", ErrUnsupported, protocol.ExtensionConcatenation)
	}
	return err
}

// parts uploads every source and gives the URLs in the order of sources.
func (t *transfer) parts(ctx context.Context, sources []Source, o ConcatOptions, concurrency int) ([]string, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	urls := make([]string, len(sources))
	results := make([]*Result, len(sources))
	parallel(len(sources), concurrency, func(i int, idle func()) {
		results[i] = &Result{}
		if ctx.Err() != nil {
			return
		}
		var err error
		results[i], err = t.c.upload(ctx, sources[i], job{
			UploadOptions: UploadOptions{Header: o.Header, ChunkSize: o.ChunkSize},
			sink:          t.events.sink,
			part:          i + 1,
			concat:        protocol.Concat{Kind: protocol.ConcatPartial},
			idle:          idle,
		})
		if err != nil {
			cancel(fmt.Errorf("%w %d: %w", ErrPart, i+1, named(sources[i], err)))
			return
		}
		urls[i] = results[i].URL
	})
	t.result.Parts = results
	for _, r := range results {
		t.result.Sent += r.Sent
		t.result.Retries += r.Retries
		t.result.Orphans += r.Orphans
		t.result.take(r.Denial)
		t.result.InUse = t.result.InUse || r.InUse
	}
	if err := context.Cause(ctx); err == nil || errors.Is(err, ErrPart) {
		return urls, err
	}
	return urls, ended(ctx)
}
