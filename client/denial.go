package client

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/tusker-go/tusker/protocol"
)

// ErrRefused means that the server answered the last bytes of an upload with a
// refusal, such as that of a hook which does not accept the content. The error
// holds an [*Error] with the server's status, code and words. A later run with
// Config.Store gets the same error and sends nothing, unless the server has lost
// bytes of the upload since. RecreateAlways starts over.
var ErrRefused = errors.New("server refused the upload")

// maxDenialText is the most bytes that the code and the words of a Denial each
// have.
const maxDenialText = 512

// Denial is what a server answered to the last bytes of an upload, where that was
// an error and not a success. The zero value means that there was no such answer.
//
// Only an answer with the header Tus-Resumable is a Denial: a proxy knows nothing
// of the upload. A status that is only about the one request, such as 409 or 423,
// is no Denial either.
type Denial struct {
	// StatusCode is that of the answer, 400 to 599. 0: there was none.
	StatusCode int `json:"status"`

	// Code is the server's own code for the error, as Error.Code has it, at
	// most 512 bytes. "": none.
	Code string `json:"code,omitempty"`

	// Words are the server's words, shortened, at most 512 bytes. "": none.
	Words string `json:"words,omitempty"`

	// Refused means that the answer is a verdict on the upload. The upload
	// fails with ErrRefused then, even if HEAD says that it is complete. An
	// upload with another Denial succeeds if HEAD says so.
	Refused bool `json:"refused,omitempty"`
}

// denialOf makes a Denial of the error of the request that carried the last bytes.
func denialOf(e *Error) Denial {
	if e.StatusCode < http.StatusBadRequest || e.StatusCode > 599 || e.Header.Get(protocol.HeaderResumable) == "" {
		return Denial{}
	}
	words := strings.ToValidUTF8(e.words(), "\uFFFD")
	d := Denial{StatusCode: e.StatusCode, Code: bounded(e.Code), Words: bounded(words), Refused: isVerdict(e)}
	switch class := e.Class(); {
	case class == ClassFinal:
		return d
	case e.StatusCode >= http.StatusInternalServerError && (class == ClassTransient || class == ClassThrottled):
		return d
	}
	return Denial{}
}

// isVerdict tells whether an answer to the last bytes is about the upload as a
// whole. A status about the request, the credentials or a limit is none: the
// upload may be good.
func isVerdict(e *Error) bool {
	if e.Class() != ClassFinal {
		return false
	}
	switch e.Code {
	case "ERR_UPLOAD_REJECTED", "ERR_UPLOAD_STOPPED":
		return true
	}
	if classify(e) != ClassFinal {
		return true // Config.Classify made it final
	}
	switch e.StatusCode {
	case http.StatusForbidden, http.StatusMethodNotAllowed, http.StatusProxyAuthRequired, http.StatusLengthRequired,
		http.StatusPreconditionFailed, http.StatusRequestEntityTooLarge, http.StatusRequestURITooLong,
		http.StatusExpectationFailed, http.StatusMisdirectedRequest, http.StatusUpgradeRequired,
		http.StatusPreconditionRequired, http.StatusRequestHeaderFieldsTooLarge:
		return false
	}
	return e.StatusCode < http.StatusInternalServerError
}

// bounded is s without what is too long for a record.
func bounded(s string) string {
	for len(s) > maxDenialText {
		_, size := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-size]
	}
	return s
}

// validate checks what a record holds.
func (d Denial) validate() error {
	switch {
	case d == (Denial{}):
	case d.StatusCode < http.StatusBadRequest || d.StatusCode > 599:
		return fmt.Errorf("%w: denial with status %d", ErrInvalidRecord, d.StatusCode)
	case len(d.Code) > maxDenialText || len(d.Words) > maxDenialText:
		return fmt.Errorf("%w: denial with a text of more than %d bytes", ErrInvalidRecord, maxDenialText)
	case !utf8.ValidString(d.Code) || !utf8.ValidString(d.Words):
		return fmt.Errorf("%w: denial with a text that is not UTF-8", ErrInvalidRecord)
	}
	return nil
}

// Refusal is the error that Upload gives for the upload of a record that the server
// refused, nil for any other record. The error Is [ErrRefused].
func (r *Record) Refusal() error {
	if !r.Denial.Refused {
		return nil
	}
	return r.Denial.refusal(r.URL)
}

// refusal is the error of the upload at url that d refuses.
func (d Denial) refusal(url string) error {
	e := &Error{
		Op: protocol.OpPatch, URL: url, StatusCode: d.StatusCode, Code: d.Code, Body: d.Words,
		Err: fmt.Errorf("%w: %w", ErrRefused, protocol.StatusError(protocol.OpPatch, d.StatusCode)),
	}
	return e.as(ClassFinal)
}

// deny remembers the answer to the request that carried the last bytes, and marks
// an error that is a verdict.
func (t *transfer) deny(err error) error {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return err
	}
	t.denial = denialOf(e)
	if !t.denial.Refused {
		return err
	}
	refused := *e
	refused.Err = fmt.Errorf("%w: %w", ErrRefused, e.Err)
	return &refused
}

// judge holds the answer to the last bytes against what HEAD has just said. A
// complete upload that was refused is an error. A complete upload that met a
// failure of the server is a success, and the server's words are kept.
func (t *transfer) judge(ctx context.Context) error {
	switch {
	case t.denial == (Denial{}):
		return nil
	case !t.complete():
		t.denial = Denial{} // the bytes that it was about are sent again
		return nil
	case t.denial.Refused:
		return t.denial.refusal(t.url)
	}
	t.result.Denial, t.result.Confirmed = t.denial, true
	t.c.log.LogAttrs(ctx, slog.LevelWarn, deniedMessage, slog.String("source", t.events.source), slog.String("url", redact(t.url)),
		slog.Int("status", t.denial.StatusCode), slog.String("words", t.denial.Words))
	return nil
}

const deniedMessage = "the server has all of the upload, but answered its last bytes with an error"

// take keeps the denial of a part. The first one counts.
func (r *Result) take(d Denial) {
	if r.Denial == (Denial{}) {
		r.Denial = d
	}
}

// judgeParts asks for the parts on record that the server refused, before anything
// of another part is sent. The first one that is complete or gone is still refused.
func (t *transfer) judgeParts(ctx context.Context, parts []PartRecord) error {
	for i, part := range parts {
		if !part.Denial.Refused {
			continue
		}
		t.result.Parts = new(partResults).of(parts)
		reply, err := t.until(ctx, part.URL, func(ctx context.Context) (*Reply, error) {
			return t.c.Head(ctx, part.URL, t.call)
		})
		e, failed := errors.AsType[*Error](err)
		switch {
		case failed && e.Class() == ClassGone, err == nil && reply.State.Offset == part.End-part.Start:
			return fmt.Errorf("%w %d: %w", ErrPart, i+1, part.Denial.refusal(part.URL))
		case err != nil:
			return err
		}
	}
	return nil
}
