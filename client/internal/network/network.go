// Package network judges an exchange that ended before there was an answer.
package network

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/transport"
	"github.com/tusker-go/tusker/transport/nethttp"
)

// finalCauses are the causes that no retry can change.
var finalCauses = []error{
	failure.ErrSource, failure.ErrInvalidURL, failure.ErrInvalidOption, failure.ErrNoEndpoint, failure.ErrNoAnswer,
	failure.ErrInterim, failure.ErrLimits, failure.ErrRelocated, failure.ErrInvalidLocation, failure.ErrInsecureLocation,
	failure.ErrRedirected, nethttp.ErrInsecureRedirect, nethttp.ErrTooManyRedirects, http.ErrSchemeMismatch,
	protocol.ErrInvalidMetadata, protocol.ErrInvalidHeader, protocol.ErrInvalidOffset, protocol.ErrInvalidConcat,
}

// Class returns the class of an exchange that err ended before there was an
// answer: a failure of the network is transient, and a cause that would be the same
// again is final.
func Class(err error) failure.Class {
	if errors.Is(err, failure.ErrSourceUnavailable) {
		return failure.ClassTransient
	}
	if IsScarce(err) {
		return failure.ClassScarce
	}
	for _, final := range finalCauses {
		if errors.Is(err, final) {
			return failure.ClassFinal
		}
	}
	if isUntrusted(err) {
		return failure.ClassFinal
	}
	if refused, ok := errors.AsType[*transport.ProxyError](err); ok && refused.Final() {
		return failure.ClassFinal
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return failure.ClassFinal
	}
	return failure.ClassTransient
}

// IsDisconnect reports whether err, which ended an exchange before its answer, is that of a
// connection that was closed or broke. The caller's own end, the source and a timeout are
// not.
func IsDisconnect(err error) bool {
	for _, other := range []error{failure.ErrStalled, failure.ErrSourceUnavailable, transport.ErrNoCredentials, context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, other) {
			return false
		}
	}
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		return false
	}
	return Class(err) == failure.ClassTransient
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

// MayHaveArrived reports whether the server may have done what a request asked, although err
// ended the exchange before its answer.
func MayHaveArrived(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	dialed := ok && op.Op == "dial"
	_, dns := errors.AsType[*net.DNSError](err)
	return !dialed && !dns && tunnelStatus(err) == 0 && !errors.Is(err, transport.ErrNoCredentials) && Class(err) == failure.ClassTransient
}
