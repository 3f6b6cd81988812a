package client

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/transport"
	"github.com/tusker-go/tusker/transport/nethttp"
)

// get sends one GET for what is missing, and writes what comes. It returns
// errComplete when all is written, and nil if another request has to follow.
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
	body := &responseBody{r: resp.Body, dog: dog, size: resp.ContentLength, chunked: len(resp.TransferEncoding) > 0 || resp.ProtoMajor > 1}
	if d.w == nil {
		return d.first(ctx, resp, body)
	}
	return d.later(ctx, resp, body)
}

// request asks for the whole content, or for the rest if the response can prove
// that it is the rest of the same content.
func (d *download) request(ctx context.Context) (*http.Request, error) {
	return d.c.request(ctx, exchange{method: http.MethodGet, url: d.url, set: func(h protocol.Header) error {
		// Otherwise net/http asks for gzip, and neither a length nor a Range
		// would be that of the upload.
		h.Set("Accept-Encoding", "identity")
		if d.offset > 0 && d.content.validator != (validator{}) && !d.noRange {
			h.Set("Range", fmt.Sprintf("bytes=%d-", d.offset))
			h.Set("If-Range", d.content.validator.value)
		}
		return nil
	}}, d.call)
}

// inspect checks the status of a response and where the response comes from.
func (d *download) inspect(req *http.Request, resp *http.Response, auth *transport.AuthTrace) error {
	final := req.URL
	if resp.Request != nil && resp.Request.URL != nil {
		final = resp.Request.URL
	}
	if req.URL.Scheme == "https" && final.Scheme == "http" {
		return d.refused(resp, "", fmt.Errorf("%w to %s: %w", ErrRedirected, transport.RedactURL(final), nethttp.ErrInsecureRedirect), nil)
	}
	ranged := req.Header.Get("Range") != ""
	switch status := resp.StatusCode; {
	case status == http.StatusOK, ranged && (status == http.StatusPartialContent || status == http.StatusRequestedRangeNotSatisfiable):
		return nil
	case status == http.StatusNoContent && d.w == nil:
		return nil
	case status == http.StatusNoContent:
		return d.refused(resp, "", fmt.Errorf("%w: it has no content (%d)", ErrOtherServer, status), nil)
	case status == http.StatusPartialContent:
		return d.refused(resp, "", fmt.Errorf("%w (%d)", protocol.ErrUnexpectedStatus, status), nil)
	}
	err := protocol.StatusError(OpDownload, resp.StatusCode)
	if errors.Is(err, protocol.ErrRedirect) {
		err = redirectError(err, final, resp.Header)
	}
	if d.upload != nil && isUnserved(err) {
		// HEAD found the upload, so the status does not mean that it is gone.
		err = fmt.Errorf("%w (%d)", ErrNotServed, resp.StatusCode)
	}
	// The status stands on its own if the body breaks off.
	text, _ := readAnswer(resp)
	return d.refused(resp, text, err, auth)
}

func isUnserved(err error) bool {
	return errors.Is(err, protocol.ErrNotFound) || errors.Is(err, protocol.ErrMethodNotAllowed) || errors.Is(err, protocol.ErrNotImplemented)
}

// first opens the writer for the first response with content.
func (d *download) first(ctx context.Context, resp *http.Response, body *responseBody) error {
	if err := unencoded(resp); err != nil {
		return d.refused(resp, "", err, nil)
	}
	content := contentOf(resp, d.upload)
	if err := d.fits(content, body); err != nil {
		return d.refused(resp, "", err, nil)
	}
	if err := d.lookAhead(ctx, resp, body, content.Length); err != nil {
		return err
	}
	body.dog.pause()
	if err := d.begin(ctx, content); err != nil {
		if errors.Is(err, ErrOtherServer) {
			return d.refused(resp, "", err, nil)
		}
		return err
	}
	length, known := content.Length.Int64()
	proven := d.offset == 0 || content.validator != (validator{})
	switch {
	case proven && known && d.offset == length:
		return errComplete
	case known && d.offset > length:
		return d.refused(resp, "", fmt.Errorf("%w: it has %d bytes, %d were there before", ErrContentChanged, length, d.offset), nil)
	case proven && d.offset > 0:
		return nil // the next request asks for the rest
	}
	return d.copy(ctx, resp, body, !proven)
}

// later resumes with the response to another request, if it has the same content.
func (d *download) later(ctx context.Context, resp *http.Response, body *responseBody) error {
	if resp.StatusCode == http.StatusRequestedRangeNotSatisfiable {
		// The status is no proof. A response with the whole content is.
		d.noRange = true
		return nil
	}
	length := protocol.Length{}
	if resp.StatusCode == http.StatusPartialContent {
		r, err := contentRange(resp.Header)
		if err != nil {
			return d.refused(resp, "", err, nil)
		}
		if r.start > d.offset {
			return d.refused(resp, "", fmt.Errorf("%w: asked for the bytes from %d on, got those from %d on", ErrContent, d.offset, r.start), nil)
		}
		length = r.whole
		body.limit(r)
	} else if resp.ContentLength >= 0 {
		length = protocol.Known(resp.ContentLength)
	}
	found, what := d.content.compare(resp.StatusCode, resp.Header, length)
	switch found {
	case matchSame, matchUnproven:
	case matchUnnamed:
		d.c.log.LogAttrs(ctx, slog.LevelDebug, "range without a validator", slog.String("url", redact(d.url)))
		d.noRange = true
		return nil
	case matchChanged:
		return d.refused(resp, "", fmt.Errorf("%w: %s", ErrContentChanged, what), nil)
	case matchOtherServer:
		return d.refused(resp, "", fmt.Errorf("%w: %s", ErrOtherServer, what), nil)
	}
	if err := unencoded(resp); err != nil {
		return d.refused(resp, "", err, nil)
	}
	if found == matchUnproven && d.offset == 0 {
		if err := d.lookAhead(ctx, resp, body, d.content.Length); err != nil {
			return err
		}
	}
	// A server may leave out the length of the whole content, and name it in a
	// later response.
	if d.content.Length == (protocol.Length{}) {
		d.content.Length = length
	}
	return d.copy(ctx, resp, body, found == matchUnproven && d.offset > 0)
}

// unencoded is an error if the body is not the plain content.
func unencoded(resp *http.Response) error {
	coding := resp.Header.Get("Content-Encoding")
	if !resp.Uncompressed && (coding == "" || coding == "identity") {
		return nil
	}
	return fmt.Errorf("%w: it is compressed (Content-Encoding %q) though that was not asked for", ErrContent, shortened(coding, maxWords))
}

// fits holds the content against the answer to HEAD, and makes sure that the end of
// the body can be told from a lost connection.
func (d *download) fits(content Content, body *responseBody) error {
	length, known := content.Length.Int64()
	if d.upload != nil {
		if want, ok := d.upload.Length.Int64(); ok && known && want != length {
			return otherSize(want, length)
		}
	}
	if !known && !body.framed() {
		return fmt.Errorf("%w: the server does not say how long it is", ErrContent)
	}
	return nil
}

func otherSize(upload, answer int64) error {
	if answer > upload {
		return fmt.Errorf("%w: the upload has %d bytes, the answer has more", ErrContent, upload)
	}
	return fmt.Errorf("%w: the upload has %d bytes, the answer has %d", ErrContent, upload, answer)
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
