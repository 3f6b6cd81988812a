package client

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/tusker-go/tusker/client/internal/dialect"
	"github.com/tusker-go/tusker/client/internal/engine"
	"github.com/tusker-go/tusker/client/internal/handle"
	"github.com/tusker-go/tusker/client/source"
)

// prepare asks the source and the server what must be known before an upload is created.
func (j *job) prepare(ctx context.Context, endpoint string) error {
	if err := j.options.Metadata.Validate(); err != nil {
		return err
	}
	// A source that cannot be read fails here, before anything is sent, and a stream that
	// ends within its first chunk has a known length afterward.
	if _, err := handle.Chunk(ctx, j.source, 0, j.chunk); err != nil {
		return err
	}
	if err := j.admit(ctx); err != nil {
		return err
	}
	if err := j.settleFirst(ctx); err != nil {
		return err
	}
	if err := j.needLength(ctx, endpoint); err != nil {
		return err
	}
	return j.negotiate(ctx, endpoint)
}

// negotiate asks the server of url what the upload needs to know beforehand.
func (j *job) negotiate(ctx context.Context, url string) error {
	n, ok := j.dialect.(dialect.Negotiator)
	if !ok || !n.MustNegotiate() {
		return nil
	}
	return j.ask(ctx, url, func(ctx context.Context) error { return n.Negotiate(ctx, url) })
}

// ask repeats a question until it has an answer.
func (j *job) ask(ctx context.Context, url string, question func(context.Context) error) error {
	query := engine.Query{
		Rules: j.rules, Retrier: j.retrier, URL: url, Tell: j.teller.hear,
		At: engine.Event{URL: j.result.URL, Offset: j.result.Offset, Length: j.result.Length},
	}
	retries, err := query.Repeat(ctx, question)
	j.result.Retries += retries
	return err
}

// needLength makes sure that the upload can be created with what is known of its length. If
// the server announces that it needs the length at the creation, a stream is read to its end
// first, or the upload fails. If the server announces nothing, the creation is tried.
func (j *job) needLength(ctx context.Context, endpoint string) error {
	if _, known := j.source.Length().Int64(); known {
		return nil
	}
	features, err := j.features(ctx, endpoint, false)
	if err != nil || features.Silent != nil || features.DeferLength {
		return err
	}
	return j.spool(ctx, features.Terms.DeferLength)
}

// spool replaces a stream by a temporary file with the same bytes, because the server does
// not support feature.
func (j *job) spool(ctx context.Context, feature string) error {
	lacking := fmt.Errorf("%w %s", ErrUnsupported, feature)
	most := int64(0)
	if s, ok := j.source.(source.Spooler); ok {
		most = s.Spool()
	}
	if most == 0 {
		return fmt.Errorf("%w, and the length of the stream is not known", lacking)
	}
	j.rules.Log.LogAttrs(ctx, slog.LevelInfo, "copying the stream to a temporary file, since the server has to know its length",
		slog.String("source", j.teller.source))
	spooled, err := handle.Spool(ctx, j.source, most, lacking)
	if err != nil {
		return err
	}
	stream := j.source
	j.source = spooled
	return stream.Close()
}

// features asks the server what it supports.
func (j *job) features(ctx context.Context, endpoint string, required bool) (dialect.Features, error) {
	d, ok := j.dialect.(dialect.Discoverer)
	if !ok {
		return dialect.Features{}, nil
	}
	if known, ok := d.Known(); ok {
		return known, nil
	}
	var features dialect.Features
	err := j.ask(ctx, endpoint, func(ctx context.Context) (err error) {
		features, err = d.Discover(ctx, endpoint, required)
		return err
	})
	return features, err
}
