package doctor

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync"
	"time"

	"github.com/tusker-go/tusker/transport"
)

// errBudget means that a run has sent its maximum of requests.
var errBudget = errors.New("no further request is sent: there have been enough")

// A tap counts the requests that pass through it, and records how the first one
// reached the server. It is safe for concurrent use.
type tap struct {
	next transport.Doer

	mu       sync.Mutex
	requests int
	way      way
	answer   answer
}

// way describes how the first request reached the server.
type way struct {
	host      string // host whose address was looked up
	addresses []string
	lookup    time.Duration
	lookupErr error

	address    string // address of the connection
	connect    time.Duration
	connectErr error

	tls          *tls.ConnectionState
	handshakeErr error
}

// answer describes the answer to the first request.
type answer struct {
	proto  string
	asked  string // URL of the request
	final  string // URL after redirects
	date   string
	sent   time.Time
	took   time.Duration
	status int
}

func (t *tap) Do(req *http.Request) (*http.Response, error) {
	first, err := t.count(req.Method)
	if err != nil {
		return nil, err
	}
	if !first {
		return t.next.Do(req)
	}
	began := time.Now()
	resp, err := t.next.Do(req.WithContext(t.trace(req.Context())))
	if resp == nil {
		return resp, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.answer = answer{
		proto: resp.Proto, status: resp.StatusCode, date: resp.Header.Get("Date"),
		sent: began, took: time.Since(began), asked: req.URL.String(), final: req.URL.String(),
	}
	if resp.Request != nil && resp.Request.URL != nil {
		t.answer.final = resp.Request.URL.String()
	}
	return resp, err
}

// count counts a request. It reserves the last request of a run for a DELETE.
func (t *tap) count(method string) (first bool, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.requests >= MaxRequests || t.requests == MaxRequests-1 && method != http.MethodDelete {
		return false, errBudget
	}
	t.requests++
	return t.requests == 1, nil
}

func (t *tap) trace(ctx context.Context) context.Context {
	var looked, connected time.Time
	note := func(f func()) {
		t.mu.Lock()
		defer t.mu.Unlock()
		f()
	}
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		DNSStart: func(i httptrace.DNSStartInfo) {
			note(func() { looked, t.way.host = time.Now(), i.Host })
		},
		DNSDone: func(i httptrace.DNSDoneInfo) {
			note(func() {
				t.way.lookup, t.way.lookupErr = time.Since(looked), i.Err
				for _, a := range i.Addrs {
					t.way.addresses = append(t.way.addresses, a.String())
				}
			})
		},
		ConnectStart: func(string, string) { note(func() { connected = time.Now() }) },
		ConnectDone: func(_, address string, err error) {
			note(func() {
				if err != nil && t.way.address == "" {
					t.way.connectErr = err
				} else if err == nil && t.way.address == "" {
					t.way.address, t.way.connect, t.way.connectErr = address, time.Since(connected), nil
				}
			})
		},
		TLSHandshakeDone: func(state tls.ConnectionState, err error) {
			note(func() { t.way.tls, t.way.handshakeErr = &state, err })
		},
		GotConn: func(i httptrace.GotConnInfo) {
			note(func() {
				if t.way.address == "" {
					t.way.address = addressOf(i.Conn)
				}
			})
		},
	})
}

func addressOf(c net.Conn) string {
	if c == nil || c.RemoteAddr() == nil {
		return ""
	}
	return c.RemoteAddr().String()
}

// seen returns the facts that are known so far.
func (t *tap) seen() (way, answer) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.way, t.answer
}

func (t *tap) close() {
	if c, ok := t.next.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}
