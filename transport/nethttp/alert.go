package nethttp

import (
	"errors"
	"net"
	"reflect"
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

// IsHandshakeAlert reports whether err is an alert by which the peer refused a TLS
// handshake, for instance because it does not accept the client's certificate.
// Package crypto/tls does not export the type of an alert, so this reads its value.
func IsHandshakeAlert(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	if !ok || op.Op != "remote error" {
		return false
	}
	alert := reflect.ValueOf(op.Err)
	if alert.Kind() != reflect.Uint8 {
		return false
	}
	switch alert.Uint() {
	case alertHandshakeFailure, alertBadCertificate, alertCertificateRevoked, alertCertificateExpired,
		alertCertificateUnknown, alertUnknownCA, alertAccessDenied, alertProtocolVersion, alertCertificateRequired:
		return true
	}
	return false
}
