package client

import (
	"context"

	"github.com/tusker-go/tusker/protocol"
)

// Metadata reads the metadata of the upload at url (tus 1.0.0,
// Upload-Metadata), with retries. An upload without metadata gives none. The
// error is an *Error; where a part of the metadata could not be read, the rest
// is returned with it.
func (c *Client) Metadata(ctx context.Context, url string, opts *CallOptions) (protocol.Metadata, error) {
	if ctx.Err() != nil {
		return nil, &Error{Op: protocol.OpHead, URL: url, Err: ended(ctx)}
	}
	t := c.newTransfer(job{})
	t.loop.Start()
	reply, err := t.until(once(ctx), url, func(ctx context.Context) (*Reply, error) {
		return c.Head(ctx, url, opts)
	})
	if err != nil {
		return nil, err
	}
	if err := reply.State.Warning(protocol.HeaderUploadMetadata); err != nil {
		return reply.State.Metadata, &Error{
			Op: protocol.OpHead, URL: url, StatusCode: reply.StatusCode, Header: keptHeader(reply.Header), Err: err,
		}
	}
	return reply.State.Metadata, nil
}
