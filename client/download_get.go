package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/transport"
	"github.com/tusker-go/tusker/transport/nethttp"
)

// downloadBuffer is what is read at once.
const downloadBuffer = 64 << 10

// get asks once for what is missing, and writes what comes. It returns
// errComplete when all is written, and nil where another request has to follow.
func (d *download) get(ctx context.Context) error {
	ctx, dog := watch(ctx, d.c.stall, 0)
	defer dog.stop()
	ctx, auth := transport.TraceAuth(ctx)

	req, err := d.request(ctx)
	if err != nil {
		return d.failed(err)
	}
	began := time.Now()
	resp, err := d.c.send(req)
	if err != nil {
		if resp != nil && resp.Body != nil {
			_ = resp.Body.Close()
		}
		return d.failed(d.c.failure(ctx, exchange{}, err))
	}
	defer func() { _ = resp.Body.Close() }()
	dog.alive()
	d.c.log.LogAttrs(ctx, slog.LevelDebug, "exchange", slog.String("op", string(OpDownload)),
		slog.String("url", redact(d.url)), slog.Duration("took", time.Since(began)),
		slog.Int("status", resp.StatusCode), slog.Int64("offset", d.offset))

	if err := d.inspect(req, resp, auth); err != nil {
		return err
	}
	start, err := d.position(resp)
	if err != nil {
		return d.refused(resp, "", err, nil)
	}
	if d.w == nil {
		content := contentOf(resp, d.upload)
		if err := d.fitting(content, resp); err != nil {
			return d.refused(resp, "", err, nil)
		}
		dog.pause()
		if err := d.begin(ctx, content); err != nil {
			return err
		}
		if n, known := content.Length.Int64(); known && d.offset == n {
			return errComplete
		}
		if d.offset > 0 {
			return nil
		}
	}
	return d.copy(ctx, dog, resp, start)
}

// request asks for the whole content, or for the rest of it.
func (d *download) request(ctx context.Context) (*http.Request, error) {
	return d.c.request(ctx, exchange{method: http.MethodGet, url: d.url, set: func(h protocol.Header) error {
		// Otherwise net/http asks for gzip, and neither a length nor a Range
		// would be that of the upload.
		h.Set("Accept-Encoding", "identity")
		if d.offset > 0 {
			h.Set("Range", fmt.Sprintf("bytes=%d-", d.offset))
			if d.content.unchanged != "" {
				h.Set("If-Range", d.content.unchanged)
			}
		}
		return nil
	}}, d.call)
}

// inspect looks at the status and at where the answer comes from.
func (d *download) inspect(req *http.Request, resp *http.Response, auth *transport.AuthTrace) error {
	final := req.URL
	if resp.Request != nil && resp.Request.URL != nil {
		final = resp.Request.URL
	}
	if req.URL.Scheme == "https" && final.Scheme == "http" {
		return d.refused(resp, "", fmt.Errorf("%w to %s: %w", ErrRedirected, transport.RedactURL(final), nethttp.ErrInsecureRedirect), nil)
	}
	switch status := resp.StatusCode; {
	case status == http.StatusOK, status == http.StatusNoContent && d.offset == 0, status == http.StatusPartialContent && d.offset > 0:
		return nil
	case status == http.StatusRequestedRangeNotSatisfiable && d.offset > 0:
		return d.refused(resp, "", fmt.Errorf("%w: there is nothing at %d any more", ErrContentChanged, d.offset), nil)
	case status == http.StatusNoContent, status == http.StatusPartialContent:
		return d.refused(resp, "", fmt.Errorf("%w (%d)", protocol.ErrUnexpectedStatus, status), nil)
	}
	err := protocol.StatusError(OpDownload, resp.StatusCode)
	if errors.Is(err, protocol.ErrRedirect) {
		err = redirectError(err, final, resp.Header)
	}
	if d.upload != nil && isUnserved(err) {
		// It is there, so the status must not be taken to say that it is gone.
		err = fmt.Errorf("%w (%d)", ErrNotServed, resp.StatusCode)
	}
	// The status stands on its own if the body breaks off.
	text, _ := readAnswer(resp)
	return d.refused(resp, text, err, auth)
}

func isUnserved(err error) bool {
	return errors.Is(err, protocol.ErrNotFound) || errors.Is(err, protocol.ErrMethodNotAllowed) || errors.Is(err, protocol.ErrNotImplemented)
}

// position is that of the answer's first byte, whose content has to be the one
// of the answers before.
func (d *download) position(resp *http.Response) (int64, error) {
	if coding := resp.Header.Get("Content-Encoding"); resp.Uncompressed || coding != "" && coding != "identity" {
		return 0, fmt.Errorf("%w: it is compressed (Content-Encoding %q) though that was not asked for", ErrContent, shortened(coding, maxWords))
	}
	if d.w == nil {
		return 0, nil
	}
	first, length := int64(0), protocol.Length{}
	if resp.StatusCode == http.StatusPartialContent {
		var err error
		if first, length, err = contentRange(resp.Header); err != nil {
			return 0, err
		}
	} else if resp.ContentLength >= 0 {
		length = protocol.Known(resp.ContentLength)
	}
	if what := d.content.differs(resp.Header, length); what != "" {
		return 0, fmt.Errorf("%w: %s", ErrContentChanged, what)
	}
	if first > d.offset {
		return 0, fmt.Errorf("%w: asked for the bytes from %d on, got those from %d on", ErrContent, d.offset, first)
	}
	// A server may have sent no length with the whole, and name it with a part.
	if d.content.Length == (protocol.Length{}) {
		d.content.Length = length
	}
	return first, nil
}

// fitting holds the content against what HEAD said of the upload, and makes sure
// that its end can be told from a connection that broke.
func (d *download) fitting(content Content, resp *http.Response) error {
	length, known := content.Length.Int64()
	if d.upload != nil {
		if want, ok := d.upload.Length.Int64(); ok && known && want != length {
			return fmt.Errorf("%w: the upload has %d bytes, the answer has %d", ErrContent, want, length)
		}
	}
	chunked := len(resp.TransferEncoding) > 0 || resp.ProtoMajor > 1
	if !known && !chunked {
		return fmt.Errorf("%w: the server does not say how long it is", ErrContent)
	}
	return nil
}

// copy writes what the answer brings, whose first byte is at start.
func (d *download) copy(ctx context.Context, dog *watchdog, resp *http.Response, start int64) error {
	buf := make([]byte, downloadBuffer)
	before := d.offset
	for at := start; ; {
		dog.alive()
		n, err := resp.Body.Read(buf)
		dog.pause()
		if fresh := at + int64(n) - d.offset; fresh > 0 {
			if werr := d.write(buf[int64(n)-fresh:n], resp); werr != nil {
				return werr
			}
		}
		at += int64(n)
		if err != nil {
			return d.end(ctx, resp, before, err)
		}
	}
}

// write passes on bytes that the writer does not have yet.
func (d *download) write(p []byte, resp *http.Response) error {
	if length, known := d.content.Length.Int64(); known && int64(len(p)) > length-d.offset {
		return d.refused(resp, "", fmt.Errorf("%w: there is more than its %d bytes", ErrContent, length), nil)
	}
	n, err := d.w.Write(p)
	d.offset += int64(min(max(n, 0), len(p)))
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	if err != nil {
		return fmt.Errorf("write download: %w", err)
	}
	d.progress()
	d.events.acknowledged(EventProgress, d.offset, d.content.Length)
	return nil
}

// end decides what the end of an answer means, before which there were so many
// bytes.
func (d *download) end(ctx context.Context, resp *http.Response, before int64, err error) error {
	length, known := d.content.Length.Int64()
	whole := isEnd(err)
	switch {
	case known && d.offset == length:
		return errComplete
	case !whole:
		return d.failed(d.c.failure(ctx, exchange{}, err))
	case !known && resp.StatusCode != http.StatusPartialContent:
		d.content.Length = protocol.Known(d.offset)
		return errComplete
	case resp.StatusCode == http.StatusPartialContent && d.offset > before:
		return nil // a part of the rest; the next request brings more of it
	}
	return d.failed(io.ErrUnexpectedEOF)
}

// failed is for a request without an answer, or without the end of one.
func (d *download) failed(err error) error {
	return d.c.classified(&Error{Op: OpDownload, URL: d.url, Err: err})
}

// refused is for an answer that is not what was asked for.
func (d *download) refused(resp *http.Response, text string, err error, auth *transport.AuthTrace) error {
	return d.c.classified(&Error{
		Op: OpDownload, URL: d.url, StatusCode: resp.StatusCode, Code: errorCode(text),
		Header: resp.Header, Body: text, After: retryAfter(resp.Header, time.Now()), Err: err,
		renewable: auth != nil && auth.Renewable(),
	})
}
