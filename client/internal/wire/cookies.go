package wire

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/tusker-go/tusker/transport"
)

// keepsCookies reports whether a request to asked may send the cookies of u, and its answer
// may set them, if there is a Jar. Trusted origins have no cookies.
func (c *Conn) keepsCookies(u, asked, home *url.URL) bool {
	switch {
	case c.Endpoint != nil:
		home = c.Endpoint
	case home == nil:
		home = asked
	}
	return transport.SameOrigin(home, u)
}

// addCookies adds the cookies of the Jar after those that the caller set.
func (c *Conn) addCookies(req *http.Request) {
	pairs := slices.Clone(req.Header["Cookie"])
	for _, cookie := range c.Jar.Cookies(req.URL) {
		pairs = append(pairs, (&http.Cookie{Name: cookie.Name, Value: cookie.Value, Quoted: cookie.Quoted}).String())
	}
	if len(pairs) > 0 {
		req.Header.Set("Cookie", strings.Join(pairs, "; "))
	}
}

// storeCookies stores in the Jar the cookies of an answer and of the redirects that led to it.
func (c *Conn) storeCookies(asked *http.Request, resp *http.Response, home *url.URL) {
	for resp != nil {
		req := resp.Request
		if req == nil || req.URL == nil {
			req = asked
		}
		if cookies := resp.Cookies(); len(cookies) > 0 && c.keepsCookies(req.URL, asked.URL, home) {
			c.Jar.SetCookies(req.URL, cookies)
		}
		resp = req.Response
	}
}
