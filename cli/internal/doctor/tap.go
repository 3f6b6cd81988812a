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

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/transport"
)

// errBudget means that a run has sent its maximum of requests.
var errBudget = errors.New("no further request is sent: the limit of this command is reached")

// A tap counts the requests that pass through it, and records how the first one
// reached the server. It is safe for concurrent use.
type tap struct {
	next transport.Doer

	mu       sync.Mutex
	requests int
	way      way
	answer   answer

	replies  int           // answers
	tus      bool          // an answer had a header of tus
	affine   string        // name of a cookie that an answer set, "": none
	died     int           // connections that died when they were used again
	shortest time.Duration // shortest time without use after which one died
	again    bool          // the last request that has a connection used one again
	unused   time.Duration // time without use of its connection before
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
	socket     bool // the connection is one to a unix socket

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
	ctx := req.Context()
	if first {
		ctx = t.trace(ctx)
	}
	began := time.Now()
	resp, err := t.next.Do(req.WithContext(t.traceUse(ctx)))
	t.mu.Lock()
	defer t.mu.Unlock()
	if resp == nil {
		return resp, err
	}
	t.replied(resp)
	if !first {
		return resp, err
	}
	t.answer = answer{
		proto: resp.Proto, status: resp.StatusCode, date: resp.Header.Get("Date"),
		sent: began, took: time.Since(began), asked: req.URL.String(), final: req.URL.String(),
	}
	if resp.Request != nil && resp.Request.URL != nil {
		t.answer.final = resp.Request.URL.String()
	}
	return resp, err
}

// replied notes what is known of all answers. The caller holds the lock.
func (t *tap) replied(resp *http.Response) {
	t.replies++
	t.tus = t.tus || resp.Header.Get(protocol.HeaderResumable) != "" || resp.Header.Get(protocol.HeaderVersion) != ""
	if set := resp.Cookies(); len(set) > 0 && t.affine == "" {
		t.affine = set[0].Name
	}
}

// traceUse notes each connection that a request gets. A transport gets another one if
// the first one died.
func (t *tap) traceUse(ctx context.Context) context.Context {
	begun := false // the lock of the tap protects it
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(i httptrace.GotConnInfo) {
		t.mu.Lock()
		defer t.mu.Unlock()
		if begun && t.again {
			t.die(t.unused)
		}
		begun, t.again, t.unused = true, i.Reused, i.IdleTime
	}})
}

// die notes that a connection died. The caller holds the lock.
func (t *tap) die(unused time.Duration) {
	if t.died == 0 || unused < t.shortest {
		t.shortest = unused
	}
	t.died++
}

// last returns the time without use of the connection of the last request.
func (t *tap) last() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.unused
}

// dead notes that a connection died, after that time without use.
func (t *tap) dead(unused time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.die(unused)
}

// deaths returns the number of connections that died when they were used again, and
// the shortest time that one of them was not used before.
func (t *tap) deaths() (n int, shortest time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.died, t.shortest
}

// reused tells whether the last request used a connection again.
func (t *tap) reused() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.again
}

// cookie returns the name of a cookie that an answer set, or "".
func (t *tap) cookie() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.affine
}

// answers returns the number of answers, and whether one of them had a header of tus.
func (t *tap) answers() (n int, tus bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.replies, t.tus
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
				t.way.socket = i.Conn != nil && i.Conn.RemoteAddr() != nil && i.Conn.RemoteAddr().Network() == "unix"
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
