package httpsource

import (
	"errors"
	"html"
	"io"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/internal/header"
	"github.com/tusker-go/tusker/client/internal/network"
	"github.com/tusker-go/tusker/client/internal/redact"
	"github.com/tusker-go/tusker/transport"
)

// Errors of objects. Each of them Is failure.ErrSource, too, when Open or an upload returns
// it.
var (
	// ErrNoRanges means that the server does not send a part of the object, so that a failed
	// request could not be resumed. Download the object first, or set Config.Stream.
	ErrNoRanges = errors.New("the server sends no ranges, so an upload of it could not be resumed")

	// ErrNoVersion means that the server sends neither a strong ETag nor a Last-Modified, so
	// that the bytes of two versions could be mixed. Download the object first, or set
	// Config.Stream.
	ErrNoVersion = errors.New("the server names neither a strong ETag nor a Last-Modified, so bytes of two versions could be mixed")

	// ErrDenied means that the server refuses the credentials, or wants some.
	ErrDenied = errors.New("access denied")

	// ErrExpired means that the server refuses a signed URL, which is often because it has
	// expired. It is an ErrDenied. Sign the URL again: the upload resumes, because a signature is
	// no part of the identity.
	ErrExpired = errors.New("the signed URL may have expired: sign it again and run the upload again, which then resumes")

	// ErrNotFound means that there is no object.
	ErrNotFound = errors.New("no such object")

	errUnsupported = errors.New("the server does not support the request")
	errBusy        = errors.New("the server asks for another request later")
	errRedirect    = errors.New("a redirect that cannot be followed")
	errServer      = errors.New("the server failed")
	errUnexpected  = errors.New("unexpected answer")

	errPage  = errors.New("the answer is a page of HTML and not the object: does the network or the server want a login?")
	errOther = errors.New("the answer does not name the version of the object, so another server may have sent it")
)

// RequestError is a request for an object that failed. Use errors.As to get it.
type RequestError struct {
	// Name is that of the object, without secrets.
	Name string

	// StatusCode is the status of the answer. 0: there was none.
	StatusCode int

	// Header is the header of the answer, at most failure.MaxKeptHeader bytes. nil: there was
	// no answer.
	Header http.Header

	// Code and Text are the error code and the text of the server, if it sent them in the
	// XML of object stores. Text is the beginning of the body of another answer, unless that
	// is a page.
	Code, Text string

	// UnknownHost means that the name of the host has no address, and that no earlier request
	// for the object was answered. A retry rarely helps, so there are fewer.
	UnknownHost bool

	// Signed means that the URL had a signature.
	Signed bool

	// Transient means that another request may succeed.
	Transient bool

	// Err is the cause. It is never nil.
	Err error
}

// Error returns one line: the name, the cause and the text of the server.
func (e *RequestError) Error() string {
	text := e.Name + ": " + redact.Shorten(e.Err.Error(), redact.MaxCause)
	if e.StatusCode != 0 {
		text += " (status " + strconv.Itoa(e.StatusCode) + ")"
	}
	if said := strings.TrimSpace(strings.Trim(e.Code+": "+e.Text, ": ")); said != "" {
		text += ": " + strconv.Quote(said)
	}
	return text
}

// Unwrap returns the cause.
func (e *RequestError) Unwrap() error { return e.Err }

// Retryable tells package retry whether another request may succeed.
func (e *RequestError) Retryable() bool { return e.Transient }

// maxUnknownHost is how many requests a host without an address is worth.
const maxUnknownHost = 3

// MaxAttempts tells package retry how many requests the host is worth.
func (e *RequestError) MaxAttempts() (int, bool) { return maxUnknownHost, e.UnknownHost }

// RetryAfter returns how long the server asks to wait, see package retry.
func (e *RequestError) RetryAfter() (time.Duration, bool) {
	wait, _ := transport.RetryAfter(e.Header, time.Now())
	return wait, wait > 0
}

// NewRequestError returns the error of an answer whose status is no success. It reads the
// beginning of the body, and does not close it. Name is that of what was requested, and may
// be in messages.
func NewRequestError(name string, resp *http.Response) *RequestError {
	e := &RequestError{Name: name, StatusCode: resp.StatusCode, Header: header.Keep(resp.Header)}
	why := meaning(resp.StatusCode)
	e.Err, e.Transient = why.err, why.transient
	body, _ := io.ReadAll(io.LimitReader(resp.Body, failure.MaxKeptHeader))
	e.Code, e.Text = serverError(string(body))
	return e
}

// meaning returns what a status means that is no success.
func meaning(status int) *mismatch {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusProxyAuthRequired:
		return &mismatch{ErrDenied, false}
	case http.StatusNotFound, http.StatusGone:
		return &mismatch{ErrNotFound, false}
	case http.StatusNotImplemented, http.StatusHTTPVersionNotSupported:
		return &mismatch{errUnsupported, false}
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return &mismatch{errBusy, true}
	}
	switch status / 100 {
	case 3:
		return &mismatch{errRedirect, false}
	case 5:
		return &mismatch{errServer, true}
	}
	return &mismatch{errUnexpected, false}
}

var (
	codeOfXML = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`<Code>([^<]+)</Code>`) })
	textOfXML = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`<Message>([^<]+)</Message>`) })
)

// serverError returns the code and the text of the error that an object store sends as XML, or
// the text of another body that is no page.
func serverError(body string) (code, text string) {
	if m := codeOfXML().FindStringSubmatch(body); m != nil {
		code = redact.Shorten(m[1], 128)
		if m := textOfXML().FindStringSubmatch(body); m != nil {
			text = redact.Shorten(html.UnescapeString(m[1]), redact.MaxText)
		}
		return code, text
	}
	return "", redact.ServerText(body)
}

// NewNetworkError returns the error of a request that err ended before its answer was complete.
// The error of a Doer may have the whole URL in its text.
func NewNetworkError(name string, err error) *RequestError {
	class := network.Class(err)
	dns, ok := errors.AsType[*net.DNSError](err)
	return &RequestError{
		Name: name, Err: network.Error(err), Transient: class == failure.ClassTransient || class == failure.ClassScarce,
		UnknownHost: ok && dns.IsNotFound,
	}
}
