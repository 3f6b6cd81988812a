package testserver

import (
	"context"
	"io"
	"maps"
	"net"
	"net/http"
)

// Reset resets the connection before the body is read, as a proxy that restarts
// does, or a NAT or firewall that has lost the state of the connection. tusd
// does not see the request.
//
// Go's transport, and others, resend a request without a body when a connection
// that was used before breaks like this. To make a HEAD or an OPTIONS fail,
// increase Times or disable keep-alive in the client.
func Reset() Action {
	return newAction(func(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
		abort(r)
	}, "Reset()")
}

// CutAfter loses the connection after n bytes of the body, as a pulled cable, a
// closed laptop or a phone that changes networks does. tusd gets n bytes, sees
// that the body ends too early, stores the n bytes, and releases the lock of
// the upload. The connection is reset after that. If the body has n bytes or
// fewer, tusd gets all of it and its answer is lost as in [DropReply]. Interim
// responses are sent; a client over HTTP/1.1 can lose them with the connection.
func CutAfter(n int64) Action {
	return newAction(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if r.Body != nil && r.Body != http.NoBody {
			r = withBody(r, &cutBody{ReadCloser: r.Body, left: max(n, 0)})
		}
		next.ServeHTTP(newLostReply(w), r)
		abort(r)
	}, "CutAfter(%d)", n)
}

// DropReply loses the connection after the request: tusd handles the complete
// request, and its answer is lost, for example because a proxy gave up waiting
// for a slow server. After a creation, the server has an upload whose URL no
// client knows, unless an interim response named it.
func DropReply() Action {
	return newAction(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		next.ServeHTTP(newLostReply(w), r)
		abort(r)
	}, "DropReply()")
}

// abort ends the request without an answer. Over HTTP/2, it resets the stream;
// over HTTP/1.1, it resets the connection. abort does not return.
func abort(r *http.Request) {
	if c, ok := connOf(r); ok {
		resetConn(c)
	}
	panic(http.ErrAbortHandler)
}

// connOf returns the connection of r if r has it for itself. Over HTTP/2,
// requests share a connection, so ok is false.
func connOf(r *http.Request) (net.Conn, bool) {
	c, ok := r.Context().Value(connKey{}).(net.Conn)
	return c, ok && r.ProtoMajor < 2
}

// resetConn closes c so that its peer sees a reset instead of an end of file.
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

// underTLS returns the connection below TLS, because the Close of a TLS
// connection sends an alert first.
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

// cutBody ends with io.ErrUnexpectedEOF after left bytes.
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

// lostReply discards an answer, but sends the interim responses before it.
type lostReply struct {
	http.ResponseWriter // for deadlines only
	header              http.Header
}

func newLostReply(w http.ResponseWriter) *lostReply {
	return &lostReply{ResponseWriter: w, header: make(http.Header)}
}

func (w *lostReply) Unwrap() http.ResponseWriter { return w.ResponseWriter }
func (w *lostReply) Header() http.Header         { return w.header }
func (w *lostReply) Write(p []byte) (int, error) { return len(p), nil }

// WriteHeader sends an interim response with the headers that are set, and leaves those of
// the final answer unchanged.
func (w *lostReply) WriteHeader(status int) {
	if status >= http.StatusOK || status == http.StatusSwitchingProtocols {
		return
	}
	final := w.ResponseWriter.Header()
	before := final.Clone()
	maps.Copy(final, w.header)
	w.ResponseWriter.WriteHeader(status)
	clear(final)
	maps.Copy(final, before)
}
