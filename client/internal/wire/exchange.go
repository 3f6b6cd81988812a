package wire

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/internal/address"
	"github.com/tusker-go/tusker/client/internal/cause"
	"github.com/tusker-go/tusker/client/internal/header"
	"github.com/tusker-go/tusker/client/internal/network"
	"github.com/tusker-go/tusker/client/internal/redact"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/transport"
	"github.com/tusker-go/tusker/transport/nethttp"
)

// Request is one exchange: what is sent, and how its answer is understood.
type Request struct {
	Op     protocol.Op
	Method string
	URL    string

	// Set sets the headers of the protocol. nil: none.
	Set func(protocol.Header) error

	// Body is the payload. nil: none.
	Body *Body

	// Slow means that the answer may take FinishTimeout.
	Slow bool

	// Stall replaces Conn.Stall if it is shorter. 0: Conn.Stall.
	Stall time.Duration

	// Success returns an error for an answer that is not a success of the exchange.
	Success func(op protocol.Op, status int, h http.Header) error

	// Interim reads an interim response (1xx). It is called on the goroutine that reads the
	// connection, one call at a time, so it must neither block nor do I/O. nil: interim responses
	// are ignored.
	Interim func(Interim) News

	// Learned is called on a goroutine of its own after Interim returned Fact or Growth,
	// one call at a time. It may take long, and one call may follow several responses. The last
	// call has returned when Do returns. An error ends the exchange. It is set if
	// Interim is.
	Learned func() error

	// Final reports whether a redirect answers the request, so that it is not followed. nil: no
	// redirect does.
	Final func(status int, h http.Header) bool

	// Parse reads the headers of a success. It returns the Location of an upload that the
	// answer names, or "", and the offset that the answer names, for the debug record. nil:
	// nothing is read.
	Parse func(http.Header) (location string, offset int64, err error)

	// Judge sets the class of an error answer, and the fields that follow from its text. sent
	// is the header of the request. Judge may replace e.Err by an error that wraps it.
	Judge func(e *failure.Error, sent http.Header)

	// Consume reads the body of a success, and sets the Offset of the Answer. nil: the body is
	// dropped.
	Consume func(*Answer) error
}

// Answer is a server's answer to one exchange.
type Answer struct {
	StatusCode int
	Header     http.Header

	// URL is the URL to use for the upload from now on: the Location that Parse returned, or
	// else the URL of the request, or the URL that permanent redirects (301, 308) led to.
	URL string

	// Next is the URL of the next request: URL, or the target of redirects that are valid for
	// one request.
	Next string

	// Offset is how many bytes the server or the download has, as far as the answer says. It is
	// part of the debug record.
	Offset int64

	// Body is the content of the answer, for Request.Consume.
	Body *Content

	exchange *exchange
	where    *url.URL // that answered
	host     string   // of the request that was answered
}

// Resolve returns the absolute URL of a Location in the answer.
func (a *Answer) Resolve(location string) (string, error) {
	return resolve(a.where, a.host, location)
}

func resolve(base *url.URL, host, location string) (string, error) {
	u, err := address.Resolve(base, host, location)
	if err != nil {
		return "", err
	}
	return u.String(), nil
}

// Refuse returns the error of an answer whose status is a success, but which does not fit the
// request.
func (a *Answer) Refuse(err error) error { return a.exchange.refuse("", err) }

// RefuseText is Refuse for an answer whose body was read: text is the beginning of the body.
func (a *Answer) RefuseText(text string, err error) error { return a.exchange.refuse(text, err) }

// Lost returns the error of an answer that broke off.
func (a *Answer) Lost(err error) error { return a.exchange.fail(err) }

// Do sends x once and reads its answer. Every error is a *failure.Error, except an
// error of Request.Consume.
func (c *Conn) Do(ctx context.Context, x Request, call Call) (*Answer, error) {
	began := time.Now()
	e := &exchange{Request: x, conn: c, call: call}
	answer, err := e.run(ctx)
	if !c.Log.Enabled(ctx, slog.LevelDebug) {
		return answer, err
	}
	attrs := []slog.Attr{
		slog.String("op", string(x.Op)),
		slog.String("url", redact.URL(x.URL)),
		slog.Duration("took", time.Since(began)),
	}
	if e.resp != nil {
		attrs = append(attrs, slog.Int("status", e.resp.StatusCode))
	}
	if answer != nil {
		attrs = append(attrs, slog.Int64("offset", answer.Offset))
	}
	if err != nil {
		attrs = append(attrs, slog.Any("err", err))
	}
	c.Log.LogAttrs(ctx, slog.LevelDebug, "exchange", attrs...)
	return answer, err
}

// exchange is one request under way.
type exchange struct {
	Request
	conn *Conn
	call Call

	dog       *watchdog
	following *connecting
	interims  *interims // nil: they are ignored
	hops      *transport.Hops
	auth      *transport.AuthTrace
	req       *http.Request
	resp      *http.Response // nil until there is an answer
}

func (e *exchange) run(ctx context.Context) (*Answer, error) {
	ctx, e.dog = watch(ctx, shorter(e.conn.Stall, e.Stall), e.conn.Finish)
	defer e.dog.stop()
	ctx, e.hops = transport.FollowHops(ctx, e.isFinal)
	e.interims = readInterims(e.Request, e.hops, e.dog, e.dog.cancel)
	defer func() { _ = e.interims.finish() }()
	ctx, e.following = follow(ctx, e.dog, e.interims)
	ctx, e.auth = transport.TraceAuth(ctx)

	var err error
	if e.req, err = e.conn.build(ctx, e.Request, e.call); err != nil {
		return nil, e.fail(err)
	}
	transport.MarkHop(e.req) // a Doer that follows no redirects marks nothing
	hasBody := e.Body != nil && e.Body.Chunk.Len() > 0
	switch {
	case hasBody:
		e.Body.lost = e.following.lost
		if err := e.Body.attach(ctx, e.req, e.dog, e.conn.Pace); err != nil {
			return nil, e.fail(err)
		}
		// The Doer may still be reading when it returns.
		defer e.Body.stop()
		if e.Body.InMemory && e.Body.Final {
			e.dog.finishing() // nothing is told of the bytes when they are sent
		}
	case e.Slow, e.Body != nil && e.Body.Final:
		e.dog.finishing()
	}
	resp, err := e.send(ctx)
	if err != nil {
		return nil, e.fail(err)
	}
	e.resp = resp
	defer func() { _ = resp.Body.Close() }()
	e.dog.alive()
	ended := context.Cause(ctx)
	answer, err := e.read(ctx)
	if isAnswerError(err) && errors.Is(ended, failure.ErrStalled) {
		// The server saw the end of the request, and answered that.
		e.resp = nil
		return nil, e.fail(ended)
	}
	return answer, err
}

// send sends the request, and returns its answer once no further interim response is read. The
// caller closes the body of the answer.
func (e *exchange) send(ctx context.Context) (*http.Response, error) {
	resp, err := e.conn.send(e.req)
	if e.conn.Jar != nil {
		e.conn.storeCookies(e.req, resp, e.call.Home)
	}
	ended := e.interims.finish()
	if ended == nil && err == nil {
		return resp, nil
	}
	if resp != nil && resp.Body != nil {
		_ = resp.Body.Close()
	}
	if ended != nil {
		return nil, ended
	}
	if resp != nil && !nethttp.IsInvalidRedirect(err) {
		// net/http returns an answer and an error for a redirect that the client refused to follow.
		err = fmt.Errorf("%w: %w", failure.ErrRedirected, transport.RedactError(err))
	}
	return nil, e.cause(ctx, err)
}

// isAnswerError reports whether err is about an answer, and not an error of Request.Consume.
func isAnswerError(err error) bool {
	_, ok := errors.AsType[*failure.Error](err)
	return ok
}

// isFinal reports whether a redirect answers the request.
func (e *exchange) isFinal(resp *http.Response) bool {
	return e.Final != nil && e.Final(resp.StatusCode, resp.Header)
}

// shorter returns the shorter of two limits, of which 0 is none.
func shorter(a, b time.Duration) time.Duration {
	if a == 0 || b == 0 {
		return max(a, b)
	}
	return min(a, b)
}

// read checks the answer and reads it.
func (e *exchange) read(ctx context.Context) (*Answer, error) {
	final := e.req
	if e.resp.Request != nil && e.resp.Request.URL != nil {
		final = e.resp.Request
	}
	refused := e.Success(e.Op, e.resp.StatusCode, e.resp.Header)
	text := ""
	if e.Consume == nil || refused != nil {
		var err error
		if text, err = readText(e.resp); err != nil {
			// The body is not needed: the status of an error and the headers of a success are
			// enough.
			e.conn.Log.LogAttrs(ctx, slog.LevelDebug, "answer broke off", slog.String("op", string(e.Op)),
				slog.String("url", redact.URL(e.URL)), slog.Any("err", transport.RedactError(err)))
		}
	}
	// Middleware may send a PATCH as a POST; only a redirect makes it a GET.
	if final.Method == http.MethodGet && e.Method != http.MethodGet {
		return nil, e.refuse(text, fmt.Errorf("%w: %s became %s at %s", failure.ErrRedirected, e.Method, final.Method, transport.RedactURL(final.URL)))
	}
	if e.req.URL.Scheme == "https" && final.URL.Scheme == "http" {
		return nil, e.refuse(text, fmt.Errorf("%w to %s: %w", failure.ErrRedirected, transport.RedactURL(final.URL), nethttp.ErrInsecureRedirect))
	}
	if refused != nil {
		if errors.Is(refused, protocol.ErrRedirect) {
			refused = address.RedirectError(refused, final.URL, e.resp.Header.Get("Location"))
		}
		return nil, e.refuse(text, refused)
	}
	answer := &Answer{StatusCode: e.resp.StatusCode, Header: e.resp.Header, exchange: e}
	location := ""
	if e.Parse != nil {
		var err error
		if location, answer.Offset, err = e.Parse(e.resp.Header); err != nil {
			return nil, e.refuse(text, err)
		}
	}
	if err := e.locate(answer, location, final); err != nil {
		return nil, e.refuse(text, err)
	}
	if e.Consume == nil {
		return answer, nil
	}
	answer.Body = &Content{
		Length: e.resp.ContentLength, Delimited: len(e.resp.TransferEncoding) > 0 || e.resp.ProtoMajor > 1,
		Uncompressed: e.resp.Uncompressed, exchange: e, ctx: ctx,
	}
	e.dog.pause()
	return answer, e.Consume(answer)
}

// locate sets the URL of the upload and that of its next request.
func (e *exchange) locate(answer *Answer, location string, final *http.Request) error {
	where, lasting, err := address.Redirects(e.req.URL, final)
	if err != nil {
		return err
	}
	answer.where, answer.host = where, final.Host
	if location != "" {
		answer.URL, err = answer.Resolve(location)
		answer.Next = answer.URL
		return err
	}
	answer.URL = e.req.URL.String()
	answer.Next = answer.URL
	if where != e.req.URL {
		answer.Next = address.WithoutFragment(where)
	}
	if lasting != e.req.URL {
		answer.URL = address.WithoutFragment(lasting)
	}
	return nil
}

// fail returns the error of an exchange without a complete answer.
func (e *exchange) fail(err error) error {
	f := &failure.Error{
		Op: e.Op, URL: e.URL, Err: err, Class: network.Class(err),
		AnswerLost: e.following.mayHaveArrived(err), UnknownHost: e.conn.isUnknown(e.URL, err),
	}
	if e.resp == nil {
		f.Stale = e.following.stale(err)
		if f.Stale || e.following.suspect(err) {
			e.conn.reuse.failed(e.URL)
		}
	}
	return e.conn.classified(f)
}

// refuse returns the error of an answer that does not fit the request.
func (e *exchange) refuse(text string, err error) error {
	f := &failure.Error{
		Op: e.Op, URL: e.URL, StatusCode: e.resp.StatusCode, Header: e.resp.Header, Body: withoutSecrets(text, e.req, e.resp.Request),
		Err: err, HeaderSize: header.Size(e.req.Header), Renewable: e.auth.Renewable(),
		AnswerLost: e.resp.StatusCode == http.StatusBadGateway || e.resp.StatusCode == http.StatusGatewayTimeout,
	}
	// The Doer may write to the trailer after an early answer, so the trailer itself is not
	// looked at.
	sent := e.req.Header
	if e.Body != nil && e.Body.Trailer != nil {
		sent = sent.Clone()
		sent[e.Body.Trailer.Name] = []string{""}
	}
	findFullDisk(f)
	e.Judge(f, sent)
	_ = e.conn.classified(f)
	if f.Class == failure.ClassAuth {
		e.auth.Refuse()
	}
	return f
}

// classified applies the caller's Classify to a new error.
func (c *Conn) classified(e *failure.Error) *failure.Error {
	e.Header = header.Keep(e.Header)
	if c.Classify == nil {
		return e
	}
	before := e.Class
	if e.Class = c.Classify(e, before); e.Class != before && e.Denial.StatusCode != 0 {
		e.Denial.Refused = e.Class == failure.ClassFinal
	}
	return e
}

// NewError returns the error of an exchange that was never sent.
func (c *Conn) NewError(op protocol.Op, rawURL string, err error) error {
	return c.classified(&failure.Error{Op: op, URL: rawURL, Err: err, Class: network.Class(err)})
}

// cause finds the first cause of an exchange without an answer: an error of the source
// before one of the network, and the reason of a cancellation before its effect.
func (e *exchange) cause(ctx context.Context, err error) error {
	if e.Body != nil {
		if cause := e.Body.sourceError(); cause != nil {
			return cause
		}
	}
	switch {
	case nethttp.IsInvalidRedirect(err):
		// net/http puts the whole Location into the text.
		return fmt.Errorf("%w to an unreadable address: %w", failure.ErrRedirected, nethttp.ErrInvalidRedirect)
	case ctx.Err() == nil:
		return network.Error(err)
	}
	if cause := context.Cause(ctx); errors.Is(cause, failure.ErrStalled) {
		return cause
	}
	return cause.Why(ctx)
}
