package doctor

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tusker-go/tusker/cli/internal/advice"
	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
)

const (
	maxSkew  = 30 * time.Second
	soonOver = 14 * 24 * time.Hour // a certificate that expires sooner gets a warning
)

// options asks which extensions the server supports, and reports how the request
// reached the server. It returns false if no further checks are possible.
func (e *examination) options(ctx context.Context) bool {
	limited, cancel := e.exchange(ctx)
	defer cancel()
	reply, err := e.c.Options(limited, nil)
	way, answer := e.tap.seen()
	if !e.reached(way, err) {
		return false
	}
	if answer.status != 0 {
		e.spoken(answer)
	}
	switch {
	case err == nil:
		e.caps = reply.Capabilities
		e.ok("options", abilities(e.caps), "%d, %s", reply.StatusCode, capabilitiesText(e.caps))
	case errors.Is(err, client.ErrRedirected):
		e.fail("redirect", "give the address that it redirects to as ENDPOINT", err)
		return false
	case answer.status == 0 && errors.Is(err, client.ErrStalled), answer.status == 0 && way.address != "" && limited.Err() != nil:
		e.warn("options", "let firewalls pass OPTIONS", "no answer: uploads wait 4 s for it and continue without it")
	case answer.status == 0, errors.Is(err, protocol.ErrUnauthorized):
		e.fail("options", "", err)
		return false
	default:
		// Some servers and gateways do not answer OPTIONS, but accept uploads.
		e.warn("options", "", "%s", plain(err))
	}
	return true
}

// reached reports the way to the server. It returns false if no server was reached.
func (e *examination) reached(w way, err error) bool {
	endpoint, _ := url.Parse(e.c.Endpoint())
	switch {
	case w.lookupErr != nil:
		e.fail("resolve", "check the name; --proxy URL if only a proxy knows it", err)
		return false
	case len(w.addresses) > 0:
		e.ok("resolve", "", "%s is %s, in %v%s", w.host, strings.Join(w.addresses, ", "), rounded(w.lookup), e.proxied(endpoint, w.host))
	}
	switch {
	case w.connectErr != nil:
		e.fail("connect", "--proxy URL, if only a proxy has access to other networks", err)
		return false
	case w.address != "":
		e.ok("connect", "", "%s, in %v", w.address, rounded(w.connect))
	}
	switch {
	case w.handshakeErr != nil, errors.Is(err, client.ErrUntrusted):
		e.fail("tls", adviceForTLS(err), err)
		return false
	case w.tls != nil:
		e.handshake(w.tls)
	case endpoint != nil && endpoint.Scheme == "http" && !w.socket && !isLocal(endpoint.Hostname()):
		e.warn("tls", "an https:// ENDPOINT", "none: others in the network can read and change what is sent")
	}
	return true
}

func (e *examination) proxied(endpoint *url.URL, host string) string {
	if endpoint == nil || strings.EqualFold(endpoint.Hostname(), host) {
		return ""
	}
	return " (a proxy)"
}

func isLocal(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// handshake reports the properties of a TLS connection.
func (e *examination) handshake(s *tls.ConnectionState) {
	detail := tls.VersionName(s.Version)
	if len(s.PeerCertificates) == 0 {
		e.ok("tls", "", "%s", detail)
		return
	}
	cert := s.PeerCertificates[0]
	left := time.Until(cert.NotAfter)
	detail += fmt.Sprintf(", certificate of %q until %s", cert.Issuer.CommonName, cert.NotAfter.UTC().Format(time.DateOnly))
	switch {
	case len(s.VerifiedChains) == 0:
		e.warn("tls", "--cacert FILE instead of --insecure", "%s, not verified", detail)
	case left < soonOver:
		e.warn("tls", "renew the certificate", "%s: that is in %d days", detail, int(left.Hours()/24))
	default:
		e.ok("tls", "", "%s", detail)
	}
}

// spoken reports facts that every answer contains.
func (e *examination) spoken(a answer) {
	e.ok("http", "", "%s, answered in %v", a.proto, rounded(a.took))
	if a.final != a.asked {
		e.warn("redirect", "give that URL as ENDPOINT", "redirected to %s", output.RedactURL(a.final))
	}
	date, err := http.ParseTime(a.date)
	if err != nil {
		return
	}
	// The Date header has no fractions of seconds.
	skew := date.Add(500 * time.Millisecond).Sub(a.sent.Add(a.took / 2)).Round(time.Second)
	switch {
	case skew > maxSkew:
		e.warn("clock", "set the clocks: tokens and expiry dates depend on them", "the server's is %v ahead", skew)
	case skew < -maxSkew:
		e.warn("clock", "set the clocks: tokens and expiry dates depend on them", "the server's is %v behind", -skew)
	default:
		e.ok("clock", "", "within %v of the server's", max(time.Second, skew.Abs()))
	}
}

func capabilitiesText(c protocol.Capabilities) string {
	text := "tus " + strings.Join(c.Versions, ", ")
	if len(c.Extensions) == 0 {
		text += "; no extensions"
	} else {
		names := make([]string, len(c.Extensions))
		for i, name := range c.Extensions {
			names[i] = string(name)
		}
		text += "; " + strings.Join(names, ", ")
	}
	if n, ok := c.MaxSize.Int64(); ok {
		text += "; at most " + size(n)
	}
	return text
}

// abilities names the flags that do not work with this server.
func abilities(c protocol.Capabilities) string {
	var advice []string
	if !c.Supports(protocol.Version) {
		advice = append(advice, "tusker speaks "+protocol.Version+" only")
	}
	if !c.Has(protocol.ExtensionConcatenation) {
		advice = append(advice, "no --parallel: it needs concatenation")
	}
	if !c.Has(protocol.ExtensionCreationDeferLength) {
		advice = append(advice, "--size N for standard input: the length has to be known")
	}
	return strings.Join(advice, "; ")
}

// adviceForTLS returns what to do about a handshake that failed.
func adviceForTLS(err error) string {
	if said := advice.Certificate(err, time.Now(), advice.ServerTLS()); said != "" {
		return said
	}
	return adviceFor(err)
}

// adviceFor returns the advice for an error, or "".
func adviceFor(err error) string {
	exchange, _ := errors.AsType[*client.Error](err)
	record := tls.RecordHeaderError{}
	switch {
	case errors.Is(err, client.ErrUntrusted):
		return advice.Certificate(err, time.Now(), advice.ServerTLS())
	case errors.Is(err, http.ErrSchemeMismatch), errors.As(err, &record):
		return "one side speaks http and the other https: check the URL"
	case exchange != nil && blocked(exchange):
		return fmt.Sprintf("let proxies pass %s, or send it as POST with --method-override", strings.ToUpper(string(exchange.Op)))
	case errors.Is(err, protocol.ErrUnauthorized), errors.Is(err, protocol.ErrForbidden):
		return "--token-file, --token-command or --user"
	case errors.Is(err, protocol.ErrNotFound) && exchange != nil && exchange.Op == protocol.OpCreate:
		return "is this the URL that uploads are created at?"
	case errors.Is(err, protocol.ErrMissingHeader):
		return "let proxies pass the headers Location, Tus-Resumable and Upload-Offset of answers"
	case errors.Is(err, client.ErrStalled), errors.Is(err, context.DeadlineExceeded):
		return "--stall-timeout D if the server needs longer to answer"
	}
	return ""
}

// blocked reports whether a server or proxy that does not support tus may have refused PATCH.
func blocked(e *client.Error) bool { return e.Op == protocol.OpPatch && isBlocked(e) }
