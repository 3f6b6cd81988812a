package nethttp

import (
	"net/http"
	"sync"
)

// sharedPool is the pool of connections that requests share. A [http.Transport]
// limits its idle connections of HTTP/1.1, but not those of HTTP/2: sharedPool does.
type sharedPool struct {
	*http.Transport
	most int // idle connections; 0: no limit

	mu    sync.Mutex
	hosts map[string]struct{} // may have an idle connection of HTTP/2
}

// RoundTrip implements [http.RoundTripper].
func (p *sharedPool) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := p.Transport.RoundTrip(req)
	if err == nil && resp.ProtoMajor == 2 && p.most > 0 && p.isOneTooMany(req.URL.Host) {
		p.CloseIdleConnections()
	}
	return resp, err
}

// isOneTooMany notes that host has a connection. It reports whether that makes too
// many, and then forgets the other hosts.
func (p *sharedPool) isOneTooMany(host string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, known := p.hosts[host]; known {
		return false
	}
	full := len(p.hosts) == p.most
	if p.hosts == nil || full {
		p.hosts = make(map[string]struct{})
	}
	p.hosts[host] = struct{}{}
	return full
}
