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

// Config configures [New]. The zero value is usable.
type Config struct {
	// TLS is the base configuration, which is copied. Its client certificates
	// and its session cache are used like Certificates. nil: the authorities of
	// the system, and TLS 1.2 or later.
	TLS *tls.Config
	// RootCAs are the trusted authorities, see [LoadCertPool]. nil: those of
	// TLS.
	RootCAs *x509.CertPool
	// Certificates are client certificates for servers that request one, see
	// [LoadCertificate]. They are added to those of TLS. If TLS has
	// GetClientCertificate, that function is used instead. Requests that are
	// marked by [transport.WithoutCredentials], redirects to another origin,
	// and an https proxy get no certificate: they have separate connections
	// that were opened without one.
	Certificates []tls.Certificate
	// InsecureSkipVerify accepts any server certificate. Anyone between client
	// and server can then read and change the data.
	InsecureSkipVerify bool

	// Proxy is an http, https or socks5 proxy for all requests. nil: the proxy
	// of the environment (HTTP_PROXY, HTTPS_PROXY, NO_PROXY with names,
	// addresses and CIDR; not ALL_PROXY). If the proxy
	// refuses a tunnel, the request fails with a [transport.ProxyError].
	Proxy *url.URL
	// NoProxy connects directly. It overrides Proxy and the environment.
	NoProxy bool
	// HTTP1Only disables HTTP/2, which can be slower for uploads because it has
	// one connection and small windows. It overrides PreferHTTP2.
	HTTP1Only bool
	// PreferHTTP2 uses HTTP/2, if the server supports it, for requests that are
	// marked by [transport.OwnConnection] too. Package client marks all its
	// requests.
	PreferHTTP2 bool

	// NoSendfile copies the bytes of files through memory instead of using
	// sendfile, which nethttp uses over plain HTTP/1.1 on Linux. Set it for
	// file systems on which sendfile returns other bytes than read, such as
	// some shared folders of virtual machines.
	NoSendfile bool

	// UnixSocket is the path of a socket for all requests, with any host and
	// without a proxy. "": TCP.
	UnixSocket string
	// DialContext opens each connection. If UnixSocket is set, network is
	// "unix". DialContext must be safe for concurrent use. With DialContext,
	// requests on js/wasm do not use the browser's fetch. nil: a net.Dialer.
	DialContext func(ctx context.Context, network, addr string) (net.Conn, error)

	// DialTimeout limits the time to open a connection. 0: 30 s. Negative: no
	// limit.
	DialTimeout time.Duration
	// TLSHandshakeTimeout limits the time of a TLS handshake. 0: 10 s.
	// Negative: no limit.
	TLSHandshakeTimeout time.Duration
	// IdleConnTimeout is the time after which an idle connection is closed. 0:
	// 90 s. Negative: no limit.
	IdleConnTimeout time.Duration
	// MaxIdleConns is the maximum number of idle connections to all hosts
	// together; the connection that has been idle for longest is closed first.
	// The limit applies separately to the same connections as MaxConnsPerHost.
	// Over HTTP/2, all idle connections are closed when more hosts than the limit
	// have answered. 0: 100, or MaxConnsPerHost if that is larger. Negative: no
	// limit.
	MaxIdleConns int
	// MaxConnsPerHost is the maximum number of connections to a host; further
	// requests wait. Over TLS, the limit applies separately to connections of
	// requests with [transport.OwnConnection], to shared connections, and to
	// connections without the client certificate. It applies separately to requests
	// with [transport.FreshConnection], too. 0 or less: no limit.
	MaxConnsPerHost int

	useOnce bool // a connection of HTTP/1.1 is for one request
}

// idleConnsPerHost is the number of idle connections that are kept for a host.
// With the default of net/http, which is 2, parallel uploads would close and
// open connections all the time.
const idleConnsPerHost = 16

// idleConns is the default number of idle connections that are kept for all hosts
// together. It is that of http.DefaultTransport.
const idleConns = 100

// maxHeader is the maximum size in bytes of the headers of an answer and the
// informational answers before it. The headers of large concatenations have
// about 100 KiB.
const maxHeader = 1 << 20

// New returns a client with the settings of c and its own Transport. Call
// CloseIdleConnections when you no longer need the client. Requests that are
// marked by [transport.OwnConnection] use HTTP/1.1, unless the server supports
// HTTP/2 only or c.PreferHTTP2 is set. Requests that are marked by
// [transport.FreshConnection] have a new connection each, which no other request uses.
//
// New sets neither Timeout nor ResponseHeaderTimeout. Timeout includes the time
// to send the body, and would end long uploads. ResponseHeaderTimeout starts
// after the body, when a server may need minutes to complete a large upload.
// Use the context of a request to limit its time.
//
// An answer with more than 1 MiB of headers fails.
//
// The client follows at most 10 redirects:
//
//   - A redirect that changes the method (301, 302 and 303 after POST, PATCH
//     and others) is not followed. The caller gets the answer with its Location.
//   - A redirect to a URL of more than 16 KiB is not followed either, and no redirect
//     that answers its request ([transport.IsFinalHop]).
//   - 307 and 308 keep method and body if the request has GetBody. Without
//     GetBody, the caller gets the answer.
//   - A redirect to another origin (scheme, host or port) has only the headers of
//     tus and those that describe the content. It has no Authorization, no
//     Cookie, no header of the caller, and no client certificate.
//   - A redirect from https to http fails with [ErrInsecureRedirect].
//   - A redirect to a URL that is not http or https fails with
//     [ErrInvalidRedirect].
func New(c Config) *http.Client {
	return &http.Client{
		Transport:     redirectReader{newIdentityPool(c)},
		CheckRedirect: checkRedirect,
	}
}

// newTransport returns a transport with a write buffer of the size of one read
// of a body, so that a request with a small body is sent in one packet.
func newTransport(c Config) *http.Transport {
	t := &http.Transport{
		Proxy:                 c.proxy(),
		TLSClientConfig:       c.tls(),
		TLSHandshakeTimeout:   timeout(c.TLSHandshakeTimeout, 10*time.Second),
		IdleConnTimeout:       timeout(c.IdleConnTimeout, 90*time.Second),
		ExpectContinueTimeout: time.Second,
		WriteBufferSize:       leastCopy,
		MaxIdleConns:          c.maxIdleConns(),
		MaxIdleConnsPerHost:   max(idleConnsPerHost, c.MaxConnsPerHost),
		MaxConnsPerHost:       max(c.MaxConnsPerHost, 0),
		ForceAttemptHTTP2:     !c.HTTP1Only,

		OnProxyConnectResponse: checkTunnel,
		MaxResponseHeaderBytes: maxHeader,
	}
	if c.useOnce {
		t.MaxIdleConnsPerHost = -1 // net/http keeps no connection
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

// tls returns the TLS configuration for servers.
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

// dial returns a function that opens a connection within the dial timeout.
func (c Config) dial() func(ctx context.Context, network, addr string) (net.Conn, error) {
	limit := timeout(c.DialTimeout, 30*time.Second)
	dial := c.DialContext
	if dial == nil {
		dial = (&net.Dialer{}).DialContext
	} else {
		dial = withDialTrace(dial)
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

// maxIdleConns returns the limit for net/http, in which 0 means no limit.
func (c Config) maxIdleConns() int {
	if c.MaxIdleConns == 0 {
		return max(idleConns, c.MaxConnsPerHost)
	}
	return max(c.MaxIdleConns, 0)
}

// timeout converts a timeout of Config to one of net/http, in which 0 means no
// limit.
func timeout(d, byDefault time.Duration) time.Duration {
	if d == 0 {
		return byDefault
	}
	return max(d, 0)
}
