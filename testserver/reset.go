package testserver

import (
	"context"
	"io"
	"net"
	"net/http"
)

// Reset resets the connection before anything of the body is read, as a proxy
// that restarts does, or a NAT or a firewall that has forgotten the
// connection. tusd never sees the request.
//
// A transport such as Go's sends a request without a body again by itself
// when a connection that it has used before breaks so: to see a HEAD or an
// OPTIONS fail, use more Times or a client without keep-alive.
func Reset() Action {
	return newAction(func(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
		abort(r)
	}, "Reset()")
}

// CutAfter loses the connection after n bytes of the body, as a cable pulled,
// a laptop closed or a phone that changes networks does: tusd gets n bytes
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

// DropReply lets tusd handle the request to its end and loses the answer, as
// a connection that breaks at the wrong moment does, or a proxy that gives up
// on a server that takes long to finish an upload. A creation so lost leaves
// an upload that no client knows of.
func DropReply() Action {
	return newAction(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		next.ServeHTTP(newLostReply(w), r)
		abort(r)
	}, "DropReply()")
}

// abort ends the request without an answer: the stream is reset over HTTP/2,
// the connection otherwise. It does not return.
func abort(r *http.Request) {
	if c, ok := r.Context().Value(connKey{}).(net.Conn); ok && r.ProtoMajor < 2 {
		resetConn(c)
	}
	panic(http.ErrAbortHandler)
}

// resetConn closes c so that its peer finds it reset and not ended.
func resetConn(c net.Conn) {
	if t, ok := c.(interface{ NetConn() net.Conn }); ok {
		// Under TLS, whose own Close would say farewell.
		c = t.NetConn()
	}
	switch c := c.(type) {
	case *pipeConn:
		_ = c.reset()
	case *net.TCPConn:
		_ = c.SetLinger(0)
		_ = c.Close()
	default:
		_ = c.Close()
	}
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
