package nethttp

import (
	"context"
	"net/http"
	"net/url"

	"github.com/tusker-go/tusker/transport"
)

// hasIdentity reports whether TLS can identify the client, by a certificate or
// by a session that began with one.
func (c Config) hasIdentity() bool {
	return len(c.Certificates) > 0 || c.TLS != nil &&
		(len(c.TLS.Certificates) > 0 || c.TLS.GetClientCertificate != nil || c.TLS.ClientSessionCache != nil)
}

// withoutIdentity returns c without certificates and sessions.
func (c Config) withoutIdentity() Config {
	c.Certificates = nil
	if c.TLS != nil {
		c.TLS = c.TLS.Clone()
		c.TLS.Certificates, c.TLS.GetClientCertificate, c.TLS.ClientSessionCache = nil, nil, nil
	}
	return c
}

// identityPool separates connections that were opened with a client certificate
// from those without: a certificate belongs to a connection, so a request
// cannot omit it.
type identityPool struct {
	certified, anonymous pool
	proxy                func(*http.Request) (*url.URL, error) // nil: none
}

func newIdentityPool(c Config) pool {
	if !c.hasIdentity() {
		return newPool(c)
	}
	return &identityPool{certified: newPool(c), anonymous: newPool(c.withoutIdentity()), proxy: c.proxy()}
}

// RoundTrip implements [http.RoundTripper].
func (p *identityPool) RoundTrip(req *http.Request) (*http.Response, error) {
	if transport.IsWithoutCredentials(req.Context()) {
		return p.anonymous.RoundTrip(req)
	}
	return p.certified.RoundTrip(p.towardsProxy(req))
}

// CloseIdleConnections is called by http.Client.CloseIdleConnections.
func (p *identityPool) CloseIdleConnections() {
	p.certified.CloseIdleConnections()
	p.anonymous.CloseIdleConnections()
}

type towardsProxyKey struct{}

// towardsProxy marks a request for which net/http dials an https proxy, which
// must not get the certificate.
func (p *identityPool) towardsProxy(req *http.Request) *http.Request {
	if p.proxy == nil {
		return req
	}
	// net/http calls proxy too, and reports its error.
	if proxy, err := p.proxy(req); err != nil || proxy == nil || proxy.Scheme != "https" {
		return req
	}
	return req.WithContext(context.WithValue(req.Context(), towardsProxyKey{}, true))
}

func isTowardsProxy(ctx context.Context) bool { return ctx.Value(towardsProxyKey{}) != nil }
