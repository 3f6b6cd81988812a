// Package advice says what a user can do about an error, and which command comes next.
//
// For has the advice for an error of any command. Ended has that for an upload that failed or
// was interrupted, and Verdict the error of several things. Functions that return a hint
// return "" if they have no advice. They send nothing and write nothing.
package advice

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/transport/nethttp"
)

// TLSFlags has the names of the flags of a connection with TLS.
type TLSFlags struct {
	CA   string // trusts other authorities
	Cert string // presents a client certificate
	Key  string // has its key
}

// ServerTLS returns the flags for an upload server.
func ServerTLS() TLSFlags { return TLSFlags{CA: "--cacert", Cert: "--cert", Key: "--key"} }

// Certificate returns what to do if one side of a TLS handshake refused the other: the
// advice differs for the date, the name and the authority of a certificate, for an old
// version of TLS, and for a server that wants a client certificate. Now is the clock of
// this machine. Flags has the names of the flags for that connection.
func Certificate(err error, now time.Time, flags TLSFlags) string {
	var name x509.HostnameError
	var authority x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	switch {
	case nethttp.IsOldTLS(err):
		return "the server offers only an old version of TLS: it has to support TLS 1.2 or later"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return date(invalid.Cert, now)
	case errors.As(err, &name):
		return otherName(name)
	case errors.As(err, &authority):
		if authority.Cert != nil && authority.Cert.Issuer.CommonName != "" {
			return fmt.Sprintf("the authority %q is not trusted here: if you trust it, name its certificate with %s FILE", authority.Cert.Issuer.CommonName, flags.CA)
		}
		return fmt.Sprintf("the authority of the certificate is not trusted here: if you trust it, name its certificate with %s FILE", flags.CA)
	case errors.As(err, &invalid):
		return "the server needs a certificate that is valid for this purpose"
	case nethttp.IsHandshakeAlert(err):
		return fmt.Sprintf("the server may want a client certificate: %s FILE %s FILE", flags.Cert, flags.Key)
	case errors.Is(err, client.ErrUntrusted):
		return fmt.Sprintf("name the authority to trust with %s FILE, or a client certificate with %s FILE", flags.CA, flags.Cert)
	}
	return ""
}

// date returns the advice for a certificate outside its dates.
func date(cert *x509.Certificate, now time.Time) string {
	clock := "check the clock of this machine, which says " + now.UTC().Format("2006-01-02 15:04 MST")
	if cert != nil && now.Before(cert.NotBefore) {
		return fmt.Sprintf("the certificate is valid from the date %s: %s", cert.NotBefore.UTC().Format(time.DateOnly), clock)
	}
	return "the certificate has expired and has to be renewed; if not, " + clock
}

// otherName returns the advice for a certificate that is for other names than that
// of the URL.
func otherName(err x509.HostnameError) string {
	const most = 3 // number of names that are shown
	if err.Certificate == nil {
		return "the certificate is for another name: use that name in the URL"
	}
	var names []string
	names = append(names, err.Certificate.DNSNames...)
	for _, ip := range err.Certificate.IPAddresses {
		names = append(names, ip.String())
	}
	if len(names) == 0 {
		return fmt.Sprintf("the certificate does not contain the name %s: the server needs one that does", err.Host)
	}
	return fmt.Sprintf("the certificate is for the name %s and not for %s: use that name in the URL",
		strings.Join(names[:min(len(names), most)], ", "), err.Host)
}

// Credentials returns what to do about a 401 or 403. Given means that the request could
// carry credentials of the user.
func Credentials(err error, given bool) string {
	e, _ := errors.AsType[*client.Error](err)
	unauthorized := errors.Is(err, protocol.ErrUnauthorized)
	forbidden := errors.Is(err, protocol.ErrForbidden) && e != nil && e.StatusCode == http.StatusForbidden
	if !unauthorized && !forbidden {
		return ""
	}
	wants := challenge(e)
	switch {
	case given && unauthorized:
		return "the server refused the credentials" + wants + ": check that they are valid and not expired"
	case given:
		return ""
	case unauthorized:
		return "give credentials with --token-file, --token-command or --user" + wants
	}
	return ""
}

// challenge returns the value of WWW-Authenticate.
func challenge(e *client.Error) string {
	const longest = 120
	if e == nil {
		return ""
	}
	values := strings.Join(e.Header.Values("WWW-Authenticate"), ", ")
	if values == "" {
		return ""
	}
	if len(values) > longest {
		values = values[:longest] + "…"
	}
	return " (WWW-Authenticate: " + values + ")"
}
