package client

import (
	"context"
	"net/http"

	"github.com/tusker-go/tusker/protocol"
)

// Head asks how much the server has of the upload at url, and what else it
// knows of it (tus 1.0.0, HEAD). One exchange, no retry, unless the Doer
// retries. With tusd a HEAD ends a PATCH of the same upload that is under way.
func (c *Client) Head(ctx context.Context, url string, opts *CallOptions) (*Reply, error) {
	return c.do(ctx, exchange{
		op:     protocol.OpHead,
		method: http.MethodHead,
		url:    url,
		set:    setVersion,
		parse:  protocol.ParseHead,
	}, opts)
}

func setVersion(h protocol.Header) error {
	protocol.SetVersion(h)
	return nil
}
