package client

import (
	"errors"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/transport"
)

// Error says what is known about an exchange that failed. Test for its meaning
// with errors.Is against the sentinels of package protocol (ErrNotFound,
// ErrOffsetMismatch, …) and of this package; get at the facts with errors.As.
type Error struct {
	// Op is the exchange that failed.
	Op protocol.Op

	// URL is where the request went, whole, "" where there was nowhere to go.
	// It may be a secret; the text of the error has it without query and user
	// information.
	URL string

	// StatusCode is that of the answer, or 0 where there was none.
	StatusCode int

	// Code is the server's own code for the error where its body begins with
	// one in the form of tusd, ERR_ and capitals, such as ERR_UPLOAD_LOCKED; ""
	// otherwise. Body has what others say.
	Code string

	// Header is that of the answer, nil where there was none. It has at most
	// MaxKeptHeader bytes.
	Header http.Header

	// Body is the beginning of the answer's body: the server's words, at most
	// 4 KiB.
	Body string

	// After is how long the server asks to wait (Retry-After), or 0.
	After time.Duration

	// Err is the cause. It is never nil in an Error of this package.
	Err error

	class     *Class // as Config.Classify has it; nil: as classify has it
	unsent    bool   // the request certainly did not leave
	renewable bool   // the credentials came from a source that may have others
}

// Error gives one line: operation, redacted URL, cause, and the server's words.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(string(e.Op))
	if e.URL != "" {
		b.WriteByte(' ')
		b.WriteString(redact(e.URL))
	}
	if e.Err != nil {
		b.WriteString(": ")
		b.WriteString(shortened(e.Err.Error(), maxCause))
	}
	if words := e.words(); words != "" {
		b.WriteString(": ")
		b.WriteString(strconv.Quote(words))
	}
	return b.String()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// RetryAfter tells package retry how long the server asked to wait.
func (e *Error) RetryAfter() (time.Duration, bool) { return e.After, e.After > 0 }

const (
	maxWords = 300     // of what the server says for people
	maxCause = 4 << 10 // of an error, which may quote a header
)

func shortened(s string, most int) string {
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}

// words is what the server said, shortened; a page of HTML says nothing.
func (e *Error) words() string {
	if isPage(e.Body) {
		return ""
	}
	return shortened(strings.TrimSpace(e.Body), maxWords)
}

// errorCode finds the code in a body of the form "ERR_CODE: words".
func errorCode(body string) string {
	code, _, _ := strings.Cut(body, ":")
	code = strings.TrimSpace(code)
	if !strings.HasPrefix(code, "ERR_") || strings.ContainsFunc(code, func(r rune) bool {
		return r != '_' && (r < 'A' || r > 'Z') && (r < '0' || r > '9')
	}) {
		return ""
	}
	return code
}

// retryAfter reads the header in its two forms, seconds and a date
// (RFC 9110, section 10.2.3).
func retryAfter(h http.Header, now time.Time) time.Duration {
	const longest = 64 // bytes, more than any date has
	v := strings.TrimSpace(h.Get("Retry-After"))
	if v == "" || len(v) > longest {
		return 0
	}
	if s, err := strconv.ParseInt(v, 10, 64); err == nil {
		const most = int64(365 * 24 * time.Hour / time.Second)
		return time.Duration(max(0, min(s, most))) * time.Second
	}
	if t, err := http.ParseTime(v); err == nil {
		return max(0, t.Sub(now))
	}
	return 0
}

// ErrUntrusted means that one side of a TLS handshake did not trust the
// other: the server's certificate could not be verified, or the server refused
// the client's.
var ErrUntrusted = errors.New("certificate not trusted")

// withoutLongText cuts the text of an error from net/http that is nothing but text:
// that of a redirect to a malformed Location quotes it whole.
func withoutLongText(err error) error {
	e, ok := errors.AsType[*url.Error](err)
	if !ok || e.Err == nil || len(e.Err.Error()) <= maxCause {
		return err
	}
	_, joined := e.Err.(interface{ Unwrap() []error })
	if joined || errors.Unwrap(e.Err) != nil {
		return err
	}
	return &url.Error{Op: e.Op, URL: e.URL, Err: errors.New(shortened(e.Err.Error(), maxCause))}
}

// redacted shows an error without the URL that net/http puts into its text,
// which may be a secret, and without the addresses that each layer of net adds
// to a broken connection. What the error is stays visible to errors.Is and As.
type redacted struct{ err error }

func (r *redacted) Error() string {
	err := transport.RedactError(r.err)
	for {
		op, ok := errors.AsType[*net.OpError](err)
		if !ok || op.Op == "dial" || op.Err == nil {
			return err.Error()
		}
		err = op.Err
	}
}

func (r *redacted) Unwrap() error { return r.err }

// Is finds a refused handshake under the many types that net/http has for it, and
// gives what a proxy refused the meaning that it has without a tunnel.
func (r *redacted) Is(target error) bool {
	switch target {
	case ErrUntrusted:
		return isUntrusted(r.err)
	case protocol.ErrProxyAuth:
		return tunnelStatus(r.err) == http.StatusProxyAuthRequired
	case protocol.ErrForbidden:
		return tunnelStatus(r.err) == http.StatusForbidden
	}
	return false
}

// tunnelStatus is that of a proxy which refused a tunnel, or 0.
func tunnelStatus(err error) int {
	refused, ok := errors.AsType[*transport.ProxyError](err)
	if !ok {
		return 0
	}
	return refused.StatusCode
}
