package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/transport"
	"github.com/tusker-go/tusker/transport/nethttp"
)

// ErrRedirected means that a redirect would have changed the request, or did:
// a POST, PATCH or DELETE must not turn into a GET on its way. The error's text
// names the new address where the server gave one. Where the answer was a 3xx,
// the error Is [protocol.ErrRedirect] as well.
var ErrRedirected = errors.New("redirected")

// ErrNotTus means that somebody else than a tus server answered, with a success:
// the URL is another one's, or something stands between, such as Wi-Fi that wants
// a login.
var ErrNotTus = errors.New("the answer is not that of a tus server")

const (
	maxErrorBody = 4 << 10  // kept of the body of an error
	maxDrain     = 64 << 10 // read of an unwanted body to keep its connection
)

// An exchange is one request and what is expected of its answer.
type exchange struct {
	op     protocol.Op
	method string
	url    string
	set    func(protocol.Header) error                   // headers of the protocol
	body   *body                                         // nil: none
	parse  func(protocol.Header) (protocol.State, error) // nil: nothing to read
	slow   bool                                          // the answer may take FinishTimeout
}

// do sends x once and reads its answer. Every error is an *Error.
func (c *Client) do(ctx context.Context, x exchange, opts *CallOptions) (*Reply, error) {
	began := time.Now()
	reply, err := c.roundTrip(ctx, x, opts)
	if reply != nil {
		for _, w := range reply.State.Warnings {
			c.log.LogAttrs(ctx, slog.LevelWarn, "unreadable header", slog.String("op", string(x.op)),
				slog.String("url", redact(x.url)), slog.Any("err", w))
		}
	}
	if !c.log.Enabled(ctx, slog.LevelDebug) {
		return reply, err
	}
	attrs := []slog.Attr{
		slog.String("op", string(x.op)),
		slog.String("url", redact(x.url)),
		slog.Duration("took", time.Since(began)),
	}
	if reply != nil {
		attrs = append(attrs, slog.Int("status", reply.StatusCode), slog.Int64("offset", reply.State.Offset))
	}
	if err != nil {
		attrs = append(attrs, slog.Any("err", err))
	}
	c.log.LogAttrs(ctx, slog.LevelDebug, "exchange", attrs...)
	return reply, err
}

func (c *Client) roundTrip(ctx context.Context, x exchange, opts *CallOptions) (*Reply, error) {
	ctx, dog := watch(ctx, c.stall, c.finish)
	defer dog.stop()
	ctx, conn := follow(ctx, dog)
	fail := func(err error) (*Reply, error) {
		return nil, c.classified(&Error{Op: x.op, URL: x.url, Err: err, unsent: conn.unsent()})
	}
	ctx, auth := transport.TraceAuth(ctx)

	req, err := c.request(ctx, x, opts)
	if err != nil {
		return fail(err)
	}
	switch {
	case x.body != nil && x.body.data != nil:
		req.Body, _ = x.body.known()
		req.ContentLength, req.GetBody = x.body.size, x.body.known
	case x.body != nil && x.body.size > 0:
		x.body.dog = dog
		x.body.pace, x.body.wait = c.pace, func(n int) error { return c.pace.wait(ctx, n) }
		req.Body, err = x.body.open()
		if err != nil {
			return fail(err)
		}
		req.ContentLength = x.body.size
		req.GetBody = x.body.open
		if x.body.sum.trailer {
			x.body.trailing(req, x.body.sum)
		}
		// The Doer may still be reading when it returns. The source must not
		// be touched after that.
		defer x.body.stop()
	case x.slow || x.body != nil && x.body.last:
		dog.finishing()
	}

	// The Doer may write to the trailer after an early answer.
	summed := len(req.Header[protocol.HeaderUploadChecksum]) > 0 || len(req.Trailer) > 0
	resp, err := c.send(req)
	if err != nil {
		if resp != nil && resp.Body != nil {
			_ = resp.Body.Close()
		}
		if resp != nil && !nethttp.IsInvalidRedirect(err) {
			// An answer along with an error is how net/http returns a redirect
			// that the client refused to follow.
			err = fmt.Errorf("%w: %w", ErrRedirected, transport.RedactError(err))
		}
		return fail(c.failure(ctx, x, err))
	}
	defer func() { _ = resp.Body.Close() }()
	dog.alive()

	final := req
	if resp.Request != nil && resp.Request.URL != nil {
		final = resp.Request
	}
	text, err := readAnswer(resp)
	if err != nil {
		// An error's status stands on its own; a success that breaks off has
		// said what it had to say in its headers.
		c.log.LogAttrs(ctx, slog.LevelDebug, "answer broke off", slog.String("op", string(x.op)),
			slog.String("url", redact(x.url)), slog.Any("err", transport.RedactError(err)))
	}
	failed := func(err error) (*Reply, error) {
		if summed && resp.StatusCode == http.StatusExpectationFailed {
			err = fmt.Errorf("%w: %w", protocol.ErrChecksumMismatch, err) // as rustus has it
		}
		failure := c.classified(&Error{
			Op: x.op, URL: x.url, StatusCode: resp.StatusCode, Code: errorCode(text),
			Header: resp.Header, Body: text, After: retryAfter(resp.Header, time.Now()), Err: err,
			renewable: auth.Renewable(),
		})
		if failure.Class() == ClassAuth {
			auth.Refuse()
		}
		return nil, failure
	}
	// Middleware may send a PATCH as a POST; only a redirect makes it a GET.
	if final.Method == http.MethodGet {
		return failed(fmt.Errorf("%w: %s became %s at %s", ErrRedirected, req.Method, final.Method, transport.RedactURL(final.URL)))
	}
	if req.URL.Scheme == "https" && final.URL.Scheme == "http" {
		return failed(fmt.Errorf("%w to %s: %w", ErrRedirected, transport.RedactURL(final.URL), nethttp.ErrInsecureRedirect))
	}
	if err := protocol.StatusError(x.op, resp.StatusCode); err != nil {
		if errors.Is(err, protocol.ErrRedirect) {
			err = redirectError(err, final.URL, resp.Header)
		}
		return failed(err)
	}
	reply := &Reply{StatusCode: resp.StatusCode, Header: resp.Header}
	if x.parse != nil {
		if reply.State, err = x.parse(resp.Header); err != nil {
			return failed(notTus(err, resp.Header))
		}
	}
	where, lasting, err := redirects(req.URL, final)
	if err != nil {
		return failed(err)
	}
	if reply.State.Location != "" {
		location, err := resolveLocation(where, reply.State.Location)
		if err != nil {
			return failed(err)
		}
		reply.State.Location = location.String()
		reply.URL = reply.State.Location
	} else {
		reply.State.Location, reply.URL = req.URL.String(), req.URL.String()
		if where != req.URL {
			reply.State.Location = withoutFragment(where)
		}
		if lasting != req.URL {
			reply.URL = withoutFragment(lasting)
		}
	}
	return reply, nil
}

var errNoAnswer = errors.New("the Doer gave neither an answer nor an error")

// send has the Doer send req. One of the caller's own, or of a test, may not keep
// to the letter of http.Client.Do.
func (c *Client) send(req *http.Request) (*http.Response, error) {
	resp, err := c.doer.Do(req)
	switch {
	case err != nil:
	case resp == nil:
		return nil, errNoAnswer
	case resp.Body == nil:
		resp.Body = http.NoBody
	}
	return resp, err
}

// request builds the request of x: the caller's headers under those of the
// protocol.
func (c *Client) request(ctx context.Context, x exchange, opts *CallOptions) (*http.Request, error) {
	u, raw := c.endpoint, x.url
	if u == nil || raw != c.address { // It was parsed before.
		var err error
		if u, err = parseURL(raw); err != nil {
			return nil, err
		}
		raw = u.String()
	}
	// One connection for all is what an upload is slow over.
	ctx = transport.OwnConnection(ctx)
	share := c.mayShare(u, opts.origin())
	if !share {
		ctx = transport.WithoutCredentials(ctx)
	}
	req, err := http.NewRequestWithContext(ctx, x.method, raw, http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalidURL, transport.RedactError(err))
	}
	if share {
		if err := checkHeader(opts.header()); err != nil {
			return nil, err
		}
		merge(req.Header, c.header)
		merge(req.Header, opts.header())
		takeHost(req)
	}
	if x.set != nil {
		if err := x.set(req.Header); err != nil {
			return nil, err
		}
	}
	return req, nil
}

// takeHost honours a given Host header, which net/http reads from the request
// and not from its headers.
func takeHost(req *http.Request) {
	if host := req.Header.Get("Host"); host != "" {
		req.Host = host
		req.Header.Del("Host")
	}
}

// failure finds the first cause of an exchange without an answer: the source
// before the network, and the reason for a cancellation before its effect.
func (c *Client) failure(ctx context.Context, x exchange, err error) error {
	if x.body != nil {
		if cause := x.body.sourceError(); cause != nil {
			return cause
		}
	}
	switch {
	case nethttp.IsInvalidRedirect(err):
		// net/http puts the whole Location into the text.
		return fmt.Errorf("%w to an unreadable address: %w", ErrRedirected, nethttp.ErrInvalidRedirect)
	case ctx.Err() == nil:
		return &redacted{withoutLongText(err)}
	}
	if cause := context.Cause(ctx); errors.Is(cause, ErrStalled) {
		return cause
	}
	return ended(ctx)
}

// ended says why ctx is done: an error that Is its cause, and ctx.Err() too.
func ended(ctx context.Context) error {
	cause, err := context.Cause(ctx), ctx.Err()
	if errors.Is(cause, err) {
		return cause
	}
	return fmt.Errorf("%w: %w", err, cause)
}

// readAnswer gives the beginning of an error's body, and reads a little more of
// any body so that its connection can be used again. What follows a switch of
// protocols is nobody's answer, and no context ends the reading of it.
func readAnswer(resp *http.Response) (string, error) {
	if resp.StatusCode == http.StatusSwitchingProtocols {
		return "", nil
	}
	var text []byte
	var err error
	if resp.StatusCode >= http.StatusBadRequest {
		text, err = io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
	}
	if err == nil && resp.Body != http.NoBody {
		_, err = io.CopyN(io.Discard, resp.Body, maxDrain)
		if errors.Is(err, io.EOF) {
			err = nil
		}
	}
	return string(text), err
}

func redirectError(err error, from *url.URL, h http.Header) error {
	location := h.Get("Location")
	if location == "" {
		return fmt.Errorf("%w: %w", ErrRedirected, err)
	}
	if checkLocation(location) != nil {
		return fmt.Errorf("%w to an unreadable address: %w", ErrRedirected, err)
	}
	to, perr := url.Parse(transport.EscapeURL(location))
	if perr != nil {
		return fmt.Errorf("%w to an unreadable address: %w", ErrRedirected, err)
	}
	return fmt.Errorf("%w to %s: %w", ErrRedirected, transport.RedactURL(from.ResolveReference(to)), err)
}

// notTus adds what the answer was where that explains why it lacks a header.
func notTus(err error, h http.Header) error {
	if !errors.Is(err, protocol.ErrMissingHeader) || h.Get(protocol.HeaderResumable) != "" {
		return err
	}
	if t := h.Get("Content-Type"); t != "" {
		return fmt.Errorf("%w: %w: it is %q", err, ErrNotTus, shortened(t, maxWords))
	}
	return fmt.Errorf("%w: %w", err, ErrNotTus)
}

func redact(raw string) string {
	u, err := url.Parse(transport.EscapeURL(raw))
	if err != nil {
		return "(unreadable URL)"
	}
	return transport.RedactURL(u)
}
