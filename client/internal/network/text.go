package network

import (
	"errors"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/internal/redact"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/transport"
)

// Error returns err, an error of a Doer, as it may be shown: without the URL that
// net/http puts into its text, which may be a secret, and without the addresses that
// each layer of package net adds to a broken connection. errors.Is and errors.As see
// err itself. The result Is [failure.ErrUntrusted] after a refused TLS handshake, whatever
// type net/http has for it, and Is protocol.ErrProxyAuth or protocol.ErrForbidden if a
// proxy refused a tunnel with that status.
func Error(err error) error { return &networkError{withoutLongText(err)} }

// withoutLongText shortens an error of net/http that is nothing but text: the error about a
// redirect to a malformed Location quotes it completely.
func withoutLongText(err error) error {
	e, ok := errors.AsType[*url.Error](err)
	if !ok || e.Err == nil || len(e.Err.Error()) <= redact.MaxCause {
		return err
	}
	_, joined := e.Err.(interface{ Unwrap() []error })
	if joined || errors.Unwrap(e.Err) != nil {
		return err
	}
	return &url.Error{Op: e.Op, URL: e.URL, Err: errors.New(redact.Shorten(e.Err.Error(), redact.MaxCause))}
}

type networkError struct{ err error }

func (r *networkError) Error() string {
	err := transport.RedactError(r.err)
	for {
		op, ok := errors.AsType[*net.OpError](err)
		if !ok || op.Op == "dial" || op.Err == nil {
			return plainText(err.Error())
		}
		err = op.Err
	}
}

var (
	// otherProtocol has the beginnings of the texts of net/http about an answer of another
	// protocol, such as the greeting of SSH. The last one is about an answer that came before
	// the request.
	otherProtocol = []string{"malformed HTTP response", "malformed HTTP version", "malformed HTTP status code", "readLoopPeekFailLocked: %!w(<nil>)"}

	// malformed has the same for an answer that begins like one of HTTP.
	malformed = []string{"malformed MIME header"}
)

// IsOtherProtocol reports whether an answer does not begin like one of HTTP, so that a server
// of another service sent it.
func IsOtherProtocol(err error) bool {
	if e, ok := errors.AsType[*networkError](err); ok {
		err = e.err // whose text is that of net/http
	}
	return containsAny(err.Error(), otherProtocol)
}

// plainText replaces the texts of net/http about an answer that is not HTTP, which quote bytes
// of another protocol.
func plainText(text string) string {
	if containsAny(text, otherProtocol) || containsAny(text, malformed) {
		return "the answer is not HTTP: does another service use this address?"
	}
	return text
}

func containsAny(text string, phrases []string) bool {
	return slices.ContainsFunc(phrases, func(phrase string) bool { return strings.Contains(text, phrase) })
}

func (r *networkError) Unwrap() error { return r.err }

func (r *networkError) Is(target error) bool {
	switch target {
	case failure.ErrUntrusted:
		return isUntrusted(r.err)
	case protocol.ErrProxyAuth:
		return tunnelStatus(r.err) == http.StatusProxyAuthRequired
	case protocol.ErrForbidden:
		return tunnelStatus(r.err) == http.StatusForbidden
	}
	return false
}

// tunnelStatus is the status of a proxy that refused a tunnel, or 0.
func tunnelStatus(err error) int {
	refused, ok := errors.AsType[*transport.ProxyError](err)
	if !ok {
		return 0
	}
	return refused.StatusCode
}
