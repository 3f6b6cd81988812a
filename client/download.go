package client

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
)

// OpDownload is the operation of an Error from Download: a GET, of which tus
// says nothing but that servers may answer it.
const OpDownload protocol.Op = "download"

// Errors of Download; test for them with errors.Is.
var (
	// ErrUnfinished means that the upload is not complete, so there is nothing
	// to download yet.
	ErrUnfinished = errors.New("upload is not complete")

	// ErrNotServed means that the server has the upload but does not answer a
	// GET of it.
	ErrNotServed = errors.New("server has the upload but does not give it out")

	// ErrContent means that an answer is not the bytes of the upload: it has
	// another length, or is compressed, or is not the part that was asked for.
	ErrContent = errors.New("not the content of the upload")

	// ErrContentChanged means that the server's content became another one
	// while it was downloaded, or that nothing can tell whether it did.
	ErrContentChanged = errors.New("content changed while it was downloaded")

	// ErrOtherServer means that a response lacks what earlier ones of the server
	// had, such as the login page of a Wi-Fi. None of it is written, and the
	// request is retried.
	ErrOtherServer = errors.New("response is not from the server that has the content")
)

// A PrefixSummer is a writer that knows the SHA-256 of the bytes that it has. The
// writer that open gives to [Client.Download] needs it to resume at an offset
// above 0 if Content.Version is "": the bytes are then read again and compared.
type PrefixSummer interface {
	io.Writer

	// PrefixSum is the SHA-256 of all bytes that the writer has. Download calls it
	// once, before the first Write.
	PrefixSum() [sha256.Size]byte
}

// DownloadOptions adjusts one download. nil and the zero value change nothing.
type DownloadOptions struct {
	// Header is sent with every request of this download. It wins over
	// Config.Header. nil: none.
	Header http.Header

	// OnEvent is told of the download, in the goroutine of Download:
	// EventResumed at an offset above 0, EventProgress, EventRetry, EventWaiting,
	// EventDone or EventFailed. Offset and Sent are the bytes that the writer has. It must
	// return at once. nil: nothing is called.
	OnEvent func(Event)
}

// DownloadResult describes a download. It is returned with errors too.
type DownloadResult struct {
	// Content is what the server offered. It is the zero value if the server did
	// not say.
	Content Content

	// Offset is how many bytes the writer has, those of an earlier download
	// included.
	Offset int64

	// Retries is how many requests were repeated.
	Retries int
}

// Download fetches the upload at url. If the server answers HEAD as a tus server,
// the upload has to be complete and the content has to have its length. Any other
// server gets a GET alone.
//
// Download calls open when the server has said what it offers. open returns the
// writer and how many bytes the writer has already, of an earlier download of the
// same Content.Version, or 0. If the version is "", an offset above 0 needs a
// [PrefixSummer]. The writer gets every byte from there on exactly once, in order,
// and is not closed. If the error of open Is [ErrOtherServer], the request is
// retried and open is called again. Any other error of open or of the writer ends
// the download and is returned as it is.
//
// A request that fails is retried under Config.Retry. Its response resumes the
// download only if it has the strong validator of the first response (RFC 9110,
// section 8.8.1). Without one, Download reads the content again from its start and
// compares the SHA-256 of the bytes that the writer has. Config.StallTimeout bounds
// the wait for each byte; the time that the writer takes does not count.
//
// The result is never nil. The error Is [ErrUnfinished], [ErrNotServed],
// [ErrContent], [ErrContentChanged], [ErrOtherServer], [retry.ErrExhausted], a
// sentinel of package protocol, or the cause of ctx.
func (c *Client) Download(ctx context.Context, url string, open func(Content) (w io.Writer, offset int64, err error), opts *DownloadOptions) (*DownloadResult, error) {
	o := DownloadOptions{}
	if opts != nil {
		o = *opts
	}
	d := &download{
		transfer: c.newTransfer(job{UploadOptions: UploadOptions{Header: o.Header}, sink: newSink(o.OnEvent)}),
		open:     open,
	}
	return d.finish(ctx, d.run(once(ctx), url))
}

// download is one download under way. It uses transfer for retries; no request of
// it sends a body.
type download struct {
	*transfer
	open    func(Content) (io.Writer, int64, error)
	upload  *protocol.State // the answer to HEAD; nil: none of a tus server
	content Content
	w       io.Writer // nil until open was called
	prefix  prefix    // of w
	noRange bool      // the server's ranges do not say what they are of
}

func (d *download) run(ctx context.Context, url string) error {
	if ctx.Err() != nil {
		return &Error{Op: OpDownload, URL: url, Err: ended(ctx)}
	}
	u, err := parseURL(url)
	if err == nil && d.open == nil {
		err = fmt.Errorf("%w: nothing to open a writer with", ErrInvalidOption)
	}
	if err == nil {
		err = d.check()
	}
	if err != nil {
		return &Error{Op: OpDownload, URL: url, Err: err}
	}
	d.url = u.String()
	if d.call.home == nil {
		d.call.home = u
	}
	d.loop.Start()
	if err := d.examine(ctx); err != nil {
		return err
	}
	for {
		err := d.hold(ctx, d.url)
		if err == nil {
			err = d.get(ctx)
		}
		if errors.Is(err, errComplete) {
			return nil
		}
		if err == nil {
			continue
		}
		if err := d.retry(ctx, d.url, err); err != nil {
			return err
		}
	}
}

// examine asks by HEAD whether the upload is complete, and how long it is. A server
// that does not answer HEAD as a tus server may still answer a GET.
func (d *download) examine(ctx context.Context) error {
	reply, err := d.until(ctx, d.url, func(ctx context.Context) (*Reply, error) {
		return d.c.Head(ctx, d.url, d.call)
	})
	if err != nil {
		e, ok := errors.AsType[*Error](err)
		if !ok || e.StatusCode == 0 || errors.Is(err, retry.ErrExhausted) || ctx.Err() != nil {
			return err
		}
		d.c.log.LogAttrs(ctx, slog.LevelDebug, "no answer to HEAD as of a tus server",
			slog.String("url", redact(d.url)), slog.Any("err", err))
		d.progress()
		return nil
	}
	d.progress()
	state := reply.State // a pointer into reply would keep its headers
	d.upload = &state
	if reply.State.Complete() {
		return nil
	}
	has := fmt.Sprintf("the server has %d bytes", reply.State.Offset)
	if n, ok := reply.State.Length.Int64(); ok {
		has += fmt.Sprintf(" of %d", n)
	}
	return d.refuse(OpDownload, reply, fmt.Errorf("%w: %s", ErrUnfinished, has))
}

// begin hands what the server offers to the caller.
func (d *download) begin(ctx context.Context, content Content) error {
	w, offset, err := d.open(content)
	if err != nil {
		return err
	}
	if w == nil {
		return fmt.Errorf("%w: no writer", ErrInvalidOption)
	}
	length, known := content.Length.Int64()
	if offset < 0 || known && offset > length && content.Version != "" {
		return fmt.Errorf("%w: offset %d of a content of %d bytes", ErrInvalidOption, offset, length)
	}
	d.w, d.content, d.offset = w, content, offset
	if content.validator == (validator{}) {
		d.prefix = newPrefix(w, offset)
	}
	kind := EventProgress
	if offset > 0 {
		kind = EventResumed
		d.c.log.LogAttrs(ctx, slog.LevelInfo, "download resumed", slog.String("url", redact(d.url)), slog.Int64("offset", offset))
	}
	d.events.update(kind, func(ev *Event) {
		ev.URL, ev.Offset, ev.Sent, ev.Length = d.url, offset, offset, content.Length
	})
	return nil
}

// finish tells how the download ended and returns its result.
func (d *download) finish(ctx context.Context, err error) (*DownloadResult, error) {
	kind, message := EventDone, "download complete"
	attrs := []slog.Attr{slog.String("url", redact(d.url)), slog.Int64("offset", d.offset)}
	if err != nil {
		kind, message = EventFailed, "download failed"
		attrs = append(attrs, slog.Any("err", err))
	}
	d.c.log.LogAttrs(ctx, slog.LevelInfo, message, attrs...)
	d.events.update(kind, func(ev *Event) {
		ev.Err, ev.Offset, ev.Sent, ev.Length = err, d.offset, d.offset, d.content.Length
	})
	d.content.Header = keptHeader(d.content.Header)
	return &DownloadResult{Content: d.content, Offset: d.offset, Retries: d.result.Retries}, err
}
