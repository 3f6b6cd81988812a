package client

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"reflect"
	"strings"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/transport/nethttp"
)

// A class is what a failed exchange means for the upload.
type class uint8

const (
	classFinal     class = iota // trying again cannot help
	classTransient              // the network or the server failed: wait, ask, go on
	classLocked                 // another request holds the upload: wait, ask, go on
	classThrottled              // the server asks to wait
	classResync                 // the offset was not the server's: ask, go on
	classIntegrity              // the bytes were damaged on the way: send them again
	classGone                   // the upload does not exist, or does so no longer
	classAuth                   // not allowed
)

func (c class) retryable() bool {
	switch c {
	case classTransient, classLocked, classThrottled, classResync, classIntegrity:
		return true
	case classFinal, classGone, classAuth:
	}
	return false
}

// classByCode wins over the status: some servers answer 400 where a retry is
// all that is needed.
var classByCode = map[string]class{
	"ERR_UPLOAD_INTERRUPTED":   classTransient,
	"ERR_UNEXPECTED_EOF":       classTransient,
	"ERR_LOCK_TIMEOUT":         classTransient,
	"ERR_READ_TIMEOUT":         classTransient,
	"ERR_CONNECTION_RESET":     classTransient,
	"ERR_SERVER_SHUTDOWN":      classTransient,
	"ERR_UPLOAD_LOCKED":        classLocked,
	"ERR_MISMATCHED_OFFSET":    classResync,
	"ERR_UPLOAD_NOT_FOUND":     classGone,
	"ERR_UPLOAD_STOPPED":       classFinal,
	"ERR_UPLOAD_REJECTED":      classFinal,
	"ERR_MAX_SIZE_EXCEEDED":    classFinal,
	"ERR_UPLOAD_SIZE_EXCEEDED": classFinal,
}

// classByBody is for servers that say in words what the status does not.
var classByBody = []struct {
	status int
	words  string
	class  class
}{
	{http.StatusBadRequest, "request aborted due to lock acquired", classTransient},
	{http.StatusServiceUnavailable, "lock", classLocked},
	{http.StatusConflict, "lock", classLocked},
	{http.StatusConflict, "currently being updated", classLocked},
}

// classify holds an Error against the table.
func classify(e *Error) class {
	if e.StatusCode == 0 {
		return classifyFailure(e.Err)
	}
	if c, ok := classByCode[e.Code]; ok {
		return c
	}
	if e.Body != "" {
		body := strings.ToLower(e.Body)
		for _, row := range classByBody {
			if e.StatusCode == row.status && strings.Contains(body, row.words) {
				return row.class
			}
		}
	}
	return classifyAnswer(e)
}

func classifyAnswer(e *Error) class {
	for _, row := range []struct {
		err   error
		class class
	}{
		{protocol.ErrUnauthorized, classAuth},
		{protocol.ErrForbidden, classAuth},
		{protocol.ErrNotFound, classGone},
		{protocol.ErrGone, classGone},
		{protocol.ErrOffsetMismatch, classResync},
		{protocol.ErrChecksumMismatch, classIntegrity},
		{protocol.ErrLocked, classLocked},
		{protocol.ErrTooManyRequests, classThrottled},
		{protocol.ErrTimeout, classTransient},
		{protocol.ErrTooEarly, classTransient},
		{protocol.ErrNotImplemented, classFinal},
	} {
		if errors.Is(e.Err, row.err) {
			return row.class
		}
	}
	if e.StatusCode == http.StatusHTTPVersionNotSupported {
		return classFinal
	}
	if errors.Is(e.Err, protocol.ErrServer) {
		if e.After > 0 {
			return classThrottled
		}
		return classTransient
	}
	// The answer to a PATCH that cannot be read says nothing about what the
	// server stored: HEAD does.
	if e.Op == protocol.OpPatch && (isMalformed(e.Err) || errors.Is(e.Err, ErrNoProgress)) {
		return classTransient
	}
	return classFinal
}

func isMalformed(err error) bool {
	return errors.Is(err, protocol.ErrMissingHeader) ||
		errors.Is(err, protocol.ErrInvalidHeader) ||
		errors.Is(err, protocol.ErrInvalidOffset) ||
		errors.Is(err, protocol.ErrOffsetBack) ||
		errors.Is(err, protocol.ErrOffsetBeyond)
}

// classifyFailure is for exchanges without an answer: what the network did is
// transient, what it will do again is final.
func classifyFailure(err error) class {
	for _, final := range []error{
		ErrSource, ErrInvalidURL, ErrInvalidHeader, ErrInvalidOption, ErrNoEndpoint,
		ErrRedirected, nethttp.ErrInsecureRedirect, nethttp.ErrTooManyRedirects, http.ErrSchemeMismatch,
		protocol.ErrInvalidMetadata, protocol.ErrInvalidHeader, protocol.ErrInvalidOffset, protocol.ErrInvalidConcat,
	} {
		if errors.Is(err, final) {
			return classFinal
		}
	}
	if isUntrusted(err) {
		return classAuth
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return classFinal
	}
	return classTransient
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
	var e *Error
	if !errors.As(err, &e) || errors.Is(err, ErrRedirected) {
		return false
	}
	if e.StatusCode != 0 {
		return protocol.StatusError(e.Op, e.StatusCode) == nil
	}
	var op *net.OpError
	dialled := errors.As(e.Err, &op) && op.Op == "dial"
	var dns *net.DNSError
	return !dialled && !errors.As(e.Err, &dns) && classifyFailure(e.Err) == classTransient
}
