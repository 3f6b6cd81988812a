package client

import (
	"context"
	"net/http"

	"github.com/tusker-go/tusker/protocol"
)

// Terminate deletes the upload at url, complete or not (tus 1.0.0,
// Termination). One exchange, no retry.
func (c *Client) Terminate(ctx context.Context, url string, opts *CallOptions) (*Reply, error) {
	return c.do(ctx, exchange{
		op:     protocol.OpTerminate,
		method: http.MethodDelete,
		url:    url,
		set:    setVersion,
		slow:   true,
	}, opts)
}
