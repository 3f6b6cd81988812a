package client

import (
	"context"
	"net/http"

	"github.com/tusker-go/tusker/protocol"
)

// Options asks the server what it can do (tus 1.0.0, OPTIONS). One exchange, no
// retry, unless the Doer retries.
func (c *Client) Options(ctx context.Context, opts *CallOptions) (*Reply, error) {
	endpoint, err := c.creationURL()
	if err != nil {
		return nil, &Error{Op: protocol.OpOptions, Err: err}
	}
	return c.optionsAt(ctx, endpoint, opts)
}

func (c *Client) optionsAt(ctx context.Context, url string, opts *CallOptions) (*Reply, error) {
	var caps protocol.Capabilities
	reply, err := c.do(ctx, exchange{
		op:     protocol.OpOptions,
		method: http.MethodOptions,
		url:    url,
		parse: func(h protocol.Header) (protocol.State, error) {
			var err error
			caps, err = protocol.ParseCapabilities(h)
			return protocol.State{}, err
		},
	}, opts)
	if err != nil {
		return nil, err
	}
	reply.Capabilities = caps
	return reply, nil
}
