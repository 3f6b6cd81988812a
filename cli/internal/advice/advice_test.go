package advice_test

import (
	"cmp"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tusker-go/tusker/cli/internal/advice"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
)

// alert imitates the unexported type of crypto/tls for an alert.
type alert uint8

func (a alert) Error() string { return fmt.Sprintf("alert %d", uint8(a)) }

func remote(a alert) error { return &net.OpError{Op: "remote error", Err: a} }

// Each cause of a failed handshake has its own advice.
func TestCertificate(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	cert := func(from, to time.Duration) *x509.Certificate {
		return &x509.Certificate{NotBefore: now.Add(from), NotAfter: now.Add(to), Issuer: pkix.Name{CommonName: "Field CA"}}
	}
	tests := map[string]struct {
		err       error
		want, not string
	}{
		"expired":             {x509.CertificateInvalidError{Cert: cert(-20, -10), Reason: x509.Expired}, "has expired and has to be renewed; if not, check the clock of this machine, which says 2026-03-01 12:00 UTC", "--cacert"},
		"not valid yet":       {x509.CertificateInvalidError{Cert: cert(48*time.Hour, 72*time.Hour), Reason: x509.Expired}, "valid from the date 2026-03-03: check the clock", "--cacert"},
		"another name":        {x509.HostnameError{Certificate: &x509.Certificate{DNSNames: []string{"tus.example"}}, Host: "h"}, "for the name tus.example and not for h", "--cacert"},
		"another address":     {x509.HostnameError{Certificate: &x509.Certificate{IPAddresses: []net.IP{{10, 0, 0, 1}}}, Host: "10.0.0.2"}, "for the name 10.0.0.1 and not for 10.0.0.2", "--cacert"},
		"no name":             {x509.HostnameError{Certificate: &x509.Certificate{}, Host: "h"}, "does not contain the name h", "--cacert"},
		"authority":           {x509.UnknownAuthorityError{Cert: cert(0, 0)}, `"Field CA" is not trusted here: if you trust it, name its certificate with --cacert FILE`, "clock"},
		"nameless authority":  {x509.UnknownAuthorityError{}, "--cacert FILE", "clock"},
		"not for servers":     {x509.CertificateInvalidError{Reason: x509.IncompatibleUsage}, "valid for this purpose", "clock"},
		"old TLS by alert":    {remote(70), "old version of TLS", "--c"},
		"old TLS by text":     {errors.New("tls: server selected unsupported protocol version 302"), "old version of TLS", "--c"},
		"no certificate":      {remote(116), "client certificate: --cert FILE", "--cacert"},
		"handshake refused":   {remote(40), "client certificate: --cert FILE", "--cacert"},
		"untrusted otherwise": {client.ErrUntrusted, "--cacert FILE", "clock"},
		"something else":      {errors.New("reset"), "", ""},
		"nothing":             {nil, "", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			check(t, advice.Certificate(wrap(test.err), now, advice.ServerTLS()), test.want, test.not)
		})
	}
}

// The advice names the flags of the connection that failed, and leaves the name of an authority as it
// is.
func TestCertificateFlags(t *testing.T) {
	flags := advice.TLSFlags{CA: "--engine-cacert", Cert: "--engine-cert", Key: "--engine-key"}
	unknown := x509.UnknownAuthorityError{Cert: &x509.Certificate{Issuer: pkix.Name{CommonName: "the --cert CA"}}}
	for name, test := range map[string]struct {
		err  error
		want string
	}{
		"authority":           {unknown, `the authority "the --cert CA" is not trusted here: if you trust it, name its certificate with --engine-cacert FILE`},
		"nameless authority":  {x509.UnknownAuthorityError{}, "--engine-cacert FILE"},
		"no certificate":      {remote(116), "--engine-cert FILE --engine-key FILE"},
		"untrusted otherwise": {client.ErrUntrusted, "--engine-cacert FILE, or a client certificate with --engine-cert FILE"},
	} {
		t.Run(name, func(t *testing.T) {
			check(t, advice.Certificate(wrap(test.err), time.Now(), flags), test.want, " --cacert")
		})
	}
}

func wrap(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("create: %w", err)
}

func check(t *testing.T, got, want, not string) {
	t.Helper()
	if (got == "") != (want == "") || !strings.Contains(got, want) || not != "" && strings.Contains(got, not) {
		t.Errorf("%q, want %q without %q", got, want, not)
	}
}

// Credentials that were refused and credentials that are missing are different mistakes.
func TestCredentials(t *testing.T) {
	challenge := http.Header{"Www-Authenticate": {`Bearer realm="files"`}}
	failed := func(status int, err error, h http.Header) error {
		return &client.Error{StatusCode: status, Err: err, Header: h}
	}
	tests := map[string]struct {
		err   error
		given bool
		want  string
		not   string
	}{
		"missing":                   {failed(401, protocol.ErrUnauthorized, nil), false, "give credentials with --token-file", "refused"},
		"missing, with challenge":   {failed(401, protocol.ErrUnauthorized, challenge), false, `(WWW-Authenticate: Bearer realm="files")`, "refused"},
		"refused":                   {failed(401, protocol.ErrUnauthorized, nil), true, "refused the credentials: check", "--token-file"},
		"refused, with challenge":   {failed(401, protocol.ErrUnauthorized, challenge), true, `refused the credentials (WWW-Authenticate: Bearer realm="files")`, "--token-file"},
		"forbidden":                 {failed(403, protocol.ErrForbidden, nil), true, "", ""},
		"forbidden without any":     {failed(403, protocol.ErrForbidden, nil), false, "", ""},
		"another status":            {failed(404, protocol.ErrNotFound, challenge), true, "", ""},
		"challenge that is endless": {failed(401, protocol.ErrUnauthorized, http.Header{"Www-Authenticate": {strings.Repeat("x", 1<<12)}}), true, "…)", strings.Repeat("x", 200)},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			check(t, advice.Credentials(test.err, test.given), test.want, test.not)
		})
	}
}

// A method that is refused after the creation may be blocked by a firewall, and so may a large
// body.
func TestMethod(t *testing.T) {
	const patch, page = protocol.OpPatch, "<html><title>403 Forbidden</title></html>"
	tests := map[string]struct {
		err       client.Error
		want, not string
	}{
		"405 to PATCH":          {client.Error{Op: patch, StatusCode: 405}, "--method-override", "--chunk-size"},
		"501 to PATCH":          {client.Error{Op: patch, StatusCode: 501}, "--method-override", "--chunk-size"},
		"405 to DELETE":         {client.Error{Op: protocol.OpTerminate, StatusCode: 405}, "--method-override", ""},
		"405 to POST":           {client.Error{Op: protocol.OpCreate, StatusCode: 405}, "", ""},
		"404 to PATCH":          {client.Error{Op: patch, StatusCode: 404, Unmarked: true}, "", ""},
		"page to PATCH":         {client.Error{Op: patch, StatusCode: 403, Unmarked: true, Body: page}, "--method-override; or it may limit the size of a request: a smaller --chunk-size", ""},
		"400 and page to PATCH": {client.Error{Op: patch, StatusCode: 400, Unmarked: true, Body: page}, "--method-override", ""},
		"nothing to PATCH":      {client.Error{Op: patch, StatusCode: 403, Unmarked: true}, "", ""},
		"page to DELETE":        {client.Error{Op: protocol.OpTerminate, StatusCode: 403, Unmarked: true, Body: page}, "--method-override", "--chunk-size"},
		"page about the size":   {client.Error{Op: patch, StatusCode: 400, Unmarked: true, Body: "<p>Request body too large</p>"}, "--chunk-size", "--method-override"},
		"words about the size":  {client.Error{Op: patch, StatusCode: 403, Unmarked: true, Body: "request body exceeds 128 KiB"}, "--chunk-size", "--method-override"},
		"headers too large":     {client.Error{Op: patch, StatusCode: 400, Unmarked: true, Body: "<p>Request Header Or Cookie Too Large</p>"}, "", ""},
		"words to PATCH":        {client.Error{Op: patch, StatusCode: 403, Unmarked: true, Body: "not your bucket"}, "", ""},
		"of a tus server":       {client.Error{Op: patch, StatusCode: 403, Body: page}, "", ""},
		"page to HEAD":          {client.Error{Op: protocol.OpHead, StatusCode: 403, Unmarked: true, Body: page}, "", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			check(t, advice.Method(&test.err), test.want, test.not)
		})
	}
}

// The hint for a misplaced upload names the flag for firewalls only if PATCH was refused.
func TestMisplacedMethod(t *testing.T) {
	for status, want := range map[int]bool{404: false, 405: true, 501: true} {
		e := &client.Error{Op: protocol.OpPatch, StatusCode: status, Err: errors.New("refused"), Unmarked: true}
		err := fmt.Errorf("%w: %w", client.ErrMisplaced, e)
		hint := advice.Ended("a", false, &client.Result{URL: "http://h/1"}, err, advice.Invocation{}).Hint
		if !strings.Contains(hint, "correct the Location") || strings.Contains(hint, "--method-override") != want {
			t.Errorf("%d: hint %q, want %q in it and %q in it: %t", status, hint, "correct the Location", "--method-override", want)
		}
	}
}

// The flags that may help depend on which requests passed, and on how the others failed.
func TestUndelivered(t *testing.T) {
	cut := client.Error{Op: protocol.OpPatch, Class: client.ClassTransient, AnswerLost: true}
	gateway := client.Error{Op: protocol.OpPatch, Class: client.ClassTransient, StatusCode: 504, AnswerLost: true}
	head := client.Error{Op: protocol.OpHead, Class: client.ClassTransient, AnswerLost: true}
	refused := client.Error{Op: protocol.OpPatch, Class: client.ClassTransient}
	full := client.Error{Op: protocol.OpPatch, Class: client.ClassTransient, StatusCode: 507, Err: protocol.ErrInsufficientStorage}
	tests := map[string]struct {
		err       client.Error
		result    client.Result
		want, not string
	}{
		"each PATCH cut":             {cut, client.Result{Retries: 3, Sent: 100}, "--method-override may pass; if a proxy ends long requests, a smaller --chunk-size", ""},
		"cut before the bytes":       {cut, client.Result{Retries: 3}, "--method-override", ""},
		"cut at any size":            {cut, client.Result{Retries: 3, Sent: 100, BodyLimit: 64 << 10}, "64KiB did not pass either; if a firewall cuts every PATCH, --method-override", ""},
		"cut after progress":         {cut, client.Result{Retries: 3, Sent: 100, Offset: 10}, "", ""},
		"cut, and resumed without":   {cut, client.Result{Retries: 3, Sent: 100, Offset: 10, Resumed: 10}, "--method-override", ""},
		"cut, smaller ones passed":   {cut, client.Result{Retries: 3, Sent: 100, Offset: 10, BodyLimit: 64 << 10}, "64KiB passed", "--method-override"},
		"gateway":                    {gateway, client.Result{Retries: 3, Sent: 100}, "--chunk-size", "--method-override"},
		"gateway at any size":        {gateway, client.Result{Retries: 3, Sent: 100, BodyLimit: 64 << 10}, "64KiB did not pass either", "--method-override"},
		"no connection":              {refused, client.Result{Retries: 3}, "", ""},
		"no space left":              {full, client.Result{Retries: 3, Sent: 100}, "make room on the server", "--chunk-size"},
		"HEAD failed":                {head, client.Result{Retries: 3, Sent: 100}, "", ""},
		"not tried a second time":    {cut, client.Result{Sent: 100}, "", ""},
		"nothing sent, with gateway": {gateway, client.Result{Retries: 3}, "", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			test.err.Err = cmp.Or(test.err.Err, errors.New("lost"))
			check(t, advice.Undelivered(&test.result, fmt.Errorf("%w: %w", retry.ErrExhausted, &test.err)), test.want, test.not)
		})
	}
}
