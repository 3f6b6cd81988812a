package nethttp

import (
	"errors"
	"net"
	"reflect"
	"strings"
)

// Alerts of TLS that refuse a handshake (RFC 8446, section 6.2).
const (
	alertHandshakeFailure    = 40
	alertBadCertificate      = 42
	alertCertificateRevoked  = 44
	alertCertificateExpired  = 45
	alertCertificateUnknown  = 46
	alertUnknownCA           = 48
	alertAccessDenied        = 49
	alertProtocolVersion     = 70
	alertCertificateRequired = 116
)

// IsOldTLS reports whether err means that the two sides of a TLS handshake have no version
// in common, because the server supports only versions before TLS 1.2.
func IsOldTLS(err error) bool {
	if err == nil {
		return false
	}
	// crypto/tls has no error type for a version that the server chose.
	return alertOf(err) == alertProtocolVersion || strings.Contains(err.Error(), "tls: server selected unsupported protocol version")
}

// IsHandshakeAlert reports whether err is an alert by which the peer refused a TLS
// handshake, for instance because it does not accept the client's certificate.
// Package crypto/tls does not export the type of an alert, so this reads its value.
func IsHandshakeAlert(err error) bool {
	switch alertOf(err) {
	case alertHandshakeFailure, alertBadCertificate, alertCertificateRevoked, alertCertificateExpired,
		alertCertificateUnknown, alertUnknownCA, alertAccessDenied, alertProtocolVersion, alertCertificateRequired:
		return true
	}
	return false
}

// alertOf returns the number of the alert that the peer sent, or 0, which is the alert for
// the end of a connection.
func alertOf(err error) uint64 {
	op, ok := errors.AsType[*net.OpError](err)
	if !ok || op.Op != "remote error" {
		return 0
	}
	alert := reflect.ValueOf(op.Err)
	if alert.Kind() != reflect.Uint8 {
		return 0
	}
	return alert.Uint()
}
