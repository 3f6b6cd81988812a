// Package wire has the one HTTP exchange of uploads and downloads: it builds a request
// from the caller's headers and those of the protocol, sends the body, ends a request
// that shows no sign of life, follows what redirects mean for the upload, and turns
// every failure into a *failure.Error whose class is set.
package wire

import (
	"context"
	"encoding/base64"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/internal/address"
	"github.com/tusker-go/tusker/transport"
	"github.com/tusker-go/tusker/transport/hostcache"
)

// Conn has the settings and facts that the exchanges of one Client share. It is safe for
// concurrent use and must not be copied. Its exported fields do not change.
type Conn struct {
	Doer     transport.Doer
	Header   http.Header    // of every request, under the headers of a call
	Endpoint *url.URL       // nil: none
	Trusted  []*url.URL     // origins that get headers and credentials, as the endpoint does
	TrustAll bool           // every origin does
	Jar      http.CookieJar // cookies of the endpoint's origin; nil: none
	Log      *slog.Logger
	Stall    time.Duration // longest time without a sign of life; 0: no limit
	Finish   time.Duration // the same at the end of an upload; 0: no limit
	Pace     *Pace
	Classify func(*failure.Error, failure.Class) failure.Class // nil: the class stands

	reuse    reuse
	answered hostcache.Cache[struct{}] // hosts that exist, by name
}

// Call has what the exchanges of one upload or download have in common.
type Call struct {
	// Header is sent with each request, over those of the Conn and under those of the
	// protocol.
	Header http.Header

	// Home is the URL whose origin may get the headers if the Conn has no Endpoint.
	// nil: every origin may.
	Home *url.URL

	// Warned has the header fields that the log has a warning about. nil: there is a
	// warning for each answer.
	Warned *Names
}

// With returns the call with further headers under its own.
func (c Call) With(header http.Header) Call {
	header = header.Clone()
	Merge(header, c.Header)
	c.Header = header
	return c
}

// SetEndpoint sets the endpoint to u without its user information. The user information
// becomes a header of every request unless there is such a header already, because a
// Location does not contain it.
func (c *Conn) SetEndpoint(u *url.URL) {
	if u.User != nil {
		if c.Header.Get("Authorization") == "" {
			c.Header.Set("Authorization", basicAuth(u.User))
		}
		u.User = nil
	}
	c.Endpoint = u
}

func basicAuth(u *url.Userinfo) string {
	password, _ := u.Password()
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(u.Username()+":"+password))
}

// Address returns the URL of the endpoint, or "" if there is none.
func (c *Conn) Address() string {
	if c.Endpoint == nil {
		return ""
	}
	return c.Endpoint.String()
}

// Serves reports whether the server of the endpoint is that of a URL.
func (c *Conn) Serves(rawURL string) bool {
	u, err := url.Parse(transport.EscapeURL(rawURL))
	return err == nil && c.Endpoint != nil && transport.SameOrigin(c.Endpoint, u)
}

// mayShare reports whether headers given for the endpoint may go to u.
func (c *Conn) mayShare(u, home *url.URL) bool {
	if c.Endpoint != nil {
		home = c.Endpoint
	}
	return c.TrustAll || home == nil || transport.SameOrigin(home, u) ||
		slices.ContainsFunc(c.Trusted, func(t *url.URL) bool { return transport.SameOrigin(t, u) })
}

// build makes the request of x: the caller's headers under those of the protocol.
func (c *Conn) build(ctx context.Context, x Request, call Call) (*http.Request, error) {
	u, err := address.Parse(x.URL)
	if err != nil {
		return nil, err
	}
	// Several uploads over one connection would slow each other down.
	ctx = transport.OwnConnection(ctx)
	fresh := c.reuse.harms(x.URL)
	if fresh {
		ctx = transport.FreshConnection(ctx)
	}
	share := c.mayShare(u, call.Home)
	if !share {
		ctx = transport.WithoutCredentials(ctx)
	}
	// http.NewRequest would parse the URL once more.
	req := (&http.Request{
		Method: x.Method, URL: u, Host: u.Host, Header: make(http.Header), Body: http.NoBody,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Close: fresh, // a Doer that ignores the mark at least leaves no connection for the next request
	}).WithContext(ctx)
	if share {
		if err := CheckHeader(call.Header); err != nil {
			return nil, err
		}
		Merge(req.Header, c.Header)
		Merge(req.Header, call.Header)
		takeHost(req)
	}
	if c.Jar != nil && c.keepsCookies(u, u, call.Home) {
		c.addCookies(req)
	}
	if x.Set != nil {
		if err := x.Set(req.Header); err != nil {
			return nil, err
		}
	}
	return req, nil
}

// takeHost moves a Host header to the request, because net/http ignores it among the
// headers.
func takeHost(req *http.Request) {
	if host := req.Header.Get("Host"); host != "" {
		req.Host = host
		req.Header.Del("Host")
	}
}

// send has the Doer send req. A Doer of the caller or of a test may not follow
// http.Client.Do in every detail.
func (c *Conn) send(req *http.Request) (*http.Response, error) {
	resp, err := c.Doer.Do(req)
	switch {
	case err != nil:
	case resp == nil:
		return nil, failure.ErrNoAnswer
	case resp.Body == nil:
		resp.Body = http.NoBody
	}
	if err == nil {
		c.answered.Set(req.URL.Hostname(), struct{}{})
	}
	return resp, err
}

// isUnknown reports whether err means that the host of rawURL does not exist. A host that
// has answered before exists: the name service of a machine without a network may say
// otherwise.
func (c *Conn) isUnknown(rawURL string, err error) bool {
	dns, ok := errors.AsType[*net.DNSError](err)
	if !ok || !dns.IsNotFound {
		return false
	}
	u, perr := url.Parse(transport.EscapeURL(rawURL))
	if perr != nil {
		return false
	}
	_, exists := c.answered.Get(u.Hostname())
	return !exists
}
