package failure

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/tusker-go/tusker/client/internal/redact"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/transport"
)

// MaxKeptHeader is the largest size in bytes of the headers of one answer that an [Error] and
// the results of package client keep, names and values together. If an answer has more,
// the smallest fields are kept that fit; a field is kept completely or not at all.
const MaxKeptHeader = 4 << 10

// Error has the facts about an exchange that failed. Test for its meaning with
// errors.Is against the sentinels of package protocol (ErrNotFound,
// ErrOffsetMismatch, …) and of this package. Nothing changes an Error after its call has
// returned, so it is safe for concurrent use.
type Error struct {
	// Op is the exchange that failed.
	Op protocol.Op

	// URL is the address of the request, complete, or "" if there was none. It may
	// be a secret; the text of the error has it without query and user
	// information.
	URL string

	// StatusCode is the status of the answer, or 0 if there was no answer.
	StatusCode int

	// Code is the server's own error code if its body begins with one in the form
	// of tusd, ERR_ and capitals, such as ERR_UPLOAD_LOCKED; otherwise "".
	Code string

	// Header is the header of the answer, nil if there was no answer. It has at most
	// MaxKeptHeader bytes.
	Header http.Header

	// Body is the beginning of the answer's body, at most 4 KiB. An ellipsis takes the place of
	// what it repeats of the query and of the header of the request, which may be secret.
	Body string

	// Err is the cause. It is never nil in an Error of package client.
	Err error

	// Class is the meaning of the failure. Config.Classify of package client has
	// the last word on it.
	Class Class

	// Blame is the part of the request that the answer blames.
	Blame Blame

	// Denial is the meaning of the answer if the request carried the last bytes of an
	// upload.
	Denial Denial

	// Unmarked means that the server refused the request without any sign that it knows the
	// protocol. The answer may be that of a proxy, or of a server of pages.
	Unmarked bool

	// AnswerLost means that the server may have done what it was asked although it did not
	// say so: the request was sent and there was no answer, or only the answer of a gateway
	// in front of the server. A request that never had a connection was not sent; this is
	// known only if the Doer tells package httptrace of its connections, as net/http does.
	AnswerLost bool

	// HeaderSize is the size in bytes of the header of the request, without the fields that
	// the transport adds. 0: there was no answer.
	HeaderSize int

	// Stale means that the connection had carried an earlier request, and was closed before
	// there was an answer. The server may have closed it before the request reached it. A
	// stream of HTTP/2 that the server reset is not Stale.
	Stale bool

	// UnknownHost means that the name of the host has no address, and that no request of
	// the same Client reached it before. A retry rarely helps, so there are fewer.
	UnknownHost bool

	// Renewable means that the credentials came from a source that may have other
	// credentials for the next request (see transport.MarkRenewable).
	Renewable bool
}

// Blame is the part of a request that a server refused.
type Blame uint8

// The parts of a request that can be blamed.
const (
	BlameNone       Blame = iota // the answer blames nothing in particular
	BlameBody                    // the body of a creation
	BlameCompletion              // that a creation completes its upload: it succeeded without a Location
	BlameLength                  // the length that the last request of an upload declares
)

// Error returns one line: operation, redacted URL, cause, and the server's text.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(string(e.Op))
	if e.URL != "" {
		b.WriteByte(' ')
		b.WriteString(redact.URL(e.URL))
	}
	if e.Err != nil {
		b.WriteString(": ")
		b.WriteString(redact.Shorten(e.Err.Error(), redact.MaxCause))
	}
	if text := redact.ServerText(e.Body); text != "" {
		b.WriteString(": ")
		b.WriteString(strconv.Quote(text))
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// RetryAfter returns how long the server asks to wait from now on, as the Retry-After of
// Header says (RFC 9110, section 10.2.3): at most a year. It is false if the server asks for
// no wait. Package retry calls it.
func (e *Error) RetryAfter() (time.Duration, bool) {
	wait, _ := transport.RetryAfter(e.Header, time.Now())
	return wait, wait > 0
}

// maxUnknownHost is how many attempts a host without an address is worth.
const maxUnknownHost = 3

// MaxAttempts tells package retry how many attempts the exchange is worth, if fewer than
// the policy allows.
func (e *Error) MaxAttempts() (int, bool) { return maxUnknownHost, e.UnknownHost }

// BrokeOff reports whether the request may have broken off before its end: there was no
// answer, or one that says that the request took too long or that a server failed. A 501 and a
// full disk of the server are not such answers: the server has refused the request.
func (e *Error) BrokeOff() bool {
	switch {
	case e.StatusCode == 0, e.StatusCode == http.StatusRequestTimeout:
		return true
	case e.StatusCode == http.StatusNotImplemented, errors.Is(e.Err, protocol.ErrInsufficientStorage):
		return false
	}
	return e.StatusCode >= http.StatusInternalServerError
}

// Retryable tells package retry whether the exchange is worth a retry.
func (e *Error) Retryable() bool { return e.Class.Retryable() }
