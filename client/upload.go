package client

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
)

// UploadOptions describes one upload. nil and the zero value are an upload
// without metadata.
type UploadOptions struct {
	// Metadata is kept by the server with the upload. nil: none.
	Metadata protocol.Metadata

	// Header is sent with every request of this upload. It wins over
	// Config.Header, and the headers of the protocol win over it. nil: none.
	Header http.Header

	// ChunkSize takes the place of Config.ChunkSize, in bytes. 0: that stands.
	// Negative: ErrInvalidOption.
	ChunkSize int64

	// Parallel sends a file in parts, this many side by side over connections
	// of their own, and joins them on the server (tus 1.0.0, Concatenation):
	// for connections that are slower than the line. At most 32 are sent at a
	// time, of at least 1 MiB each; a large file has twice as many parts, so
	// that nobody waits for the slowest. A server without concatenation, and
	// any source but a file or ReaderAt, gets one request after the other. An
	// upload that goes on keeps the parts that it was begun with. Events are
	// those of the whole. Resume and Send use one connection always. 0 and 1:
	// one. Any other negative number than ParallelAuto: ErrInvalidOption.
	//
	// ParallelAuto begins over one connection. Where that would take more than
	// a few seconds, it is given up after the first sixth of a second, before
	// the server has acknowledged anything, and the file is sent in parts, over
	// more and more connections as long as that makes it faster, 16 at most.
	Parallel int

	// Verify compares, after the upload, what the server holds with the source:
	// by the SHA-256 that the server names, or by reading it back. The source is
	// read once more for it, unless it is a stream. The error Is ErrDifferent, or
	// ErrUnverified where the server offers neither.
	Verify bool

	// OnEvent is called for what happens to the upload, one call at a time,
	// from goroutines of the upload. It must return at once: the upload waits
	// for it. Nothing is called after the upload has returned, or where it is
	// nil.
	OnEvent func(Event)
}

func (o *UploadOptions) orZero() UploadOptions {
	if o == nil {
		return UploadOptions{}
	}
	return *o
}

// Result says how far an upload got.
type Result struct {
	// URL is that of the upload, "" where none was created. It may be a
	// secret.
	URL string

	// Offset is how many bytes the server has acknowledged.
	Offset int64

	// Length is the size of the upload, as far as it is known.
	Length protocol.Length

	// Resumed is how many bytes the server had when this call first asked, of
	// an upload that was begun before.
	Resumed int64

	// Expires is when the server forgets the upload unless it is complete by
	// then, in UTC. The zero time: not known.
	Expires time.Time

	// CreationHeader is that of the answer to the creation, nil where the
	// upload existed before. Header is that of the last answer. Each has at most
	// MaxKeptHeader bytes, so that the results of many uploads stay small.
	CreationHeader, Header http.Header

	// Confirmed means that no answer to the last bytes said that they had
	// arrived, and that HEAD said so: the answer was lost or an error, in this
	// run or in the one that left a record.
	Confirmed bool

	// Denial is what the server answered to the last bytes of an upload that
	// HEAD then called complete, such as a 500 with the words of a hook that
	// failed. It is the first one of the parts where there are several. The zero
	// value: there was no such answer.
	Denial Denial

	// Verified means that the server was found to hold the bytes of the source,
	// see UploadOptions.Verify.
	Verified bool

	// Skipped means that an earlier run had sent all of it, and that the server
	// has it still: nothing was sent, see Config.Sent.
	Skipped bool

	// InUse means that another program had the source open for writing, when the
	// upload began or when it ended: what was sent may be a mix of two states, see
	// Config.RefuseInUse. It is false where the system does not say.
	InUse bool

	// Sent is how many bytes were handed to the network in all, those sent
	// twice included. Retries is how many exchanges were tried again.
	Sent    int64
	Retries int

	// Orphans is how many creations got no answer, or only that of a gateway,
	// before one did. The server may hold as many uploads that nobody knows of.
	Orphans int

	// Parts holds the results of the parts of UploadConcat, or of an upload
	// with UploadOptions.Parallel, in their order.
	Parts []*Result
}

// Upload creates an upload on the server and sends src to it. Whatever fails on
// the way is tried again as Config.Retry says, from where the server says that
// it stands. With Config.Store, an upload that an earlier call left unfinished,
// also in another process, is gone on with, if src is a file that has not
// changed since.
//
// A file that was modified in the last 2 s is looked at once more when it is older,
// before Upload returns, unless all of its bytes are compared: a change within the
// same step of the file system's clock does not show in its times. The wait is for
// 2 s at most, see EventSettling.
//
// The result is never nil. After an error it says what is known, so that Resume
// can go on: the URL, and how many bytes the server has. Errors to test for:
// [ErrNoEndpoint], [ErrInvalidOption], [ErrSource], and with it [ErrSourceChanged],
// [ErrSourceWindow], [ErrSourceInUse] and [ErrSourceUsed], [ErrUnconfirmed], [ErrBusy], [ErrUnsupported],
// [ErrLengthMismatch], [ErrIntegrity], [ErrUncertain], [ErrRefused], [ErrPart], [ErrDifferent],
// [ErrUnverified], [ErrNotTus], [ErrRedirected], [ErrInvalidLocation],
// [ErrInsecureLocation], [ErrUntrusted], [ErrStalled],
// [protocol.ErrInvalidMetadata], [retry.ErrExhausted], the sentinels of package
// protocol, and the cause of ctx.
func (c *Client) Upload(ctx context.Context, src Source, opts *UploadOptions) (*Result, error) {
	o := opts.orZero()
	return c.upload(ctx, src, job{UploadOptions: o, sink: newSink(o.OnEvent)})
}

// job is an upload as the client sees it.
type job struct {
	UploadOptions
	sink   *sink
	part   int
	concat protocol.Concat
	policy retry.Policy // nil: the client's
	idle   func()       // see transfer
}

func (c *Client) upload(ctx context.Context, src Source, j job) (*Result, error) {
	t, err := c.begin(src, j)
	if err != nil {
		return t.finish(ctx, err)
	}
	defer t.close(ctx)
	err = t.verified(once(ctx), t.createAndSend(once(ctx), j))
	if t.result.Skipped && t.c.recreate != RecreateNever && errors.Is(err, ErrDifferent) {
		t.distrust(ctx, err)
		err = t.verified(once(ctx), t.createAndSend(once(ctx), j))
	}
	if err == nil {
		t.keepSent(ctx, j.concat)
		t.warnReplaced(ctx)
	}
	return t.finish(ctx, err)
}

// warnReplaced says where another file has the name of the one that was sent. To
// look at each of many small ones would cost more than it tells.
func (t *transfer) warnReplaced(ctx context.Context) {
	f, ok := t.src.(*openFile)
	if ok && f.size > smallUpload && f.replaced() {
		t.c.log.LogAttrs(ctx, slog.LevelWarn, "the file was replaced by another one: what was sent is the one that it was in the beginning",
			slog.String("source", t.events.source))
	}
}

func (t *transfer) createAndSend(ctx context.Context, j job) error {
	endpoint, err := t.c.creationURL()
	if err != nil {
		return err
	}
	if err := j.Metadata.Validate(); err != nil {
		return err
	}
	// A source that cannot be read fails here, before anything is sent, and a
	// stream that ends within its first chunk has a length from here on.
	if _, err := t.src.cut(ctx, 0, t.chunk); err != nil {
		return err
	}
	if err := t.admit(ctx); err != nil {
		return err
	}
	if err := t.needLength(ctx, endpoint); err != nil {
		return err
	}
	if err := t.agree(ctx, endpoint); err != nil {
		return err
	}
	t.metadata = j.Metadata
	creation := protocol.Creation{Length: t.src.length(), Metadata: j.Metadata, Concat: j.concat}
	if done, err := t.sentBefore(ctx, endpoint, creation); done {
		return err
	}
	return t.sendRecorded(ctx, endpoint, creation)
}

// create repeats a creation until it has an answer.
func (t *transfer) create(ctx context.Context, endpoint string, exchange func(context.Context) (*Reply, error)) error {
	if ctx.Err() != nil {
		return ended(ctx) // nothing was sent, so there is no orphan either
	}
	for {
		if err := t.hold(ctx, endpoint); err != nil {
			return err
		}
		reply, err := exchange(ctx)
		if err == nil {
			t.answered(ctx, reply)
			t.result.CreationHeader = t.result.Header
			t.events.update(EventCreated, func(ev *Event) {
				ev.URL, ev.Length = t.url, t.size()
				// The creation may have carried bytes.
				ev.Offset, ev.Sent = max(ev.Offset, t.offset), max(ev.Sent, t.offset)
			})
			t.log(ctx, "upload created", nil)
			return nil
		}
		if isAmbiguous(err) {
			t.result.Orphans++
		}
		if err := t.retry(ctx, endpoint, err); err != nil {
			return err
		}
	}
}

// Resume sends to the upload at url what it lacks of src, and never creates
// one. The server says where to go on; how many bytes it expects in all must be
// the length of src, or the call fails with [ErrLengthMismatch]. That src holds
// the same bytes as before is for the caller to know.
//
// The result and the errors are as for Upload, and [ErrInvalidURL]. Resume knows of no
// record: an upload that HEAD calls complete is a success, with 0 in Result.Sent, though
// an earlier call may have got [ErrRefused] for it. Metadata in opts is ignored.
func (c *Client) Resume(ctx context.Context, url string, src Source, opts *UploadOptions) (*Result, error) {
	return c.resume(ctx, url, src, opts, nil)
}

// Send is Resume without retries: it asks once for the offset, sends every chunk
// once, and returns at the first failure. It is for callers that bring their
// own retries.
func (c *Client) Send(ctx context.Context, url string, src Source, opts *UploadOptions) (*Result, error) {
	return c.resume(ctx, url, src, opts, retry.Never)
}

func (c *Client) resume(ctx context.Context, url string, src Source, opts *UploadOptions, policy retry.Policy) (*Result, error) {
	o := opts.orZero()
	t, err := c.begin(src, job{UploadOptions: o, sink: newSink(o.OnEvent), policy: policy})
	if err != nil {
		return t.finish(ctx, err)
	}
	defer t.close(ctx)
	u, err := parseURL(url)
	if err != nil {
		return t.finish(ctx, err)
	}
	t.url, t.joining, t.call.home = u.String(), true, u
	if err := t.admit(ctx); err != nil {
		return t.finish(ctx, err)
	}
	if err := t.agree(once(ctx), t.url); err != nil {
		return t.finish(ctx, err)
	}
	return t.finish(ctx, t.verified(once(ctx), t.send(once(ctx))))
}

// newTransfer is a transfer without a source.
func (c *Client) newTransfer(j job) *transfer {
	t := &transfer{
		c:        c,
		chunk:    c.chunkSize,
		parallel: j.Parallel,
		wary:     j.Verify,
		partial:  j.concat.Kind == protocol.ConcatPartial,
		call:     &CallOptions{Header: j.Header},
		idle:     j.idle,
		events:   &events{sink: j.sink, part: j.part, began: time.Now()},
		result:   &Result{},
	}
	if j.ChunkSize != 0 {
		t.chunk = j.ChunkSize
	}
	t.recovery = newRecovery(c.policy, c.locked)
	if j.policy != nil {
		t.loop.Policy = j.policy
	}
	return t
}

// check finds what is wrong with the options before anything is sent.
func (t *transfer) check() error {
	if err := t.c.rule.check(t.chunk); err != nil {
		return err
	}
	if t.parallel < 0 && t.parallel != ParallelAuto {
		return fmt.Errorf("%w: %d parts", ErrInvalidOption, t.parallel)
	}
	return checkHeader(t.call.Header)
}

// begin opens the source. The transfer is never nil.
func (c *Client) begin(src Source, j job) (*transfer, error) {
	t := c.newTransfer(j)
	if src == nil {
		return t, fmt.Errorf("%w: %w: nil", ErrSource, ErrInvalidOption)
	}
	t.events.source = src.Name()
	if err := t.check(); err != nil {
		return t, err
	}
	if t.chunk == 0 && t.c.rule != (ChunkRule{}) {
		t.chunk = t.c.rule.fit(t.c.rule.Max)
		if _, ok := src.(*streamSource); ok {
			t.chunk = t.c.rule.near(DefaultWindow / 2)
		}
	}
	opened, err := src.open(t.chunk)
	if err != nil {
		return t, err
	}
	t.src = opened
	if w, ok := opened.(*window); ok && j.Verify {
		w.summedUp()
	}
	t.loop.Start()
	return t, nil
}
