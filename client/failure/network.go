package failure

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/transport"
	"github.com/tusker-go/tusker/transport/nethttp"
)

// ErrNoAnswer means that a Doer returned neither an answer nor an error.
var ErrNoAnswer = errors.New("the Doer gave neither an answer nor an error")

// finalWithoutAnswer are the causes that no retry can change.
var finalWithoutAnswer = []error{
	ErrSource, ErrInvalidURL, ErrInvalidOption, ErrNoEndpoint, ErrNoAnswer,
	ErrRedirected, nethttp.ErrInsecureRedirect, nethttp.ErrTooManyRedirects, http.ErrSchemeMismatch,
	protocol.ErrInvalidMetadata, protocol.ErrInvalidHeader, protocol.ErrInvalidOffset, protocol.ErrInvalidConcat,
}

// WithoutAnswer returns the class of an exchange that err ended before there was an
// answer: a failure of the network is transient, and a cause that would be the same
// again is final.
func WithoutAnswer(err error) Class {
	if errors.Is(err, ErrSourceUnavailable) {
		return ClassTransient
	}
	if IsScarce(err) {
		return ClassScarce
	}
	for _, final := range finalWithoutAnswer {
		if errors.Is(err, final) {
			return ClassFinal
		}
	}
	if isUntrusted(err) {
		return ClassFinal
	}
	if refused, ok := errors.AsType[*transport.ProxyError](err); ok && refused.Final() {
		return ClassFinal
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return ClassFinal
	}
	return ClassTransient
}

// IsDisconnect reports whether err, which ended an exchange before its answer, is that of a
// connection that was closed or broke. The caller's own end, the source and a timeout are
// not.
func IsDisconnect(err error) bool {
	for _, other := range []error{ErrStalled, ErrSourceUnavailable, transport.ErrNoCredentials, context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, other) {
			return false
		}
	}
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		return false
	}
	return WithoutAnswer(err) == ClassTransient
}

// isUntrusted reports whether one side of a TLS handshake refused the other.
func isUntrusted(err error) bool {
	var verification *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	var hostname x509.HostnameError
	var invalid x509.CertificateInvalidError
	return errors.As(err, &verification) || errors.As(err, &authority) ||
		errors.As(err, &hostname) || errors.As(err, &invalid) ||
		nethttp.IsHandshakeAlert(err) || nethttp.IsOldTLS(err)
}

// BrokeOff reports whether the request may have broken off before its end: there was no
// answer, or one that says that the request took too long or that a server failed.
func (e *Error) BrokeOff() bool {
	return e.StatusCode == 0 || e.StatusCode == http.StatusRequestTimeout || e.StatusCode >= http.StatusInternalServerError
}

// AnswerLost reports whether the server may have done what it was asked although it
// did not say so: there was no answer, or only the answer of a gateway in front of it.
// A request that never had a connection was not sent; this is known only if the Doer
// tells package httptrace of its connections, as net/http does.
func (e *Error) AnswerLost() bool {
	switch {
	case e.StatusCode == http.StatusBadGateway, e.StatusCode == http.StatusGatewayTimeout:
		return true // the server behind the gateway may have done it
	case e.StatusCode != 0, e.Unsent, errors.Is(e.Err, transport.ErrNoCredentials):
		return false
	}
	op, ok := errors.AsType[*net.OpError](e.Err)
	dialed := ok && op.Op == "dial"
	_, dns := errors.AsType[*net.DNSError](e.Err)
	return !dialed && !dns && tunnelStatus(e.Err) == 0 && WithoutAnswer(e.Err) == ClassTransient
}
