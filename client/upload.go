package client

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/tusker-go/tusker/client/internal/address"
	"github.com/tusker-go/tusker/client/internal/dialect"
	"github.com/tusker-go/tusker/client/internal/engine"
	"github.com/tusker-go/tusker/client/internal/network"
	"github.com/tusker-go/tusker/client/internal/redact"
	"github.com/tusker-go/tusker/client/internal/tus"
	"github.com/tusker-go/tusker/client/internal/wire"
	"github.com/tusker-go/tusker/client/source"
	"github.com/tusker-go/tusker/protocol/rufh"
	"github.com/tusker-go/tusker/transport"
)

// Upload creates an upload on the server and sends src to it. It retries failed requests
// under Config.Retry, and resumes from the offset that the server names. With Config.Store,
// it resumes an upload that an earlier call left unfinished, also in another process, if src
// is a file that has not changed since.
//
// A file that was modified in the last 2 s is checked once more before Upload returns, unless
// all of its bytes are compared, because a change within one step of the file system's clock
// does not show in its times. The wait is at most 2 s, see EventSettling.
//
// If ctx ends while bytes are on their way, Upload asks the server once how much it has, for at
// most 2 s, see Config.AskAfterCancel.
//
// The result is never nil. After an error it says what is known, so that Resume can continue: the
// URL, and how many bytes the server has. Errors to test for: [ErrNoEndpoint], [ErrInvalidOption],
// [ErrSource], and with it [ErrSourceChanged], [ErrSourceWindow], [ErrSourceInUse] and
// [ErrSourceUsed], [ErrUnconfirmed], [ErrBusy], [ErrConflict], [ErrLeaseLost], [ErrUnrecorded],
// [ErrUnsupported], [ErrLengthMismatch], [ErrIntegrity], [ErrMisplaced], [ErrPatchBlocked],
// [ErrUncertain], [ErrRefused], [ErrPart], [ErrDifferent], [ErrUnverified], [ErrNotTus],
// [ErrNotRUFH], [ErrOtherProtocol], [ErrInterim], [ErrLimits], [ErrRelocated], [ErrEarly],
// [ErrIncomplete], [ErrRedirected], [ErrInvalidLocation], [ErrInsecureLocation], [ErrUntrusted],
// [ErrStalled], [protocol.ErrInvalidMetadata], [retry.ErrExhausted], the sentinels of package
// protocol, and the cause of ctx.
func (c *Client) Upload(ctx context.Context, src Source, opts *UploadOptions) (*Result, error) {
	return c.uploadOne(ctx, src, opts, nil)
}

// uploadOne does one upload. UploadAll passes the function rest, which the upload calls as soon
// as it only waits, so that a worker can begin the next one; see parts.Crew. Upload passes nil.
func (c *Client) uploadOne(ctx context.Context, src Source, opts *UploadOptions, rest func()) (*Result, error) {
	o := opts.orZero()
	j, err := c.open(ctx, src, o, newCallback(o.OnEvent), 0)
	j.rest = rest
	if err != nil {
		return j.finish(ctx, err)
	}
	defer j.close(ctx)
	return j.finish(ctx, j.upload(transport.SingleAttempt(ctx)))
}

// Resume sends to the upload at url what it lacks of src, and never creates one. The
// server names the offset to resume at. If the length that it expects is not the length of
// src, the call fails with [ErrLengthMismatch]. The caller must make sure that src has the
// same bytes as before.
//
// The result and the errors are as for Upload, and [ErrInvalidURL]. Resume knows no record:
// an upload that the server calls complete is a success, with 0 in Result.Sent, although an
// earlier call may have got [ErrRefused] for it. Metadata in opts is ignored.
func (c *Client) Resume(ctx context.Context, url string, src Source, opts *UploadOptions) (*Result, error) {
	o := opts.orZero()
	j, err := c.open(ctx, src, o, newCallback(o.OnEvent), 0)
	if err != nil {
		return j.finish(ctx, err)
	}
	defer j.close(ctx)
	return j.finish(ctx, j.resumeURL(transport.SingleAttempt(ctx), url))
}

// job is one call of Upload or Resume: a source, options, and a result to which several runs
// of the engine may add.
type job struct {
	*Client
	options  UploadOptions
	source   source.Handle // nil until it was opened
	dialect  dialect.Dialect
	chunk    int64
	call     wire.Call
	teller   teller
	expiry   engine.Expiry
	result   *Result
	retrier  *engine.Retrier // counts the failures of all exchanges but those of parts
	claim    *engine.Claim   // has the URLs of the upload, and of all parts of a whole
	rest     func()          // called when the upload will only wait; nil: not called
	isStream bool            // the source can be read only once
	isPart   bool
	made     func(ctx context.Context, url string) error // called when the upload is created; nil: nothing is
	complete bool                                        // the server said that the upload is complete

	version    rufh.Version // of the protocol that the dialect speaks; 0: tus
	configured rufh.Version // the same for new uploads
	fresh      bool         // the source changed so recently that a further change would not show
}

// open checks the options and opens the source. The job is never nil. Part is the number
// of the part if the source is one of several, or 0.
func (c *Client) open(ctx context.Context, src Source, o UploadOptions, cb *callback, part int) (*job, error) {
	j := c.newJob(o, cb)
	j.teller.part, j.isPart = part, part > 0
	if src == nil {
		return j, fmt.Errorf("%w: %w: the source is nil", ErrSource, ErrInvalidOption)
	}
	j.teller.source = src.Name()
	if !j.isPart {
		j.claim = c.rules.URLs.Claim(src.Name())
	}
	if err := j.check(); err != nil {
		return j, err
	}
	j.isStream = isSingleUse(src)
	if j.chunk == 0 {
		j.chunk = engine.DefaultChunk(c.rules.Limits, j.isStream)
	}
	opened, err := j.openSource(ctx, src)
	if err != nil {
		return j, source.Error(err)
	}
	if n, known := opened.Length().Int64(); known && !j.isPart {
		if err := c.rules.Limits.CheckUpload(n); err != nil {
			_ = opened.Close()
			j.retrier.Leave()
			return j, fmt.Errorf("%w: %w", ErrInvalidOption, err)
		}
	}
	j.source = opened
	j.fresh = unsettled(opened) > 0
	if o.Verify || o.Digest {
		return j, j.prepareDigest(ctx)
	}
	return j, nil
}

// spareFiles is how many files an upload needs besides its source at most: a connection, a
// lookup of its address, and a record with its lock.
const spareFiles = 6

// manyUploads is how many uploads are under way before the next one looks for spare files:
// to look costs system calls, and fewer uploads do not reach the limit of any system. If all
// of them need less than half of the files that this process may open, none looks.
const manyUploads = 8

// openSource opens the source. If this machine lacks open files, it waits until another
// upload ends. A source is opened beside other uploads only if the files that its upload
// needs besides can be opened, too; otherwise open sources would keep all uploads from their
// connections.
func (j *job) openSource(ctx context.Context, src Source) (opened source.Handle, err error) {
	if j.isStream {
		return src.Open(ctx, j.chunk)
	}
	running := j.rules.Crowd.Running()
	beside := running >= manyUploads && !network.MaySuffice(running*(1+spareFiles))
	j.retrier.Enter()
	defer func() {
		if err != nil {
			j.retrier.Leave()
		}
	}()
	for {
		opened, err = src.Open(ctx, j.chunk)
		if err == nil && beside && !network.HasSpareFiles(spareFiles) {
			err = errors.Join(ErrScarce, opened.Close())
		}
		if err == nil || !network.IsScarce(err) {
			return opened, err
		}
		if err = j.retrier.AfterScarce(ctx, err); err != nil {
			return nil, err
		}
	}
}

func isSingleUse(src Source) bool {
	s, ok := src.(source.SingleUse)
	return ok && s.SingleUse()
}

// newJob makes a job without a source.
func (c *Client) newJob(o UploadOptions, cb *callback) *job {
	j := &job{
		Client: c, options: o, chunk: c.chunkSize, call: wire.Call{Header: o.Header},
		teller: teller{callback: cb}, result: new(Result), retrier: engine.NewRetrier(c.rules, o.Retry, nil),
	}
	if o.ChunkSize != 0 {
		j.chunk = o.ChunkSize
	}
	if j.options.Checksum == "" {
		j.options.Checksum = c.checksum
	}
	if o.Recreate == 0 {
		j.options.Recreate = c.recreate
	}
	j.version, _ = c.speech.get()
	j.configured = j.version
	j.speak()
	return j
}

// check returns an error for invalid options, before anything is sent.
func (j *job) check() error {
	if err := j.rules.Limits.CheckRequest(j.chunk); err != nil {
		return fmt.Errorf("%w: %w", ErrInvalidOption, err)
	}
	if j.options.Parallel < 0 && j.options.Parallel != ParallelAuto {
		return fmt.Errorf("%w: Parallel is %d", ErrInvalidOption, j.options.Parallel)
	}
	if err := tus.CheckChecksum(j.options.Checksum); err != nil {
		return err
	}
	return wire.CheckHeader(j.options.Header)
}

// upload creates an upload, or takes over one of an earlier run, and sends to it.
func (j *job) upload(ctx context.Context) error {
	endpoint, err := j.creationURL()
	if err != nil {
		return err
	}
	if err := j.choose(ctx, endpoint, j.checkProtocol); err != nil {
		return err
	}
	if err := j.prepare(ctx, endpoint); err != nil {
		return err
	}
	err = j.sendOnce(ctx, endpoint)
	if err != nil && j.fallBack(ctx, err) {
		err = j.sendOnce(ctx, endpoint)
	}
	if err != nil && j.result.Skipped && j.mayDistrust(err) {
		j.distrust(ctx, err)
		err = j.sendRecorded(ctx, endpoint, false)
	}
	if err == nil && !j.isPart {
		j.warnReplaced(ctx)
	}
	return err
}

// sendOnce sends what no earlier run has sent, verifies it, and records that it is finished.
func (j *job) sendOnce(ctx context.Context, endpoint string) error {
	finished, err := j.askLedger(ctx, endpoint)
	if err != nil {
		return err
	}
	if finished != nil {
		if done, err := j.adoptFinished(ctx, endpoint, finished); done {
			return j.conclude(ctx, endpoint, nil, err)
		}
	}
	return j.sendRecorded(ctx, endpoint, finished == nil)
}

// spec describes the upload to the engine.
func (j *job) spec(endpoint string) engine.Spec {
	return engine.Spec{
		Rules: j.rules, Policy: j.options.Retry, Retrier: j.retrier, Dialect: j.dialect, Source: j.source, Endpoint: endpoint,
		Claim: j.claim, Part: j.teller.part,
		Creation: dialect.Creation{Metadata: j.options.Metadata, Part: j.isPart, Once: j.options.Upgrade != nil},
		Chunk:    j.chunk, Inline: j.inlineSize(), Tell: j.hear,
	}
}

// inlineSize returns the largest source that is sent along with its creation.
func (j *job) inlineSize() int64 {
	if j.version != 0 && j.inline >= 0 || j.options.Upgrade != nil {
		return engine.AnySize
	}
	return j.inline
}

// run runs the engine and adds its result.
func (j *job) run(ctx context.Context, spec engine.Spec) error {
	res, err := engine.Run(ctx, spec)
	j.result.take(res, err)
	j.complete = res.Complete
	return err
}

// resumeURL sends to the upload at a URL that the caller knows. It uses no record.
func (j *job) resumeURL(ctx context.Context, rawURL string) error {
	u, err := address.Parse(rawURL)
	if err != nil {
		return err
	}
	j.call.Home = u
	j.speak()
	j.result.URL = u.String()
	if err := j.choose(ctx, u.String(), j.checkProtocol); err != nil {
		return err
	}
	if err := j.admit(ctx); err != nil {
		return err
	}
	if err := j.negotiate(ctx, u.String()); err != nil {
		return err
	}
	spec := j.spec(u.String())
	spec.Creation.Metadata = nil
	spec.Adopt = engine.Adopt{URL: u.String()}
	if err := j.run(ctx, spec); err != nil {
		return err
	}
	if err := j.checkSource(ctx); err != nil {
		return err
	}
	return j.verify(ctx)
}

// hear takes the events of the upload, or of its parts together. It implements
// [engine.Listener].
func (j *job) hear(ctx context.Context, ev engine.Event) error {
	if ev.Kind == engine.Created && j.made != nil {
		if err := j.made(ctx, ev.URL); err != nil {
			return err
		}
	}
	if len(ev.Metadata) > 0 { // some servers do not return the metadata
		j.compareMetadata(ctx, ev)
	}
	j.expiry.Hear(ctx, j.rules.Log, ev)
	return j.teller.hear(ctx, ev)
}

// compareMetadata warns if an upload that is resumed was created with other metadata than
// the options have: the server keeps the metadata of the creation.
func (j *job) compareMetadata(ctx context.Context, ev engine.Event) {
	// Servers may add their own keys.
	for key, value := range j.options.Metadata {
		if was, ok := ev.Metadata[key]; !ok || was != value {
			j.rules.Log.LogAttrs(ctx, slog.LevelWarn, "the upload was created with other metadata than the options have: the server keeps the old metadata",
				slog.String("url", redact.URL(ev.URL)), slog.String("key", key))
			return
		}
	}
}

// warnReplaced warns if the name of the source now belongs to another file.
func (j *job) warnReplaced(ctx context.Context) {
	r, ok := j.source.(source.ReplacementDetector)
	n, known := j.source.Length().Int64()
	// Checking many small files would cost more than the warning is worth.
	if ok && known && n > smallUpload && r.IsReplaced() {
		j.rules.Log.LogAttrs(ctx, slog.LevelWarn, "the file was replaced during the upload: the server has the old file",
			slog.String("source", j.teller.source))
	}
}

// target returns a URL on the host that gets the bytes of the upload, if that is known.
func (j *job) target() string {
	for _, part := range j.result.Parts {
		if part != nil && part.URL != "" {
			return part.URL
		}
	}
	if j.result.URL != "" {
		return j.result.URL
	}
	return j.endpoint
}

// finish completes the result and sends the last event.
func (j *job) finish(ctx context.Context, err error) (*Result, error) {
	if j.source != nil {
		j.result.Length = j.source.Length()
	}
	j.result.BodyLimit, _ = j.rules.Bodies.Of(j.target())
	if !j.isPart { // other parts must not get its URL
		j.claim.Release(err == nil && j.options.OneOfMany)
	}
	j.logEnd(ctx, err)
	j.teller.ended(j.result, err)
	return j.result, err
}

func (j *job) logEnd(ctx context.Context, err error) {
	log := j.rules.Log
	if !log.Enabled(ctx, slog.LevelInfo) {
		return
	}
	message := "upload complete"
	attrs := []slog.Attr{slog.String("url", redact.URL(j.result.URL)), slog.Int64("offset", j.result.Offset)}
	if err != nil {
		message = "upload failed"
		attrs = append(attrs, slog.Any("err", err))
	}
	log.LogAttrs(ctx, slog.LevelInfo, message, attrs...)
}

func (j *job) close(ctx context.Context) {
	if err := j.source.Close(); err != nil {
		j.rules.Log.LogAttrs(ctx, slog.LevelWarn, "source not closed", slog.Any("err", err))
	}
	j.retrier.Leave()
}
