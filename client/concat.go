package client

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"slices"

	"github.com/tusker-go/tusker/client/internal/dialect"
	"github.com/tusker-go/tusker/client/internal/engine"
	"github.com/tusker-go/tusker/client/internal/parts"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
	"github.com/tusker-go/tusker/transport"
)

// ConcatOptions describes an upload that is made of several sources. nil and the zero
// value are an upload without metadata.
type ConcatOptions struct {
	// Metadata is that of the final upload; the parts have none. nil: none.
	Metadata protocol.Metadata

	// Header is sent with every request, including those of the parts, as
	// UploadOptions.Header is. nil: none.
	Header http.Header

	// Retry replaces Config.Retry for the parts and for the joining, each of which has its
	// own count. retry.Never makes each request once. nil: Config.Retry.
	Retry retry.Policy

	// Checksum replaces Config.Checksum for the parts. "": Config.Checksum.
	Checksum string

	// ChunkSize replaces Config.ChunkSize, in bytes. 0: Config.ChunkSize. Negative:
	// ErrInvalidOption.
	ChunkSize int64

	// Concurrency replaces Config.Concurrency. 0: Config.Concurrency. Negative:
	// ErrInvalidOption.
	Concurrency int

	// FinalFirst creates the final upload before any byte of its parts is sent, so that
	// its URL is known from the start, if the server announces concatenation-unfinished
	// and the length of every source is known. Otherwise the final upload is created last.
	FinalFirst bool

	// OnEvent is called for what happens to the parts, with Event.Part from 1, and to the
	// final upload, with Event.Part 0: one call at a time, from several goroutines. It must
	// return at once. nil: nothing is called.
	OnEvent func(Event)
}

// upload returns the options of an upload with metadata: the final one, or a part.
func (o ConcatOptions) upload(metadata protocol.Metadata) UploadOptions {
	return UploadOptions{Metadata: metadata, Header: o.Header, Retry: o.Retry, Checksum: o.Checksum, ChunkSize: o.ChunkSize}
}

// UploadConcat uploads sources at the same time as partial uploads, and joins them on the
// server, in their order, into one upload (tus 1.0.0, Concatenation).
//
// If the server does not announce concatenation, nothing is sent and the error Is
// [ErrUnsupported]. The same applies if the sources together are larger than the largest upload
// that the server announces.
//
// If the URLs of the parts are so long that a proxy may refuse the request that joins them, an
// OPTIONS of that length is sent when the first URL is known. If it is refused, the parts are
// deleted before their bytes are sent. A part that fails cancels the others; the error then Is
// [ErrPart], and Result.Parts tells how far each part got. If the answer to the joining was
// lost and a part is gone, the error Is [ErrUncertain]. The error for no sources, for more
// than [protocol.MaxConcatParts], and for more than 2^63-1 bytes, Is [ErrInvalidOption]. Other
// errors are as for Upload. The result is never nil.
func (c *Client) UploadConcat(ctx context.Context, sources []Source, opts *ConcatOptions) (*Result, error) {
	var o ConcatOptions
	if opts != nil {
		o = *opts
	}
	cc := &concat{
		job:     c.newJob(o.upload(o.Metadata), newCallback(o.OnEvent)),
		options: o, sources: sources, limit: c.concurrency,
	}
	if o.Concurrency != 0 {
		cc.limit = o.Concurrency
	}
	cc.claim = c.rules.URLs.Claim("")
	defer cc.claim.Release(false)
	return cc.finish(ctx, cc.upload(transport.SingleAttempt(ctx)))
}

// concat is one upload that is made of several sources.
type concat struct {
	*job    // of the final upload; it has no source
	options ConcatOptions
	sources []Source
	limit   int // sources that are sent at the same time
}

// checkProtocol returns ErrUnsupported if the protocol has no parts.
func (cc *concat) checkProtocol() error {
	if err := cc.lacks(dialect.Parts, "joins of uploads"); err != nil {
		return err
	}
	return cc.job.checkProtocol()
}

func (cc *concat) upload(ctx context.Context) error {
	if err := cc.validate(); err != nil {
		return err
	}
	endpoint, err := cc.creationURL()
	if err != nil {
		return err
	}
	if err := cc.choose(ctx, endpoint, cc.checkProtocol); err != nil {
		return err
	}
	features, err := cc.features(ctx, endpoint, true)
	if err := joinError(features, cc.knownLength(), err); err != nil {
		return err
	}
	if cc.options.FinalFirst && features.JoinUnfinished && cc.lengthsKnown() {
		return cc.joinFirst(ctx, endpoint)
	}
	return cc.joinLast(ctx, endpoint)
}

func (cc *concat) validate() error {
	switch {
	case cc.limit < 0:
		return fmt.Errorf("%w: concurrency %d is negative", ErrInvalidOption, cc.limit)
	case cc.once:
		return retry.Permanent(fmt.Errorf("%w: an upload that is made of several sources has no record", ErrUnrecorded))
	case len(cc.sources) == 0:
		return fmt.Errorf("%w: no sources", ErrInvalidOption)
	case len(cc.sources) > protocol.MaxConcatParts:
		return fmt.Errorf("%w: %d sources, more than %d", ErrInvalidOption, len(cc.sources), protocol.MaxConcatParts)
	}
	if err := cc.check(); err != nil {
		return err
	}
	if cc.knownLength() < 0 {
		return fmt.Errorf("%w: the sources together have more than %d bytes", ErrInvalidOption, int64(math.MaxInt64))
	}
	if cc.options.FinalFirst && slices.Contains(cc.sources, nil) {
		return fmt.Errorf("%w: %w: nil", ErrSource, ErrInvalidOption)
	}
	return cc.options.Metadata.Validate()
}

// joinError returns an error if the server cannot join parts into an upload of a length. Parts of
// unknown length count as empty. err is why the question failed.
func joinError(features dialect.Features, length int64, err error) error {
	most := features.Limits.MaxUpload
	switch {
	case err != nil:
		return err
	case features.Silent != nil:
		return fmt.Errorf("%w %s, as far as is known: %w", ErrUnsupported, features.Terms.Join, features.Silent)
	case !features.Join:
		return fmt.Errorf("%w %s", ErrUnsupported, features.Terms.Join)
	case most > 0 && length > most:
		return fmt.Errorf("%w %s to %d bytes: the largest upload has %d bytes (%w)", ErrUnsupported, features.Terms.Join, length, most, protocol.ErrTooLarge)
	}
	return nil
}

// knownLength returns the length of all sources whose length is known. It is negative if no
// offset is as large.
func (cc *concat) knownLength() int64 {
	sum := int64(0)
	for _, src := range cc.sources {
		if src != nil {
			n, _ := src.Length().Int64()
			if n > math.MaxInt64-sum {
				return -1
			}
			sum += n
		}
	}
	return sum
}

func (cc *concat) lengthsKnown() bool {
	for _, src := range cc.sources {
		if src == nil {
			return false
		}
		if _, known := src.Length().Int64(); !known {
			return false
		}
	}
	return true
}

// failed returns the error of part i.
func (cc *concat) failed(i int, err error) error {
	return fmt.Errorf("%w %d: %w", ErrPart, i+1, named(cc.sources[i], err))
}

// joinLast sends all parts, and then joins them.
func (cc *concat) joinLast(ctx context.Context, endpoint string) error {
	cc.result.Parts = make([]*Result, len(cc.sources))
	for i := range cc.result.Parts {
		cc.result.Parts[i] = new(Result)
	}
	check := &joinCheck{dialect: cc.dialect, parts: len(cc.sources)}
	err := parts.Each(ctx, len(cc.sources), cc.limit, func(ctx context.Context, i int, rest func()) error {
		part, err := cc.open(ctx, cc.sources[i], cc.options.upload(nil), cc.teller.callback, i+1)
		part.rest, part.made, part.claim = rest, check.made, cc.claim
		if err == nil {
			err = part.upload(ctx)
			defer part.close(ctx)
		}
		if cc.result.Parts[i], err = part.finish(ctx, err); err != nil {
			return cc.failed(i, err)
		}
		return nil
	})
	for _, part := range cc.result.Parts {
		cc.addWork(part)
		cc.result.Offset += part.Offset // the server joins what it acknowledged of the parts
	}
	if check.err != nil {
		parts.Remove(ctx, cc.rules.Log, cc.dialect, partURLs(cc.result.Parts))
		return check.err
	}
	if err != nil {
		if cc.lengthsKnown() {
			cc.result.Length = cc.length()
		}
		return err
	}
	cc.result.Length = protocol.Known(cc.result.Offset)
	return cc.join(ctx, endpoint, partURLs(cc.result.Parts))
}

func (cc *concat) addWork(part *Result) {
	cc.result.Sent += part.Sent
	cc.result.Unacknowledged += part.Unacknowledged
	cc.result.Retries += part.Retries
	cc.result.Orphans += part.Orphans
	cc.result.InUse = cc.result.InUse || part.InUse
	if cc.result.Denial == (Denial{}) {
		cc.result.Denial = part.Denial
	}
}

func (cc *concat) join(ctx context.Context, endpoint string, urls []string) error {
	join := parts.Join{
		Rules: cc.rules, Policy: cc.options.Retry, Dialect: cc.dialect, Endpoint: endpoint, Metadata: cc.options.Metadata,
		Claim: cc.claim, Tell: cc.teller.hear,
	}
	res, _, err := join.Do(ctx, urls)
	cc.result.Retries += res.Retries
	cc.result.Orphans += res.Orphans
	if err != nil {
		return err
	}
	cc.result.URL, cc.result.Header, cc.result.CreationHeader = res.URL, res.Header, res.CreationHeader
	if !res.Expires.IsZero() {
		cc.result.Expires = res.Expires
	}
	created := engine.Event{Kind: engine.Created, URL: res.URL, Length: cc.result.Length, Expires: res.Expires}
	return engine.Report(ctx, cc.rules.Log, cc.hear, created)
}

// joinFirst creates the parts and the final upload, and then sends the parts (tus 1.0.0,
// Concatenation).
func (cc *concat) joinFirst(ctx context.Context, endpoint string) error {
	n := len(cc.sources)
	jobs := make([]*job, n)
	defer func() {
		for _, j := range jobs {
			if j != nil && j.source != nil {
				j.close(ctx)
			}
		}
	}()
	err := parts.Each(ctx, n, cc.limit, func(ctx context.Context, i int, _ func()) (err error) {
		if jobs[i], err = cc.open(ctx, cc.sources[i], cc.options.upload(nil), cc.teller.callback, i+1); err == nil {
			jobs[i].claim = cc.claim
			err = jobs[i].createPart(ctx, endpoint)
		}
		if err != nil {
			return cc.failed(i, err)
		}
		return nil
	})
	cc.result.Length = cc.length()
	if err == nil {
		urls := make([]string, n)
		for i, j := range jobs {
			urls[i] = j.result.URL
		}
		err = cc.join(ctx, endpoint, urls)
	}
	cc.result.Parts = make([]*Result, n)
	if err == nil {
		err = parts.Each(ctx, n, cc.limit, func(ctx context.Context, i int, rest func()) (err error) {
			jobs[i].rest = rest
			cc.result.Parts[i], err = jobs[i].finish(ctx, jobs[i].sendPart(ctx, endpoint))
			if err != nil {
				return cc.failed(i, err)
			}
			return nil
		})
	}
	for i, j := range jobs {
		switch {
		case j == nil:
			cc.result.Parts[i] = &Result{Length: cc.sources[i].Length()}
		case cc.result.Parts[i] == nil:
			cc.result.Parts[i], _ = j.finish(ctx, err)
		}
		cc.result.Offset += cc.result.Parts[i].Offset
		cc.addWork(cc.result.Parts[i])
	}
	return err
}

// createPart makes a part without any of its bytes.
func (j *job) createPart(ctx context.Context, endpoint string) error {
	if err := j.admit(ctx); err != nil {
		return err
	}
	if err := j.negotiate(ctx, endpoint); err != nil {
		return err
	}
	spec := j.spec(endpoint)
	spec.Inline, spec.CreateOnly = 0, true
	// A part that waits for its turn ends nothing that another part could wait for.
	defer j.retrier.Leave()
	return j.run(ctx, spec)
}

// sendPart sends the bytes of a part that was just created.
func (j *job) sendPart(ctx context.Context, endpoint string) error {
	spec := j.spec(endpoint)
	spec.Adopt = engine.Adopt{URL: j.result.URL, Expires: j.result.Expires, Fresh: true, Complete: j.complete}
	if err := j.run(ctx, spec); err != nil {
		return err
	}
	return j.checkSource(ctx)
}

// length returns the sum of the lengths of all sources, which are known.
func (cc *concat) length() protocol.Length { return protocol.Known(cc.knownLength()) }
