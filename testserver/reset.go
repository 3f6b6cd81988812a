package testserver

import (
	"context"
	"io"
	"net"
	"net/http"
)

// Reset resets the connection before anything of the body is read, as a proxy
// that restarts does, or a NAT or a firewall that has forgotten the
// connection: the connection is lost before the request. tusd never sees it.
//
// A transport such as Go's sends a request without a body again by itself
// when a connection that it has used before breaks so: to see a HEAD or an
// OPTIONS fail, use more Times or a client without keep-alive.
func Reset() Action {
	return newAction(func(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
		abort(r)
	}, "Reset()")
}

// CutAfter loses the connection in the request, after n bytes of the body, as
// a cable pulled, a laptop closed or a phone that changes networks does: tusd
// gets n bytes
// and then finds the body ended too early, stores what it has, and lets go of
// the upload; only then is the connection reset. Where the body has n bytes
// or fewer, tusd gets them all, and its answer is lost as in [DropReply].
func CutAfter(n int64) Action {
	return newAction(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if r.Body != nil && r.Body != http.NoBody {
			r = withBody(r, &cutBody{ReadCloser: r.Body, left: max(n, 0)})
		}
		next.ServeHTTP(newLostReply(w), r)
		abort(r)
	}, "CutAfter(%d)", n)
}

// DropReply loses the connection after the request: tusd handles it to its end
// and the answer is lost, as when a connection breaks at the wrong moment, or
// a proxy gives up on a server that takes long to finish an upload. A creation
// so lost leaves an upload that no client knows of.
func DropReply() Action {
	return newAction(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		next.ServeHTTP(newLostReply(w), r)
		abort(r)
	}, "DropReply()")
}

// abort ends the request without an answer: the stream is reset over HTTP/2,
// the connection otherwise. It does not return.
func abort(r *http.Request) {
	if c, ok := connOf(r); ok {
		resetConn(c)
	}
	panic(http.ErrAbortHandler)
}

// connOf returns the connection that is r's alone; over HTTP/2 there is none.
func connOf(r *http.Request) (net.Conn, bool) {
	c, ok := r.Context().Value(connKey{}).(net.Conn)
	return c, ok && r.ProtoMajor < 2
}

// resetConn closes c so that its peer finds it reset and not ended.
func resetConn(c net.Conn) {
	switch c := underTLS(c).(type) {
	case *pipeConn:
		_ = c.reset()
	case *net.TCPConn:
		_ = c.SetLinger(0)
		_ = c.Close()
	default:
		_ = c.Close()
	}
}

// underTLS returns the connection that c stands on: the Close of TLS itself
// would say farewell.
func underTLS(c net.Conn) net.Conn {
	if t, ok := c.(interface{ NetConn() net.Conn }); ok {
		return t.NetConn()
	}
	return c
}

func withConn(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, c)
}

// withBody returns a copy of r with another body.
func withBody(r *http.Request, body io.ReadCloser) *http.Request {
	r = r.WithContext(r.Context())
	r.Body = body
	return r
}

// cutBody is a body that the client did not live to finish.
type cutBody struct {
	io.ReadCloser
	left int64
}

func (b *cutBody) Read(p []byte) (int, error) {
	if b.left == 0 {
		return 0, io.ErrUnexpectedEOF
	}
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}

// lostReply is the writer of an answer that nobody gets.
type lostReply struct {
	http.ResponseWriter // for deadlines only
	header              http.Header
}

func newLostReply(w http.ResponseWriter) *lostReply {
	return &lostReply{ResponseWriter: w, header: make(http.Header)}
}

func (w *lostReply) Unwrap() http.ResponseWriter { return w.ResponseWriter }
func (w *lostReply) Header() http.Header         { return w.header }
func (w *lostReply) WriteHeader(int)             {}
func (w *lostReply) Write(p []byte) (int, error) { return len(p), nil }
