package client

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/tusker-go/tusker/client/internal/address"
	"github.com/tusker-go/tusker/client/internal/cause"
	"github.com/tusker-go/tusker/client/internal/dialect"
	"github.com/tusker-go/tusker/client/internal/engine"
	"github.com/tusker-go/tusker/client/internal/record"
	"github.com/tusker-go/tusker/client/internal/redact"
	"github.com/tusker-go/tusker/client/journal"
	"github.com/tusker-go/tusker/client/source"
	"github.com/tusker-go/tusker/protocol"
)

// loadFinished returns the record of the finished upload of this source, or nil if there
// is none that can be used.
func (j *job) loadFinished(ctx context.Context, endpoint string) (*Record, error) {
	if e, ok := j.ledger.(journal.EmptyLedger); ok && e.IsEmpty() {
		return nil, nil
	}
	key := j.finishedKey(endpoint)
	n, known := j.source.Length().Int64()
	if j.ledger == nil || key == "" || !known || !j.once && !isTrusted(j.source) {
		return nil, nil
	}
	r, err := j.loadKey(ctx, endpoint, key)
	switch {
	case errors.Is(err, ErrNoRecord):
		return nil, nil
	case err != nil:
		return nil, err
	case r == nil || !j.isFinished(r, endpoint, key, n):
		return nil, nil
	}
	return r, nil
}

// isTrusted reports whether a record of the current state of a source is a record of its
// current bytes. A source that was modified just now may have changed again without a trace.
func isTrusted(o source.Handle) bool {
	s, ok := o.(source.Settler)
	return !ok || s.IsTrusted()
}

// finishedKey returns the key of a finished upload of this source in its current state, or
// "".
func (j *job) finishedKey(endpoint string) string {
	if id, ok := j.source.(source.StateIdentifier); ok {
		return record.Key(endpoint, j.account, id.StateIdentity())
	}
	return j.key(endpoint)
}

// loadKey loads a record from the ledger, without those that are damaged.
func (j *job) loadKey(ctx context.Context, endpoint, key string) (*Record, error) {
	ctx, cancel := record.Deadline(ctx)
	defer cancel()
	plain := address.WithoutQuery(endpoint)
	r, err := j.ledger.LoadFinished(ctx, plain, key)
	if errors.Is(err, ErrRecordDamaged) {
		j.rules.Log.LogAttrs(ctx, slog.LevelWarn, "some records of finished uploads are not used", slog.Any("err", err))
		r, err = j.ledger.LoadFinished(ctx, plain, key)
	}
	return r, err
}

// isFinished reports whether r can be the record of a finished upload.
func (j *job) isFinished(r *Record, endpoint, key string, length int64) bool {
	n, known := r.Length.Int64()
	return r.Validate() == nil && r.Key == key && r.Account == j.account && r.Endpoint == address.WithoutQuery(endpoint) && r.URL != "" &&
		known && n == length && !address.LeavesTLS(endpoint, r.URL)
}

// askLedger returns the record of an earlier run that finished this upload, or nil if there is
// none. A ledger that fails counts as one without a record, unless each source has to be sent
// once.
func (j *job) askLedger(ctx context.Context, endpoint string) (*Record, error) {
	if j.ledger == nil || j.isPart || j.options.Recreate == RecreateAlways {
		return nil, nil
	}
	r, err := j.loadFinished(ctx, endpoint)
	switch {
	case ctx.Err() != nil:
		return nil, cause.Why(ctx)
	case err == nil:
		return r, nil
	case j.once:
		return nil, fmt.Errorf("%w: %w", ErrUnrecorded, err)
	}
	j.rules.Log.LogAttrs(ctx, slog.LevelWarn, "cannot tell what was sent before", slog.Any("err", err))
	return nil, nil
}

// adoptFinished asks for the upload of the record r, which an earlier run finished. It is
// done if the server still has the upload, or if that cannot be found out. If the server has
// only the beginning, the rest is sent. With TrustLedger, the server is not asked.
func (j *job) adoptFinished(ctx context.Context, endpoint string, r *Record) (done bool, err error) {
	// A run that was killed after it wrote the ledger left its record.
	left := j.loadLeftover(ctx, endpoint)
	if left != nil && left.URL == r.URL && !r.Denial.Refused {
		j.removeLeftover(ctx, endpoint)
		left = nil
	}
	if j.trustLedger && !r.Denial.Refused {
		j.takeFinished(r)
		if left != nil {
			j.removeLeftover(ctx, endpoint)
		}
		return true, nil
	}
	if err := j.mayLookUp(r); err != nil {
		return true, err
	}
	spec := j.spec(endpoint)
	spec.Adopt = engine.Adopt{URL: r.URL, Denial: r.Denial}
	res, err := engine.Run(ctx, spec)
	j.result.take(res, err)
	switch {
	case err == nil:
		if j.result.Skipped = j.result.Sent == 0; j.result.Skipped {
			j.result.SHA256 = r.SHA256
		}
		if left != nil {
			j.removeLeftover(ctx, endpoint)
		}
		return true, j.checkSource(ctx)
	case !j.mayRecreate(ctx, err):
		if res.Denial != r.Denial {
			j.saveFinished(ctx, endpoint, res.Denial) // so that a later run does not take it for finished
		}
		return true, err
	}
	j.rules.Log.LogAttrs(ctx, slog.LevelWarn, "sent before, but the server no longer has it: sending it again",
		slog.String("url", redact.URL(j.result.URL)), slog.Any("err", err))
	j.forgetUpload()
	return false, nil
}

// mayLookUp returns an error if the server cannot be asked for a finished upload, because its
// protocol does not have that.
func (j *job) mayLookUp(r *Record) error {
	if err := j.speakAs(r.Protocol); err != nil {
		return err
	}
	err := j.lacks(dialect.Lookup, "questions about a finished upload")
	switch {
	case err == nil:
		return nil
	case r.Denial.Refused:
		return r.Refusal()
	}
	return fmt.Errorf("%w (the ledger has it as finished; TrustLedger skips it without a question)", err)
}

// takeFinished makes the record r the result, although the server was not asked.
func (j *job) takeFinished(r *Record) {
	n, _ := r.Length.Int64()
	j.result.URL, j.result.Offset, j.result.Resumed, j.result.Skipped = r.URL, n, n, true
	j.result.SHA256, j.result.Header, j.result.Denial = r.SHA256, r.Header, r.Denial
}

// keptHeader returns the headers of the result that the ledger keeps, or nil.
func (j *job) keptHeader() http.Header {
	var kept http.Header
	for _, name := range j.keptHeaders {
		for _, header := range []http.Header{j.result.Header, j.result.CreationHeader} {
			if values := header.Values(name); len(values) > 0 {
				if kept == nil {
					kept = make(http.Header)
				}
				kept[http.CanonicalHeaderKey(name)] = slices.Clone(values)
				break
			}
		}
	}
	return kept
}

// loadLeftover returns the record of an unfinished upload of a source that the ledger knows
// as finished, or nil.
func (j *job) loadLeftover(ctx context.Context, endpoint string) *Record {
	if j.isPart || !j.isRecorded() {
		return nil
	}
	return record.Leftover(ctx, j.store, j.entry(endpoint))
}

// removeLeftover finishes what the run that wrote the ledger could not finish. It does
// nothing if another run is at work on the upload.
func (j *job) removeLeftover(ctx context.Context, endpoint string) {
	keeper, run, err := j.openRecord(ctx, endpoint)
	if err != nil {
		return
	}
	defer keeper.Close(ctx)
	if err := keeper.Forget(run); err != nil {
		j.rules.Log.LogAttrs(ctx, slog.LevelWarn, "record of a finished upload not removed", slog.Any("err", err))
	}
}

// mayDistrust reports whether err means that the ledger is wrong about a source.
func (j *job) mayDistrust(err error) bool {
	return errors.Is(err, ErrDifferent) && j.options.Recreate != RecreateNever
}

// distrust prepares to send the source again, because its earlier upload has other bytes.
func (j *job) distrust(ctx context.Context, err error) {
	j.rules.Log.LogAttrs(ctx, slog.LevelWarn, "sent before, but the server holds other bytes: sending it again",
		slog.String("url", redact.URL(j.result.URL)), slog.Any("err", err))
	j.forgetUpload()
}

// keepFinished records a finished upload in the ledger, and reports whether the record of the
// unfinished upload is no longer needed. The record has the Denial, because later runs must not
// take the upload for one without an error. A source that other programs can write to is not
// recorded: its bytes may differ from those that were sent although its attributes are the same.
func (j *job) keepFinished(ctx context.Context, endpoint string) bool {
	if j.ledger == nil || j.result.Skipped || j.result.InUse {
		return true
	}
	return j.saveFinished(ctx, endpoint, j.result.Denial)
}

// saveFinished replaces what the ledger has of the upload, and reports whether that worked or
// was not needed. A refusal in it makes a later run fail.
func (j *job) saveFinished(ctx context.Context, endpoint string, denial Denial) bool {
	key := j.finishedKey(endpoint)
	n, known := j.source.Length().Int64()
	if key == "" || !known {
		return true
	}
	now := time.Now().UTC()
	r := &journal.Record{
		Key: key, Account: j.account, Endpoint: address.WithoutQuery(endpoint), URL: j.result.URL, Source: j.teller.source,
		Length: protocol.Known(n), Offset: n, Created: now, Updated: now, Denial: denial,
		Protocol: j.protocolName(),
		SHA256:   j.result.SHA256, Header: j.keptHeader(),
	}
	// The upload is finished although its run may have been canceled by now.
	lasting, cancel := record.Outlive(ctx)
	defer cancel()
	err := j.ledger.SaveFinished(lasting, r) // validates the record
	if err != nil {
		j.rules.Log.LogAttrs(ctx, slog.LevelWarn, "a later run will send this again", slog.Any("err", fmt.Errorf("record the finished upload: %w", err)))
	}
	return err == nil
}
