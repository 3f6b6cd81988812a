//go:build linux

package chaos

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	stopSignal     = syscall.SIGSTOP
	continueSignal = syscall.SIGCONT
)

// Proxy is a reverse proxy in front of a tus server. It counts bytes, and can stop a worker
// before the worker reads an answer. It cuts the connection of a client if the server does not
// answer, so that the client sees what it would see without the proxy.
type Proxy struct {
	Address string

	server *http.Server
	bytes  atomic.Int64 // of the bodies of PATCH requests
	rate   atomic.Int64 // of each body, in bytes per second; 0: no limit
	delay  atomic.Int64 // of each answer, in nanoseconds

	mu      sync.Mutex
	created func(pid int) (resume func())
	seen    func(Exchange) Answer
}

// Exchange is a request as the proxy sees it.
type Exchange struct {
	PID    int // of the client; 0: unknown
	Method string
	Path   string
	Header http.Header
	At     time.Time
}

// Answer is what the proxy does with a request.
type Answer struct {
	Status int  // answered in the place of the server; 0: the request is forwarded
	Cut    bool // the connection is cut without an answer
}

// StartProxy starts a proxy for the server at address.
func StartProxy(address string) (*Proxy, error) {
	own, err := FreeAddress()
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", own) //nolint:noctx // Close ends it.
	if err != nil {
		return nil, err
	}
	p := &Proxy{Address: own}
	forward := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: address})
			r.Out.Host = r.In.Host // so that Location names the proxy
		},
		Transport:     &http.Transport{MaxIdleConnsPerHost: 256},
		FlushInterval: -1,
		ErrorHandler:  func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
		ErrorLog:      quietLog,
	}
	forward.ModifyResponse = p.afterAnswer
	p.server = &http.Server{
		Handler:           http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { p.serve(w, r, forward) }),
		ReadHeaderTimeout: time.Minute,
		ErrorLog:          quietLog,
	}
	go func() { _ = p.server.Serve(l) }()
	return p, nil
}

// Close ends all connections.
func (p *Proxy) Close() { _ = p.server.Close() }

// Bytes returns how many bytes all PATCH requests had in their bodies.
func (p *Proxy) Bytes() int64 { return p.bytes.Load() }

// Delay sets how long each answer takes to the client.
func (p *Proxy) Delay(d time.Duration) { p.delay.Store(int64(d)) }

// Limit sets how many bytes of each body pass in a second. 0: no limit.
func (p *Proxy) Limit(rate int64) { p.rate.Store(rate) }

// OnCreated sets a function that is called when the server has answered a creation, with the
// process number of the client. If it returns a function, that one is called once the
// client can read the answer.
func (p *Proxy) OnCreated(f func(pid int) (resume func())) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.created = f
}

// OnRequest sets a function that decides on each request.
func (p *Proxy) OnRequest(f func(Exchange) Answer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen = f
}

func (p *Proxy) serve(w http.ResponseWriter, r *http.Request, forward http.Handler) {
	p.mu.Lock()
	seen := p.seen
	p.mu.Unlock()
	if seen != nil {
		a := seen(Exchange{PID: peerPID(r.RemoteAddr, p.Address), Method: r.Method, Path: r.URL.Path, Header: r.Header, At: time.Now()})
		if a.Cut {
			panic(http.ErrAbortHandler)
		}
		if a.Status != 0 {
			w.Header().Set("Tus-Resumable", "1.0.0")
			w.WriteHeader(a.Status)
			return
		}
	}
	if r.Method == http.MethodPatch {
		r.Body = &countedBody{ReadCloser: r.Body, proxy: p}
	}
	forward.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), remoteKey{}, r.RemoteAddr)))
}

// afterAnswer stops the client of a creation before it gets the answer.
func (p *Proxy) afterAnswer(res *http.Response) error {
	p.mu.Lock()
	created := p.created
	p.mu.Unlock()
	sleep(res.Request.Context(), time.Duration(p.delay.Load()))
	if created == nil || res.Request.Method != http.MethodPost || res.StatusCode != http.StatusCreated {
		return nil
	}
	remote, _ := res.Request.Context().Value(remoteKey{}).(string)
	if resume := created(peerPID(remote, p.Address)); resume != nil {
		go resume()
	}
	return nil
}

// remoteKey is the key of the address of the client in the context of a request.
type remoteKey struct{}

// countedBody counts the bytes of a body, and slows it down.
type countedBody struct {
	io.ReadCloser
	proxy *Proxy
}

func (b *countedBody) Read(buf []byte) (int, error) {
	rate := b.proxy.rate.Load()
	if rate > 0 {
		buf = buf[:min(len(buf), 16<<10)]
	}
	n, err := b.ReadCloser.Read(buf)
	b.proxy.bytes.Add(int64(n))
	if rate > 0 && n > 0 {
		sleep(context.Background(), time.Duration(n)*time.Second/time.Duration(rate))
	}
	return n, err
}
