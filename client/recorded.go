package client

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/tusker-go/tusker/client/internal/engine"
	"github.com/tusker-go/tusker/client/internal/parts"
	"github.com/tusker-go/tusker/client/internal/record"
	"github.com/tusker-go/tusker/client/source"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
)

// smallUpload is the largest length in bytes of an upload that is not recorded. Sending such
// an upload again costs less than keeping a record of it.
const smallUpload = 1 << 20

// Recreate says when Upload makes a new upload although there is a record of an earlier
// one.
type Recreate uint8

// The values of Config.Recreate. 0 stands for the default.
const (
	// RecreateGone: if the server no longer has the earlier one.
	RecreateGone Recreate = iota + 1

	// RecreateNever: never; if the earlier one is gone, that is an error.
	RecreateNever

	// RecreateAlways: always, without asking for the earlier one.
	RecreateAlways
)

// sendRecorded resumes the upload that the store has a record of, or makes a new one, and
// keeps the record correct. The argument look is false if the ledger need not be asked again: it
// had an entry for the source, which turned out to be useless.
func (j *job) sendRecorded(ctx context.Context, endpoint string, look bool) error {
	keeper, run, err := j.openRecord(ctx, endpoint)
	if err != nil {
		return err
	}
	defer keeper.Close(ctx)
	if _, recorded := keeper.Earlier(); keeper != nil && look && !recorded {
		// Another run may have finished the upload before this one took the lock. It wrote
		// the ledger before it removed the record, so one of the two is found. A reservation
		// before the lookup makes that true without a lock, too.
		err := keeper.Reserve(run)
		var finished *Record
		if err == nil {
			finished, err = j.askLedger(run, endpoint)
		}
		if err != nil {
			return j.conclude(run, endpoint, keeper, err)
		}
		if finished != nil {
			if done, err := j.adoptFinished(run, endpoint, finished); done {
				return j.conclude(run, endpoint, keeper, err)
			}
		}
	}
	return j.conclude(run, endpoint, keeper, j.send(run, endpoint, keeper))
}

// send sends the source and makes sure that it did not change.
func (j *job) send(ctx context.Context, endpoint string, keeper *record.Keeper) error {
	spec := j.spec(endpoint)
	spec.LeaveOpen = j.once // the URL has to be recorded before the upload can be complete
	whole := parts.Whole{Spec: spec, Hear: spec.Tell, Keeper: keeper, Recreate: j.options.Recreate != RecreateNever}
	if keeper != nil {
		whole.MarkLast, whole.Tell = true, engine.Tell(spec.Tell, keeper.Hear)
	}
	err := j.sendOrResume(ctx, whole)
	if err == nil && len(j.result.Parts) == 0 {
		err = j.checkSource(ctx)
	}
	return err
}

// conclude verifies a complete upload, adds it to the ledger, and only then removes its
// record, so that a later run finds one of them at any time. Err is how the upload ended.
func (j *job) conclude(ctx context.Context, endpoint string, keeper *record.Keeper, err error) error {
	if err == nil {
		err = j.verify(ctx)
	}
	if taken := keeper.TakenOver(); taken != nil {
		return taken // another run finishes the upload
	}
	switch {
	case err == nil:
		if j.isPart || j.keepFinished(ctx, endpoint) {
			return keeper.Forget(ctx)
		}
	case errors.Is(err, ErrSourceChanged), errors.Is(err, ErrLimits), errors.Is(err, ErrRelocated):
		// The bytes that could resume the upload no longer exist, or the server says that no
		// upload can be completed there.
		j.discard(ctx)
		_ = keeper.Forget(ctx)
	case errors.Is(err, ErrDifferent):
		_ = keeper.Forget(ctx) // to resume would not change the bytes that the server holds
	case j.isStream && errors.Is(err, ErrSource):
		j.discard(ctx) // the rest of a stream is lost
	}
	return err
}

// discard deletes an upload that no later run can complete, and its parts, if the server
// supports it.
func (j *job) discard(ctx context.Context) {
	j.remove(ctx, append(partURLs(j.result.Parts), j.result.URL))
}

// remove deletes uploads. With Once, they stay until they expire, because another run may have
// finished one of them.
func (j *job) remove(ctx context.Context, urls []string) {
	if !j.once {
		parts.Remove(ctx, j.rules.Log, j.dialect, urls)
	}
}

// sendOrResume resumes the upload that the record describes, or sends the source as a new
// upload.
func (j *job) sendOrResume(ctx context.Context, whole parts.Whole) error {
	earlier, recorded := whole.Keeper.Earlier()
	if recorded {
		if err := j.speakAs(earlier.Protocol); err != nil {
			return err
		}
		whole.Dialect = j.dialect
	}
	switch {
	case !recorded:
		return j.sendNew(ctx, whole)
	case j.options.Recreate == RecreateAlways:
		j.remove(ctx, recordURLs(earlier.Parts))
		whole.Keeper.Drop()
		j.speakConfigured()
		whole.Dialect = j.dialect
		return j.sendNew(ctx, whole)
	case len(earlier.Parts) > 0:
		return j.resumeParts(ctx, whole, earlier)
	default:
		return j.resumeRecorded(ctx, whole, earlier)
	}
}

// resumeParts resumes an upload whose record names parts.
func (j *job) resumeParts(ctx context.Context, whole parts.Whole, earlier Record) error {
	if err := j.stillJoins(ctx, whole.Endpoint); err != nil {
		j.result.Parts = resultsOf(earlier.Parts)
		return err
	}
	whole.Adopt.Expires = earlier.Expires
	return j.sendPlan(ctx, whole, parts.Recorded(earlier.Parts, j.options.Parallel))
}

// resumeRecorded resumes an upload whose record names one URL. If the server no longer has the
// upload, it makes a new one.
func (j *job) resumeRecorded(ctx context.Context, whole parts.Whole, earlier Record) error {
	spec := whole.Spec
	spec.Adopt = engine.Adopt{URL: earlier.URL, Offset: earlier.Offset, Reach: earlier.Reach, Uncertain: earlier.Uncertain, Expires: earlier.Expires, Denial: earlier.Denial}
	spec.Adopt.Unheard = earlier.Offset == 0 && !earlier.Uncertain && earlier.Reach == (protocol.Length{}) && earlier.Denial == (Denial{})
	err := j.run(ctx, spec)
	// The earlier run had no answer that the upload is complete.
	j.result.Confirmed = j.result.Confirmed || err == nil && j.result.Sent == 0
	if !j.mayRecreate(ctx, err) {
		return err
	}
	j.restarts(ctx, err)
	// The record stays until there is a new upload: the 404 may come from a proxy
	// whose server is away, and then no new upload can be made either.
	j.forgetUpload()
	j.speakConfigured()
	whole.Dialect = j.dialect
	return j.sendUnplanned(ctx, whole)
}

// sendNew sends the source as a new upload, in a fixed number of parts if the options ask for
// that and the server can join them.
func (j *job) sendNew(ctx context.Context, whole parts.Whole) error {
	j.learn(ctx)
	plan, err := j.plan(ctx, whole)
	if err != nil {
		return err
	}
	if plan == nil {
		return j.sendUnplanned(ctx, whole)
	}
	if err := whole.Keeper.Plan(ctx, plan.List()); err != nil {
		return err
	}
	return j.sendPlan(ctx, whole, plan)
}

// sendUnplanned sends a new upload that begins over one connection. With ParallelAuto, it
// starts over in parts if the connection is slow.
func (j *job) sendUnplanned(ctx context.Context, whole parts.Whole) error {
	if j.options.Parallel == ParallelAuto && !j.isPart {
		whole.CheckSource = j.checkSource
		j.retrier.Leave() // parts wait for the end of other parts, not for the whole
		defer j.retrier.Enter()
		res, err := whole.SendAuto(ctx)
		j.takeParts(ctx, whole, res, err)
		return err
	}
	if err := whole.Keeper.Reserve(ctx); err != nil {
		return err
	}
	return j.run(ctx, whole.Spec)
}

// sendPlan sends the parts of a plan and joins them.
func (j *job) sendPlan(ctx context.Context, whole parts.Whole, plan *parts.Plan) error {
	whole.CheckSource = j.checkSource
	j.retrier.Leave() // parts wait for the end of other parts, not for the whole
	defer j.retrier.Enter()
	res, err := whole.Send(ctx, plan)
	j.takeParts(ctx, whole, res, err)
	return err
}

// takeParts adds the result of package parts, and records how far the parts got after an
// error. With SendAuto, the result may have no parts.
func (j *job) takeParts(ctx context.Context, whole parts.Whole, res parts.Result, err error) {
	j.result.take(res.Result, err)
	for _, part := range res.Parts {
		j.result.Parts = append(j.result.Parts, resultOf(part))
	}
	if err != nil {
		whole.Keeper.Stopped(ctx, err, res.MayBeJoined, res.Expires, res.Unacknowledged)
	}
}

// openRecord opens the record of the upload, and returns the context of the run, see
// record.Open. The Keeper is nil if there is none to keep. The error Is ErrBusy or
// ErrUnrecorded.
func (j *job) openRecord(ctx context.Context, endpoint string) (*record.Keeper, context.Context, error) {
	// A part is not an upload of the whole file, so neither can resume the other.
	if j.isPart || !j.isRecorded() {
		return nil, ctx, j.mustRecord()
	}
	up := j.entry(endpoint)
	if up.Key == "" {
		return nil, ctx, j.mustRecord()
	}
	if j.options.Recreate != RecreateAlways {
		up.Restarts = j.restarts
	}
	return record.Open(ctx, j.store, j.rules.Log, up)
}

// mustRecord returns an error if a source that has no record must not be sent.
func (j *job) mustRecord() error {
	if !j.once {
		return nil
	}
	return retry.Permanent(fmt.Errorf("%w: a later run could not recognize the source, or its length is not known", ErrUnrecorded))
}

// isRecorded reports whether a store keeps a record of an upload of this length.
func (j *job) isRecorded() bool {
	n, known := j.source.Length().Int64()
	return j.store != nil && known && (n > smallUpload || j.once)
}

// entry describes this upload for its record.
func (j *job) entry(endpoint string) record.Upload {
	n, _ := j.source.Length().Int64()
	place := ""
	if l, ok := j.source.(source.Locator); ok {
		place = l.Place()
	}
	up := record.Upload{
		Key: record.UnfinishedKey(j.key(endpoint), place), Place: place,
		Account: j.account, Endpoint: endpoint, Source: j.teller.source, Length: n, Once: j.once, Protocol: j.protocolName(),
	}
	if s, ok := j.source.(source.Settler); ok {
		up.Unsettled = func() time.Duration { return s.SettleTime(s.Step()) }
		up.Check = j.source.Check
	}
	return up
}

// restarts sends EventRestarted with the reason why an upload starts over although there is a
// record of an earlier one.
func (j *job) restarts(ctx context.Context, reason error) {
	j.rules.Log.LogAttrs(ctx, slog.LevelWarn, "upload starts over",
		slog.String("source", j.teller.source), slog.Any("err", reason))
	j.teller.tell(Event{Kind: EventRestarted, Length: j.source.Length(), Err: reason})
}

// key returns the key of this upload in a ledger, or "" if no later run could recognize the
// source. The key of its record begins with it.
func (j *job) key(endpoint string) string {
	if id, ok := j.source.(source.Identifier); ok {
		return record.Key(endpoint, j.account, id.Identity())
	}
	return ""
}

// plan divides the source if the options ask for a fixed number of parts. It is nil if they do
// not, or if the source or the server does not support parts.
func (j *job) plan(ctx context.Context, whole parts.Whole) (*parts.Plan, error) {
	n, known := j.source.Length().Int64()
	if j.options.Parallel <= 1 || !known || j.isPart || !whole.CanDivide() {
		return nil, nil
	}
	plan := parts.Fixed(n, j.options.Parallel)
	if plan == nil {
		return nil, nil
	}
	err := j.needJoin(ctx, whole.Endpoint, n)
	if errors.Is(err, ErrUnsupported) {
		j.rules.Log.LogAttrs(ctx, slog.LevelWarn, "sending over one connection", slog.Any("err", err))
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return plan, nil
}

// mayRecreate reports whether an upload of an earlier run cannot be resumed, so that a new one
// takes its place. If the run was canceled, the error may have another reason.
func (j *job) mayRecreate(ctx context.Context, err error) bool {
	return err != nil && ctx.Err() == nil && j.options.Recreate != RecreateNever && engine.CannotResume(err)
}

// forgetUpload removes an upload that is gone from the result. The result keeps the length of
// the source and the counts of bytes and retries.
func (j *job) forgetUpload() {
	j.retrier.Restart()
	r := j.result
	*r = Result{Sent: r.Sent, Retries: r.Retries, Orphans: r.Orphans, Header: r.Header, InUse: r.InUse}
}

// stillJoins makes sure that the server of an earlier run has not stopped to join parts, before
// anything is sent that would be of no use. A server that does not say so may join them.
func (j *job) stillJoins(ctx context.Context, endpoint string) error {
	features, err := j.features(ctx, endpoint, false)
	if err != nil {
		return err
	}
	features.Join = features.Join || features.Silent != nil
	features.Silent = nil
	return joinError(features, 0, nil)
}

// needJoin makes sure that the server can join parts into an upload of this length.
func (j *job) needJoin(ctx context.Context, endpoint string, length int64) error {
	features, err := j.features(ctx, endpoint, false)
	return joinError(features, length, err)
}

// resultsOf says what a record knows of the parts of an upload.
func resultsOf(parts []PartRecord) []*Result {
	results := make([]*Result, len(parts))
	for i, p := range parts {
		results[i] = &Result{URL: p.URL, Offset: p.Offset, Resumed: p.Offset, Length: protocol.Known(p.End - p.Start)}
	}
	return results
}

func partURLs(parts []*Result) []string {
	urls := make([]string, len(parts))
	for i, p := range parts {
		urls[i] = p.URL
	}
	return urls
}

func recordURLs(parts []PartRecord) []string {
	urls := make([]string, len(parts))
	for i, p := range parts {
		urls[i] = p.URL
	}
	return urls
}
