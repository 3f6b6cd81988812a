package failure

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/tusker-go/tusker/client/internal/redact"
	"github.com/tusker-go/tusker/protocol"
)

// MaxDenialText is the most bytes that the code and the text of a Denial each have.
const MaxDenialText = 512

// Denial is what a server answered to the last bytes of an upload, if that was an error and
// not a success. The zero value means that there was no such answer.
//
// Only the answer of the server itself is a Denial: a proxy knows nothing of the upload. A
// status that is only about the one request, such as 409 or 423, is no Denial either.
type Denial struct {
	// StatusCode is that of the answer, 400 to 599. 0: there was none.
	StatusCode int `json:"status"`

	// Code is the server's own code for the error, as Error.Code has it, at most
	// MaxDenialText bytes. "": none.
	Code string `json:"code,omitempty"`

	// Words is the server's text, shortened, at most MaxDenialText bytes. "": none.
	Words string `json:"words,omitempty"`

	// Refused means that the answer is a verdict on the upload. The upload then fails with
	// ErrRefused, even if the server says that it is complete. An upload with another
	// Denial succeeds if the server says so.
	Refused bool `json:"refused,omitempty"`
}

// NewDenial returns the Denial of an answer to the last bytes of an upload. Refused says
// whether it is a verdict on the upload. The zero value is returned for an answer that is no
// error.
func NewDenial(e *Error, refused bool) Denial {
	if e.StatusCode < http.StatusBadRequest || e.StatusCode > 599 {
		return Denial{}
	}
	text := strings.ToValidUTF8(redact.ServerText(e.Body), "\uFFFD")
	return Denial{StatusCode: e.StatusCode, Code: bounded(e.Code), Words: bounded(text), Refused: refused}
}

// bounded returns s without what is too long for a record.
func bounded(s string) string {
	for len(s) > MaxDenialText {
		_, size := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-size]
	}
	return s
}

// ServerFailed reports whether the answer is that of a server which failed, rather than one
// that refuses the request.
func (d Denial) ServerFailed() bool { return d.StatusCode >= http.StatusInternalServerError }

// Validate checks a Denial from a record: the range of the status, and the length of the
// texts. The zero value is valid. The error Is no sentinel.
func (d Denial) Validate() error {
	switch {
	case d == (Denial{}):
	case d.StatusCode < http.StatusBadRequest || d.StatusCode > 599:
		return fmt.Errorf("denial with status %d", d.StatusCode)
	case len(d.Code) > MaxDenialText || len(d.Words) > MaxDenialText:
		return fmt.Errorf("denial with a text of more than %d bytes", MaxDenialText)
	case !utf8.ValidString(d.Code) || !utf8.ValidString(d.Words):
		return errors.New("denial with a text that is not UTF-8")
	}
	return nil
}

// Refusal returns the error of the upload at url that d refuses. It is an [*Error] of
// ClassFinal that Is ErrRefused and the sentinel of the status.
func (d Denial) Refusal(url string) error {
	return &Error{
		Op: protocol.OpPatch, URL: url, StatusCode: d.StatusCode, Code: d.Code, Body: d.Words, Class: ClassFinal,
		Err: fmt.Errorf("%w: %w", ErrRefused, protocol.StatusError(protocol.OpPatch, d.StatusCode)),
	}
}
