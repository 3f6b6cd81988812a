package client

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"reflect"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/transport"
	"github.com/tusker-go/tusker/transport/nethttp"
)

// classByCode wins over the status: some servers answer 400 where a retry is
// all that is needed.
var classByCode = map[string]Class{
	"ERR_UPLOAD_INTERRUPTED":   ClassTransient,
	"ERR_UNEXPECTED_EOF":       ClassTransient,
	"ERR_LOCK_TIMEOUT":         ClassTransient,
	"ERR_READ_TIMEOUT":         ClassTransient,
	"ERR_CONNECTION_RESET":     ClassTransient,
	"ERR_SERVER_SHUTDOWN":      ClassTransient,
	"ERR_UPLOAD_LOCKED":        ClassLocked,
	"ERR_MISMATCHED_OFFSET":    ClassResync,
	"ERR_UPLOAD_NOT_FOUND":     ClassGone,
	"ERR_UPLOAD_STOPPED":       ClassFinal,
	"ERR_UPLOAD_REJECTED":      ClassFinal,
	"ERR_MAX_SIZE_EXCEEDED":    ClassFinal,
	"ERR_UPLOAD_SIZE_EXCEEDED": ClassFinal,
}

// classify holds an Error against the tables: the code in the body wins over its
// words, and both over the status.
func classify(e *Error) Class {
	if e.StatusCode == 0 {
		return classifyFailure(e.Err)
	}
	if c, ok := classByCode[e.Code]; ok {
		return c
	}
	if c, ok := classifyWords(e); ok {
		return c
	}
	return classifyAnswer(e)
}

func classifyAnswer(e *Error) Class {
	if errors.Is(e.Err, ErrRedirected) {
		return ClassFinal
	}
	if errors.Is(e.Err, ErrOtherServer) {
		return ClassTransient
	}
	for _, row := range []struct {
		err   error
		class Class
	}{
		{protocol.ErrUnauthorized, ClassAuth},
		{protocol.ErrForbidden, ClassFinal},
		{protocol.ErrNotFound, ClassGone},
		{protocol.ErrGone, ClassGone},
		{protocol.ErrOffsetMismatch, ClassResync},
		{protocol.ErrChecksumMismatch, ClassIntegrity},
		{protocol.ErrLocked, ClassLocked},
		{protocol.ErrTooManyRequests, ClassThrottled},
		{protocol.ErrTimeout, ClassTransient},
		{protocol.ErrTooEarly, ClassTransient},
		{protocol.ErrNotImplemented, ClassFinal},
	} {
		if errors.Is(e.Err, row.err) {
			return row.class
		}
	}
	switch {
	case e.StatusCode == http.StatusHTTPVersionNotSupported:
		return ClassFinal
	case e.Op == protocol.OpPatch && errors.Is(e.Err, protocol.ErrTooLarge) && e.Header.Get(protocol.HeaderResumable) == "":
		return ClassProxyLimit
	}
	if errors.Is(e.Err, protocol.ErrServer) {
		if e.After > 0 {
			return ClassThrottled
		}
		return ClassTransient
	}
	// The answer to a PATCH that cannot be read, or is a success of another kind,
	// says nothing about what the server stored: HEAD does.
	if e.Op == protocol.OpPatch && (isMalformed(e.Err) || isSuccess(e.StatusCode) || errors.Is(e.Err, ErrNoProgress)) {
		return ClassTransient
	}
	return ClassFinal
}

// isBodyRefused tells whether a creation failed because it carried bytes.
func isBodyRefused(err error) bool {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return false
	}
	switch e.StatusCode {
	case http.StatusLengthRequired, http.StatusRequestEntityTooLarge,
		http.StatusUnsupportedMediaType, http.StatusNotImplemented:
		return true
	}
	return false
}

// isTrailerRefused tells whether a refusal may be one of the trailer. A server's
// own code for something else is none.
func isTrailerRefused(e *Error) bool {
	switch e.StatusCode {
	case http.StatusBadRequest, http.StatusLengthRequired, http.StatusNotImplemented,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		_, other := classByCode[e.Code]
		return !other && !isLengthRefused(e)
	}
	return false
}

// isLengthRefused tells whether a PATCH was refused for its Upload-Length, which
// a server does too that knows the length already.
func isLengthRefused(e *Error) bool {
	return e.Op == protocol.OpPatch && e.StatusCode == http.StatusBadRequest && e.Code == "ERR_INVALID_UPLOAD_LENGTH"
}

func isSuccess(status int) bool { return status/100 == 2 }

func isMalformed(err error) bool {
	return errors.Is(err, protocol.ErrMissingHeader) ||
		errors.Is(err, protocol.ErrInvalidHeader) ||
		errors.Is(err, protocol.ErrInvalidOffset) ||
		errors.Is(err, protocol.ErrOffsetBack) ||
		errors.Is(err, protocol.ErrOffsetBeyond)
}

// classifyFailure is for exchanges without an answer: what the network did is
// transient, what it will do again is final.
func classifyFailure(err error) Class {
	for _, final := range []error{
		ErrSource, ErrInvalidURL, ErrInvalidOption, ErrNoEndpoint, errNoAnswer,
		ErrRedirected, nethttp.ErrInsecureRedirect, nethttp.ErrTooManyRedirects, http.ErrSchemeMismatch,
		protocol.ErrInvalidMetadata, protocol.ErrInvalidHeader, protocol.ErrInvalidOffset, protocol.ErrInvalidConcat,
	} {
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

// isUntrusted tells whether one side of a TLS handshake refused the other.
func isUntrusted(err error) bool {
	var verification *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	var hostname x509.HostnameError
	var invalid x509.CertificateInvalidError
	if errors.As(err, &verification) || errors.As(err, &authority) ||
		errors.As(err, &hostname) || errors.As(err, &invalid) {
		return true
	}
	// The type of an alert from the peer is not exported; its value is a number.
	var op *net.OpError
	if !errors.As(err, &op) || op.Op != "remote error" {
		return false
	}
	alert := reflect.ValueOf(op.Err)
	if alert.Kind() != reflect.Uint8 {
		return false
	}
	// RFC 8446, section 6.2.
	const (
		handshakeFailure    = 40
		badCertificate      = 42
		certificateRevoked  = 44
		certificateExpired  = 45
		certificateUnknown  = 46
		unknownCA           = 48
		accessDenied        = 49
		protocolVersion     = 70
		certificateRequired = 116
	)
	switch alert.Uint() {
	case handshakeFailure, badCertificate, certificateRevoked, certificateExpired,
		certificateUnknown, unknownCA, accessDenied, protocolVersion, certificateRequired:
		return true
	}
	return false
}

// isAmbiguous tells whether a creation that failed may have made an upload all
// the same: the request can have arrived though no answer, or no Location, did.
func isAmbiguous(err error) bool {
	e, ok := errors.AsType[*Error](err)
	if !ok || errors.Is(err, ErrRedirected) || e.Op != protocol.OpCreate && e.Op != protocol.OpConcat {
		return false
	}
	return e.AnswerLost() || e.StatusCode != 0 && protocol.StatusError(e.Op, e.StatusCode) == nil
}

// AnswerLost tells whether the server may have done what it was asked, though it
// did not say so: there was no answer, or only that of a gateway before it. A
// request that never had a connection was not sent, where the Doer tells package
// httptrace of connections, as net/http does.
func (e *Error) AnswerLost() bool {
	switch {
	case e.StatusCode == http.StatusBadGateway, e.StatusCode == http.StatusGatewayTimeout:
		return true // what stands behind the gateway may have done it
	case e.StatusCode != 0, e.unsent, errors.Is(e.Err, transport.ErrNoCredentials):
		return false
	}
	op, ok := errors.AsType[*net.OpError](e.Err)
	dialled := ok && op.Op == "dial"
	_, dns := errors.AsType[*net.DNSError](e.Err)
	return !dialled && !dns && tunnelStatus(e.Err) == 0 && classifyFailure(e.Err) == ClassTransient
}
