package client

import (
	"context"
	"io"
	"net/http"

	"github.com/tusker-go/tusker/protocol"
)

// Create makes a new upload without sending any of its bytes (tus 1.0.0,
// Creation). One exchange, no retry: after a failure without an answer the
// server may hold an upload that nobody knows of. The reply's State.Location is
// the URL of the upload. The field WithBody of creation counts as not set.
func (c *Client) Create(ctx context.Context, creation protocol.Creation, opts *CallOptions) (*Reply, error) {
	return c.create(ctx, protocol.OpCreate, creation, opts)
}

// CreateWithUpload makes a new upload and sends the first size bytes of r along,
// which may be all (tus 1.0.0, Creation With Upload). One exchange, no retry.
// Only a server that announces the extension keeps them; the reply's
// State.Offset says how many, and is 0 where it did not say. The field WithBody
// of creation counts as set. r is treated as by Patch.
func (c *Client) CreateWithUpload(ctx context.Context, creation protocol.Creation, r io.Reader, size int64, opts *CallOptions) (*Reply, error) {
	b, err := bodyOf(r, size)
	if err != nil {
		return nil, &Error{Op: protocol.OpCreate, Err: err}
	}
	b.last = creation.Length == protocol.Known(size)
	return c.createWith(ctx, creation, b, opts)
}

// Concat joins complete partial uploads, in the order of parts, into a new
// final upload (tus 1.0.0, Concatenation). One exchange, no retry.
func (c *Client) Concat(ctx context.Context, parts []string, metadata protocol.Metadata, opts *CallOptions) (*Reply, error) {
	return c.create(ctx, protocol.OpConcat, protocol.Creation{
		Metadata: metadata,
		Concat:   protocol.Concat{Kind: protocol.ConcatFinal, Parts: parts},
	}, opts)
}

func (c *Client) create(ctx context.Context, op protocol.Op, creation protocol.Creation, opts *CallOptions) (*Reply, error) {
	creation.WithBody = false
	endpoint, err := c.creationURL()
	if err != nil {
		return nil, &Error{Op: op, Err: err}
	}
	return c.do(ctx, exchange{
		op:     op,
		method: http.MethodPost,
		url:    endpoint,
		set:    creation.SetHeader,
		parse:  parseCreated,
		slow:   op == protocol.OpConcat,
	}, opts)
}

func (c *Client) createWith(ctx context.Context, creation protocol.Creation, b *body, opts *CallOptions) (*Reply, error) {
	creation.WithBody = true
	endpoint, err := c.creationURL()
	if err != nil {
		return nil, &Error{Op: protocol.OpCreate, Err: err}
	}
	return c.do(ctx, exchange{
		op:     protocol.OpCreate,
		method: http.MethodPost,
		url:    endpoint,
		set:    creation.SetHeader,
		body:   b,
		parse:  parseCreated,
	}, opts)
}

// parseCreated needs the Location only: where the offset of a new upload cannot
// be read, it is 0 or has to be asked for.
func parseCreated(h protocol.Header) (protocol.State, error) {
	state, err := protocol.ParseCreated(h)
	if state.Location != "" {
		return state, nil
	}
	return state, err
}
