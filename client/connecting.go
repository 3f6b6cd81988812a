package client

import (
	"context"
	"crypto/tls"
	"net/http/httptrace"
	"sync"
)

// connecting follows a request on the way to its connection, as far as the Doer
// tells package httptrace. One that waits for a connection to become free has not
// stalled; one whose connection is being opened may have. It is safe for
// concurrent use: dials that nobody waits for any more go on telling.
type connecting struct {
	mu      sync.Mutex
	asked   bool   // for a connection
	had     bool   // one
	waiting bool   // for it
	patient func() // the watch, as long as nothing of a connection shows
	resume  func() // it, as it was before
}

// follow gives the context that has dog be as patient as at the end of an upload
// while a request waits for a connection. It does not wait for ever: a dialer of
// the caller's own may tell nothing of what it does.
func follow(ctx context.Context, dog *watchdog) (context.Context, *connecting) {
	c := &connecting{patient: dog.patient, resume: dog.resume}
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn:           func(string) { c.begin() },
		DNSStart:          func(httptrace.DNSStartInfo) { c.alive() },
		ConnectStart:      func(string, string) { c.alive() },
		ConnectDone:       func(string, string, error) { c.alive() },
		TLSHandshakeStart: c.alive,
		TLSHandshakeDone:  func(tls.ConnectionState, error) { c.alive() },
		GotConn:           func(httptrace.GotConnInfo) { c.got() },
	}), c
}

func (c *connecting) begin() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked, c.waiting = true, true
	c.patient()
}

// alive is a sign of a connection being opened. Once the request has another one
// it says nothing.
func (c *connecting) alive() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.waiting {
		c.resume()
	}
}

func (c *connecting) got() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.had = true
	if c.waiting {
		c.waiting = false
		c.resume()
	}
}

// unsent tells whether the request certainly went nowhere. A Doer that tells
// nothing leaves that open.
func (c *connecting) unsent() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.asked && !c.had
}
