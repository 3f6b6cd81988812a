package download

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/internal/partial"
	"github.com/tusker-go/tusker/client/internal/redact"
	"github.com/tusker-go/tusker/client/internal/tus"
	"github.com/tusker-go/tusker/client/internal/wire"
	"github.com/tusker-go/tusker/protocol"
)

// get sends one GET for the missing bytes, and writes the bytes of the answer. If d is not
// done afterward, another request must follow.
func (d *download) get(ctx context.Context) error {
	ranged := d.offset > 0 && d.content.validator != (validator{}) && !d.noRange
	_, err := d.Server.Conn.Do(ctx, wire.Request{
		Op: Op, Method: http.MethodGet, URL: d.URL, Judge: d.judge,
		Set: func(h protocol.Header) error {
			// Otherwise net/http asks for gzip, and neither a length nor a range would be
			// that of the upload.
			h.Set("Accept-Encoding", "identity")
			// A range is asked for only if its answer can prove that it is of the same
			// content.
			if ranged {
				h.Set("Range", fmt.Sprintf("bytes=%d-", d.offset))
				h.Set("If-Range", d.content.validator.value)
			}
			return nil
		},
		Success: func(_ protocol.Op, status int, _ http.Header) error { return d.accept(status, ranged) },
		Consume: func(a *wire.Answer) error {
			defer func() { a.Offset = d.offset }()
			body := &body{r: a.Body, size: a.Body.Length, delimited: a.Body.Delimited}
			if d.w == nil {
				return d.first(ctx, a, body)
			}
			return d.later(ctx, a, body)
		},
	}, d.Call)
	if e, ok := errors.AsType[*failure.Error](err); ok && e.StatusCode == 0 && d.isInterposed(e) {
		return fromOther(e)
	}
	return err
}

// judge sets the class of an error that was answered.
func (d *download) judge(e *failure.Error, sent http.Header) {
	tus.Judge(e, sent)
	if d.isInterposed(e) {
		*e = *fromOther(e)
	}
}

// isInterposed reports whether something between the client and the server refused the
// request. The server has sent content before, or has answered HEAD as a tus server, which
// does not say how it refuses GET.
func (d *download) isInterposed(e *failure.Error) bool {
	if d.w == nil {
		return d.upload != nil && e.Class == failure.ClassFinal && isRedirected(e)
	}
	return d.content.isInterposed(e)
}

// fromOther returns e as a failure of another server, which a retry may not meet.
func fromOther(e *failure.Error) *failure.Error {
	other := *e
	other.Err = fmt.Errorf("%w: %w", failure.ErrOtherServer, e.Err)
	other.Class = failure.ClassTransient
	return &other
}

// accept returns an error for a status that has no content.
func (d *download) accept(status int, ranged bool) error {
	switch {
	case status == http.StatusOK, ranged && (status == http.StatusPartialContent || status == http.StatusRequestedRangeNotSatisfiable):
		return nil
	case status == http.StatusNoContent && d.w == nil:
		return nil
	case status == http.StatusNoContent:
		return fmt.Errorf("%w: it has no content (%d)", failure.ErrOtherServer, status)
	case status/100 == 2:
		return fmt.Errorf("%w (%d)", protocol.ErrUnexpectedStatus, status)
	}
	err := protocol.StatusError(Op, status)
	if d.upload != nil && isUnserved(err) {
		// HEAD found the upload, so the status does not mean that it is gone.
		return fmt.Errorf("%w (%d)", failure.ErrNotServed, status)
	}
	return err
}

func isUnserved(err error) bool {
	return errors.Is(err, protocol.ErrNotFound) || errors.Is(err, protocol.ErrMethodNotAllowed) || errors.Is(err, protocol.ErrNotImplemented)
}

// first opens the writer for the first answer with content.
func (d *download) first(ctx context.Context, a *wire.Answer, b *body) error {
	if d.isPage(a.Header, b.size) {
		return a.Refuse(fmt.Errorf("%w: it is a page of HTML, and the upload is not", failure.ErrOtherServer))
	}
	if err := unencoded(a); err != nil {
		return a.Refuse(err)
	}
	content := contentOf(a.StatusCode, a.Header, b.size, d.upload)
	if err := d.fits(content, b); err != nil {
		return a.Refuse(err)
	}
	if err := b.lookAhead(a, content.Length); err != nil {
		return err
	}
	if err := d.begin(ctx, content); err != nil {
		if errors.Is(err, failure.ErrOtherServer) {
			return a.Refuse(err)
		}
		return err
	}
	length, known := content.Length.Int64()
	proven := d.offset == 0 || content.validator != (validator{})
	switch {
	case proven && known && d.offset == length:
		d.done = true
		return nil
	case known && d.offset > length:
		return a.Refuse(fmt.Errorf("%w: it has %d bytes, but %d were already written", failure.ErrContentChanged, length, d.offset))
	case proven && d.offset > 0:
		return nil // the next request asks for the rest
	}
	return d.copy(ctx, a, b, !proven)
}

// later resumes with the answer to another request, if it has the same content.
func (d *download) later(ctx context.Context, a *wire.Answer, b *body) error {
	if a.StatusCode == http.StatusRequestedRangeNotSatisfiable {
		// The status proves nothing, so the whole content is requested and compared.
		d.noRange = true
		return nil
	}
	length := protocol.Length{}
	if a.StatusCode == http.StatusPartialContent {
		r, err := partial.ContentRange(a.Header)
		if err != nil {
			return a.Refuse(err)
		}
		if r.Start > d.offset {
			return a.Refuse(fmt.Errorf("%w: requested the bytes from %d on, got those from %d on", failure.ErrContent, d.offset, r.Start))
		}
		length = r.Whole
		b.limit(r)
	} else if b.size >= 0 {
		length = protocol.Known(b.size)
	}
	found, what := d.content.compare(a.StatusCode, a.Header, length)
	switch found {
	case matchSame, matchUnproven:
	case matchUnnamed:
		d.Rules.Log.LogAttrs(ctx, slog.LevelDebug, "range without a validator", slog.String("url", redact.URL(d.URL)))
		d.noRange = true
		return nil
	case matchChanged:
		return a.Refuse(fmt.Errorf("%w: %s", failure.ErrContentChanged, what))
	case matchOtherServer:
		return a.Refuse(fmt.Errorf("%w: %s", failure.ErrOtherServer, what))
	}
	if err := unencoded(a); err != nil {
		return a.Refuse(err)
	}
	if found == matchUnproven && d.offset == 0 {
		if err := b.lookAhead(a, d.content.Length); err != nil {
			return err
		}
	}
	// A server may leave out the length of the whole content, and name it in a later
	// answer.
	if d.content.Length == (protocol.Length{}) {
		d.content.Length = length
	}
	return d.copy(ctx, a, b, found == matchUnproven && d.offset > 0)
}

// unencoded returns an error if the body is not the plain content.
func unencoded(a *wire.Answer) error {
	coding := a.Header.Get("Content-Encoding")
	if !a.Body.Uncompressed && (coding == "" || coding == "identity") {
		return nil
	}
	return fmt.Errorf("%w (Content-Encoding %q) although the request did not allow it", failure.ErrCompressed, redact.Shorten(coding, redact.MaxText))
}

// fits compares the content with the answer to HEAD, and makes sure that the end of the
// body can be told from a lost connection.
func (d *download) fits(content Content, b *body) error {
	length, known := content.Length.Int64()
	if d.upload != nil {
		if want, ok := d.upload.Length.Int64(); ok && known && want != length {
			return otherSize(want, length)
		}
	}
	if !known && !b.framed() {
		return fmt.Errorf("%w: the server does not name its length", failure.ErrContent)
	}
	return nil
}

func otherSize(upload, answer int64) error {
	if answer > upload {
		return fmt.Errorf("%w: the upload has %d bytes, the answer has more", failure.ErrContent, upload)
	}
	return fmt.Errorf("%w: the upload has %d bytes, the answer has %d", failure.ErrContent, upload, answer)
}
