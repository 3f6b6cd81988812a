package nethttp

import (
	"context"
	"net/http"
	"net/url"

	"github.com/tusker-go/tusker/transport"
)

// tunnelled keeps the status with which a proxy refuses a tunnel, of which net/http
// leaves no more than the words.
func tunnelled(_ context.Context, proxy *url.URL, _ *http.Request, resp *http.Response) error {
	if resp.StatusCode == http.StatusOK {
		return nil
	}
	return &transport.ProxyError{Proxy: proxy.Host, StatusCode: resp.StatusCode}
}
