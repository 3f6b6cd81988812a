package flags

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"sync"

	"github.com/tusker-go/tusker/transport"
)

// cookies is an http.CookieJar in memory with a jar for each origin, because a
// cookiejar.Jar has the same cookies for all ports of a host. The zero value is empty.
// It is safe for concurrent use.
type cookies struct {
	mu   sync.Mutex
	jars map[string]*cookiejar.Jar // by origin
}

// SetCookies implements http.CookieJar.
func (c *cookies) SetCookies(u *url.URL, set []*http.Cookie) {
	c.mu.Lock()
	defer c.mu.Unlock()
	origin := transport.Origin(u)
	jar := c.jars[origin]
	if jar == nil {
		var err error
		if jar, err = cookiejar.New(nil); err != nil {
			return
		}
		if c.jars == nil {
			c.jars = make(map[string]*cookiejar.Jar)
		}
		c.jars[origin] = jar
	}
	jar.SetCookies(u, set)
}

// Cookies implements http.CookieJar.
func (c *cookies) Cookies(u *url.URL) []*http.Cookie {
	c.mu.Lock()
	defer c.mu.Unlock()
	jar := c.jars[transport.Origin(u)]
	if jar == nil {
		return nil
	}
	return jar.Cookies(u)
}
