package client

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"net/http"
	"strings"

	"github.com/tusker-go/tusker/client/internal/engine"
	"github.com/tusker-go/tusker/client/internal/header"
	"github.com/tusker-go/tusker/client/internal/tus"
	"github.com/tusker-go/tusker/client/internal/wire"
	"github.com/tusker-go/tusker/client/source"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/transport"
)

// CallOptions adjusts one call. nil and the zero value change nothing.
type CallOptions struct {
	// Header is sent with every request of this call. It wins over Config.Header, and
	// the headers of the protocol win over it. nil: none.
	Header http.Header

	// OnEvent is told of each EventRetry and EventWaiting of Metadata, in the goroutine of
	// the caller. Other calls have no such events; see Client.Retry. nil: of none.
	OnEvent func(Event)
}

func (o *CallOptions) call() wire.Call {
	if o == nil {
		return wire.Call{}
	}
	return wire.Call{Header: o.Header}
}

// Reply is a server's answer to one exchange.
type Reply struct {
	// State is what the answer says of the upload. Its Location is absolute. In an
	// answer to any exchange but a creation, it is the URL of the request, or the URL that
	// redirects led to.
	State protocol.State

	// URL is the URL to use for the upload from now on: the Location of a creation, or
	// else the URL of the request, or the URL that permanent redirects (301, 308) led to.
	URL string

	// Capabilities is set in the answer to Options only.
	Capabilities protocol.Capabilities

	// StatusCode and Header are those of the answer. Some servers return their own
	// identifiers in headers.
	StatusCode int
	Header     http.Header
}

func replyOf(r *tus.Reply, err error) (*Reply, error) {
	if err != nil {
		return nil, err
	}
	return &Reply{State: r.State, URL: r.URL, Capabilities: r.Capabilities, StatusCode: r.StatusCode, Header: r.Header}, nil
}

// tusEndpoint returns the endpoint for an exchange that only tus has.
func (c *Client) tusEndpoint(op protocol.Op) (string, error) {
	endpoint, err := c.creationURL()
	if err != nil {
		return "", c.conn.NewError(op, "", err)
	}
	return endpoint, c.onlyTus(op, endpoint)
}

// Options asks the server what it supports (tus 1.0.0, OPTIONS). It does one exchange
// without a retry, unless the Doer retries.
func (c *Client) Options(ctx context.Context, opts *CallOptions) (*Reply, error) {
	endpoint, err := c.tusEndpoint(protocol.OpOptions)
	if err != nil {
		return nil, err
	}
	return replyOf(c.server.Options(ctx, endpoint, opts.call()))
}

// Create makes a new upload without sending any of its bytes (tus 1.0.0, Creation). It
// does one exchange without a retry, because after a failure without an answer the server
// may have an upload whose URL was lost. The reply's State.Location is the URL of the
// upload. Creation.WithBody is ignored.
func (c *Client) Create(ctx context.Context, creation protocol.Creation, opts *CallOptions) (*Reply, error) {
	endpoint, err := c.tusEndpoint(protocol.OpCreate)
	if err != nil {
		return nil, err
	}
	return replyOf(c.server.Create(ctx, endpoint, creation, nil, opts.call()))
}

// CreateWithUpload makes a new upload and sends the first size bytes of r with the same
// request (tus 1.0.0, Creation With Upload). It does one exchange without a retry.
// Only a server that announces the extension keeps the bytes; the reply's State.Offset
// says how many, and is 0 if the server did not say. Creation.WithBody is ignored. r is
// treated as by Patch.
func (c *Client) CreateWithUpload(ctx context.Context, creation protocol.Creation, r io.Reader, size int64, opts *CallOptions) (*Reply, error) {
	b, err := bodyOf(r, 0, size)
	if err != nil {
		return nil, c.conn.NewError(protocol.OpCreate, "", err)
	}
	b.Final = creation.Length == protocol.Known(size)
	endpoint, err := c.tusEndpoint(protocol.OpCreate)
	if err != nil {
		return nil, err
	}
	return replyOf(c.server.Create(ctx, endpoint, creation, b, opts.call()))
}

// Concat joins complete partial uploads, in the order of parts, into a new final upload
// (tus 1.0.0, Concatenation). It does one exchange without a retry.
func (c *Client) Concat(ctx context.Context, parts []string, metadata protocol.Metadata, opts *CallOptions) (*Reply, error) {
	endpoint, err := c.tusEndpoint(protocol.OpConcat)
	if err != nil {
		return nil, err
	}
	return replyOf(c.server.Concat(ctx, endpoint, parts, metadata, opts.call()))
}

// Head asks how much the server has of the upload at url, and its length and metadata (tus
// 1.0.0, HEAD). It does one exchange without a retry, unless the Doer retries. tusd ends a
// PATCH of the same upload that is still running when it gets a HEAD.
func (c *Client) Head(ctx context.Context, url string, opts *CallOptions) (*Reply, error) {
	if err := c.onlyTus(protocol.OpHead, url); err != nil {
		return nil, err
	}
	return replyOf(c.server.Head(ctx, url, opts.call()))
}

// Patch sends size bytes of r to the upload at url, beginning at patch.Offset, which must
// be the server's own offset (tus 1.0.0, PATCH). It does one exchange without a retry.
// The reply's State.Offset is the new offset; after any error, only Head tells how much
// arrived.
//
// Patch does not read r after it has returned, and does not close r. It therefore waits for
// a running Read, even after ctx ended. If r is a *bytes.Reader, *strings.Reader or
// *io.SectionReader, a redirect that keeps the method can be followed.
func (c *Client) Patch(ctx context.Context, url string, patch protocol.Patch, r io.Reader, size int64, opts *CallOptions) (*Reply, error) {
	b, err := bodyOf(r, patch.Offset, size)
	if err != nil {
		return nil, c.conn.NewError(protocol.OpPatch, url, err)
	}
	if err := c.onlyTus(protocol.OpPatch, url); err != nil {
		return nil, err
	}
	return replyOf(c.server.Patch(ctx, url, patch, b, opts.call()))
}

// Terminate deletes the upload at url, complete or not (tus 1.0.0, Termination), in the protocol
// of Config.Protocol. It does one exchange without a retry, but repeats it once at once if a
// reused connection died before there was an answer. An upload that is gone then counts as
// deleted.
func (c *Client) Terminate(ctx context.Context, url string, opts *CallOptions) (*Reply, error) {
	if v, _ := c.speech.get(); v != 0 {
		return c.remove(ctx, v, url, opts.call())
	}
	return replyOf(c.server.Terminate(ctx, url, opts.call()))
}

// Metadata reads the metadata of the upload at url (tus 1.0.0, Upload-Metadata), with
// retries. An upload without metadata has none. The error is an *Error; if a part of the
// metadata cannot be read, the rest is returned with the error.
func (c *Client) Metadata(ctx context.Context, url string, opts *CallOptions) (protocol.Metadata, error) {
	if err := c.onlyTus(protocol.OpHead, url); err != nil {
		return nil, err
	}
	var reply *tus.Reply
	told := &teller{}
	if opts != nil {
		told.callback = newCallback(opts.OnEvent)
	}
	query := engine.Query{Rules: c.rules, URL: url, Tell: told.hear}
	_, err := query.Repeat(ctx, func(ctx context.Context) error {
		var err error
		reply, err = c.server.Head(transport.SingleAttempt(ctx), url, opts.call())
		return err
	})
	if _, ok := err.(*Error); !ok && err != nil && reply == nil && ctx.Err() != nil { //nolint:errorlint // Only a bare cause is wrapped.
		err = &Error{Op: protocol.OpHead, URL: url, Err: err}
	}
	if err != nil {
		return nil, err
	}
	if err := reply.MetadataError(); err != nil {
		return reply.State.Metadata, &Error{
			Op: protocol.OpHead, URL: url, StatusCode: reply.StatusCode, Header: header.Keep(reply.Header), Err: err,
		}
	}
	return reply.State.Metadata, nil
}

// Learn asks the server once what it supports (tus 1.0.0, OPTIONS), unless that is known
// already. An upload of at most Config.InlineSize then takes a single request. UploadAll
// calls Learn by itself. For a single upload, Learn costs more time than it saves. Learn does one
// exchange without a retry, and waits 4 s for a sign of life, because some firewalls drop
// OPTIONS. Uploads work without it, so its error can be ignored; it is that of Options.
func (c *Client) Learn(ctx context.Context) error {
	endpoint, err := c.creationURL()
	if err != nil {
		return c.conn.NewError(protocol.OpOptions, "", err)
	}
	if v, _ := c.speech.get(); v != 0 || c.speech.open != choiceNone {
		return nil // nothing has to be known, or each upload makes sure that it is
	}
	_, silent, err := c.server.Discover(transport.SingleAttempt(ctx), endpoint, false, wire.Call{})
	if err != nil {
		return err
	}
	return silent
}

// learn calls Learn before a small upload that is one of many. Others wait for the answer.
func (j *job) learn(ctx context.Context) {
	n, known := j.source.Length().Int64()
	if !j.options.OneOfMany || !known || n == 0 || n > j.inlineSize() {
		return
	}
	select {
	case j.learning <- struct{}{}:
		defer func() { <-j.learning }()
	case <-ctx.Done():
		return
	}
	_ = j.Learn(ctx) // without an answer, each upload takes two requests
}

// bodyOf returns the body of a request with size bytes of r.
func bodyOf(r io.Reader, start, size int64) (*wire.Body, error) {
	if size < 0 {
		return nil, fmt.Errorf("%w: size %d is negative", ErrInvalidOption, size)
	}
	if start > math.MaxInt64-size {
		return nil, fmt.Errorf("%w: %d bytes from %d on end beyond the largest offset", ErrInvalidOption, size, start)
	}
	if r == nil && size > 0 {
		return nil, fmt.Errorf("%w: no reader for %d bytes", ErrInvalidOption, size)
	}
	rng := protocol.Range{Start: start, End: start + size}
	return &wire.Body{Chunk: source.Chunk{Range: rng, Reader: reopened(r)}}, nil
}

// reopened returns a function that returns a reader of the bytes of r. It can be called
// several times if r allows it. A Close method of r is hidden, because the caller closes r.
func reopened(r io.Reader) func() (io.Reader, error) {
	var ra io.ReaderAt
	var size, pos int64
	switch r := r.(type) {
	case *bytes.Reader:
		ra, size, pos = r, r.Size(), r.Size()-int64(r.Len())
	case *strings.Reader:
		ra, size, pos = r, r.Size(), r.Size()-int64(r.Len())
	case *io.SectionReader:
		var err error
		if pos, err = r.Seek(0, io.SeekCurrent); err == nil {
			ra, size = r, r.Size()
		}
	}
	if ra != nil {
		return func() (io.Reader, error) { return io.NewSectionReader(ra, pos, size-pos), nil }
	}
	used := false
	return func() (io.Reader, error) {
		if used {
			return nil, ErrSourceUsed
		}
		used = true
		return struct{ io.Reader }{r}, nil
	}
}
