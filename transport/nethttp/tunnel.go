package nethttp

import (
	"context"
	"net/http"
	"net/url"

	"github.com/tusker-go/tusker/transport"
)

// checkTunnel returns an error with the status of a proxy that refuses a tunnel.
// The error of net/http contains the text of the status only.
func checkTunnel(_ context.Context, proxy *url.URL, _ *http.Request, resp *http.Response) error {
	if resp.StatusCode == http.StatusOK {
		return nil
	}
	return &transport.ProxyError{Proxy: proxy.Host, StatusCode: resp.StatusCode}
}
