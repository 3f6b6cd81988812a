package nethttp

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// Config says how [New] connects. The zero value is ready.
type Config struct {
	// TLS is the configuration to start from. It is copied. Its client
	// certificates and its session cache are used as Certificates are. nil: the
	// system's authorities, TLS 1.2 and up.
	TLS *tls.Config
	// RootCAs are the authorities to trust instead of the system's, see
	// [LoadCertPool]. nil: those of TLS.
	RootCAs *x509.CertPool
	// Certificates are client certificates to present to a server that asks, see
	// [LoadCertificate], added to those of TLS. A GetClientCertificate in TLS
	// is asked instead of them all. Requests that [transport.WithoutCredentials]
	// marks, redirects to another origin, and an https proxy get none: these
	// connections are opened without a certificate and kept apart.
	Certificates []tls.Certificate
	// InsecureSkipVerify accepts any certificate: anybody in between can then
	// read and change what is sent.
	InsecureSkipVerify bool

	// Proxy is an http, https or socks5 proxy for all requests. nil: what the
	// environment says (HTTP_PROXY, HTTPS_PROXY, NO_PROXY). Where it refuses a
	// tunnel, the request fails with a [transport.ProxyError].
	Proxy *url.URL
	// NoProxy connects directly, whatever Proxy and the environment say.
	NoProxy bool
	// HTTP1Only does not offer HTTP/2, whose one connection and small windows
	// can be slower for uploads, for any request. It wins over PreferHTTP2.
	HTTP1Only bool
	// PreferHTTP2 sends over HTTP/2, where the server offers it, also requests
	// that [transport.OwnConnection] marks, as those of package client are.
	PreferHTTP2 bool

	// NoSendfile reads the bytes of files and copies them, where the system would
	// send them from where they lie: over plain HTTP/1.1 on Linux, without a copy
	// in memory. It is for file systems that keep other bytes for the one than
	// for the other, such as some folders shared with a virtual machine.
	NoSendfile bool

	// UnixSocket is the path of a socket that every request goes to, whatever
	// its host, and without a proxy. "": TCP.
	UnixSocket string
	// DialContext opens each connection, with network "unix" where UnixSocket
	// is set. It must be safe for concurrent use. nil: a net.Dialer. Where set, a browser's fetch is not used on
	// js/wasm.
	DialContext func(ctx context.Context, network, addr string) (net.Conn, error)

	// DialTimeout bounds opening a connection. 0: 30 s. Negative: none.
	DialTimeout time.Duration
	// TLSHandshakeTimeout bounds the handshake. 0: 10 s. Negative: none.
	TLSHandshakeTimeout time.Duration
	// IdleConnTimeout closes a connection not used for so long. 0: 90 s.
	// Negative: none.
	IdleConnTimeout time.Duration
	// MaxConnsPerHost bounds the connections to one host; more requests wait.
	// Over TLS, those that [transport.OwnConnection] asks for are counted apart,
	// and so are those without the client certificate.
	// 0 or less: no limit.
	MaxConnsPerHost int
}

// Idle connections kept for one host. The two of net/http would close and
// reopen connections all the time under parallel uploads.
const idleConnsPerHost = 16

// maxHeader is how many bytes the headers of one answer may have, those of
// informational answers before it included. Those of the largest concatenations
// have some 100 KiB.
const maxHeader = 1 << 20

// New returns a client as c says. Its Transport is its own; call
// CloseIdleConnections when the client is no longer needed. Requests that
// [transport.OwnConnection] marks go over HTTP/1.1, unless the server has nothing
// but HTTP/2 or c says otherwise.
//
// Neither Timeout nor ResponseHeaderTimeout is set. The first covers sending
// the body, so it would end every upload that takes longer; the second starts
// when the body is written, and a server may need minutes then to put a large
// upload together. Bound a request by its context.
//
// An answer whose headers have more than 1 MiB fails.
//
// Redirects are followed 10 times at most, and
//
//   - one that would turn the method into another (301, 302 and 303 after POST,
//     PATCH and the like) is not followed: the caller gets the 3xx answer with
//     its Location;
//   - one to a URL of more than 16 KiB is not followed either;
//   - 307 and 308 keep method and body, if the request has GetBody; without it
//     the caller gets the answer;
//   - to another origin (scheme, host or port) go only the headers of tus and
//     those that describe the content: no Authorization, no Cookie, none that a
//     user gave, and no client certificate;
//   - from https to http the request fails with [ErrInsecureRedirect];
//   - to anything but an http or https URL it fails with [ErrInvalidRedirect].
func New(c Config) *http.Client {
	return &http.Client{
		Transport:     redirectReader{newIdentityPool(c)},
		CheckRedirect: checkRedirect,
	}
}

// newTransport buffers as much of what is written as is read of a body at a time:
// a request with a small body then reaches the server in one piece.
func newTransport(c Config) *http.Transport {
	t := &http.Transport{
		Proxy:                 c.proxy(),
		TLSClientConfig:       c.tls(),
		TLSHandshakeTimeout:   timeout(c.TLSHandshakeTimeout, 10*time.Second),
		IdleConnTimeout:       timeout(c.IdleConnTimeout, 90*time.Second),
		ExpectContinueTimeout: time.Second,
		WriteBufferSize:       leastCopy,
		MaxIdleConnsPerHost:   max(idleConnsPerHost, c.MaxConnsPerHost),
		MaxConnsPerHost:       max(c.MaxConnsPerHost, 0),
		ForceAttemptHTTP2:     !c.HTTP1Only,

		OnProxyConnectResponse: tunnelled,
		MaxResponseHeaderBytes: maxHeader,
	}
	if c.HTTP1Only {
		t.Protocols = new(http.Protocols)
		t.Protocols.SetHTTP1(true)
	}
	setDialer(t, c)
	return t
}

func (c Config) proxy() func(*http.Request) (*url.URL, error) {
	switch {
	case c.NoProxy || c.UnixSocket != "":
		return nil
	case c.Proxy != nil:
		proxy := *c.Proxy
		return http.ProxyURL(&proxy)
	default:
		return http.ProxyFromEnvironment
	}
}

// tls is the configuration for servers.
func (c Config) tls() *tls.Config {
	t := &tls.Config{}
	if c.TLS != nil {
		t = c.TLS.Clone()
	}
	if c.RootCAs != nil {
		t.RootCAs = c.RootCAs
	}
	t.Certificates = slices.Concat(t.Certificates, c.Certificates)
	t.InsecureSkipVerify = t.InsecureSkipVerify || c.InsecureSkipVerify
	if c.HTTP1Only {
		t.NextProtos = slices.DeleteFunc(slices.Clone(t.NextProtos), func(p string) bool { return p == "h2" })
	}
	return t
}

// dial opens connections as c says, each within the dial timeout.
func (c Config) dial() func(ctx context.Context, network, addr string) (net.Conn, error) {
	limit := timeout(c.DialTimeout, 30*time.Second)
	dial := c.DialContext
	if dial == nil {
		dial = (&net.Dialer{}).DialContext
	} else {
		dial = traced(dial)
	}
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		if c.UnixSocket != "" {
			network, addr = "unix", c.UnixSocket
		}
		if limit > 0 {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, limit)
			defer cancel()
		}
		conn, err := dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		limitUnsent(conn)
		return keepAnswer(conn, !c.NoSendfile), nil
	}
}

// timeout turns the 0 and the negative of Config into those of net/http.
func timeout(d, byDefault time.Duration) time.Duration {
	if d == 0 {
		return byDefault
	}
	return max(d, 0)
}
