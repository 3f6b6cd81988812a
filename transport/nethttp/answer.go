package nethttp

import (
	"errors"
	"io"
	"net"
	"sync"
	"time"
)

// answerGrace is the longest wait of a failed write for the reader. The wait
// takes this long only if the reader is blocked, because a broken connection
// ends the reader at once.
const answerGrace = time.Second

// answerConn delays the error of a failed write until the reader has read the
// answer.
//
// A server that refuses a body answers before it has read the body, and closes
// the connection. The close resets the connection, so the next write fails.
// net/http would then give up the connection, although the answer can still be
// read.
type answerConn struct {
	net.Conn
	files bool // sendfile is allowed
	once  sync.Once
	read  chan struct{} // closed when reading has ended
	cause error         // error that ended reading; set before read is closed
}

func keepAnswer(c net.Conn, files bool) net.Conn {
	return &answerConn{Conn: c, files: files, read: make(chan struct{})}
}

// NetConn returns the connection below, as that of a *tls.Conn does.
func (c *answerConn) NetConn() net.Conn { return c.Conn }

func (c *answerConn) end(cause error) {
	c.once.Do(func() {
		c.cause = cause
		close(c.read)
	})
}

func (c *answerConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if err != nil {
		c.end(err)
	}
	return n, err
}

func (c *answerConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	return n, c.explain(err)
}

// ReadFrom implements [io.ReaderFrom], which net/http uses to copy a body. It
// uses sendfile for bodies in files, and copies other bodies.
func (c *answerConn) ReadFrom(r io.Reader) (int64, error) {
	var n int64
	var err error
	if c.files {
		if rf, ok := c.Conn.(io.ReaderFrom); ok && isFile(r) {
			n, err = rf.ReadFrom(r)
			return n, c.explain(err)
		}
		n, err = sendFile(c.Conn, r)
	}
	if err == nil {
		var copied int64
		copied, err = copyBody(c.Conn, r)
		n += copied
	}
	return n, c.explain(err)
}

// SetWriteDeadline ends the waits of failed writes. crypto/tls sets a write
// deadline when it begins to close.
func (c *answerConn) SetWriteDeadline(t time.Time) error {
	if !t.IsZero() {
		c.end(nil)
	}
	return c.Conn.SetWriteDeadline(t)
}

// Close ends the waits of failed writes.
func (c *answerConn) Close() error {
	c.end(nil)
	return c.Conn.Close()
}

// explain delays the error of a write that the peer caused. If the reader saw
// the broken connection first, net/http has closed the connection, and explain
// returns the error of the reader, which is more precise.
func (c *answerConn) explain(err error) error {
	op, ok := errors.AsType[*net.OpError](err)
	if !ok || op.Timeout() {
		return err
	}
	if !errors.Is(err, net.ErrClosed) {
		timer := time.NewTimer(answerGrace)
		defer timer.Stop()
		select {
		case <-c.read:
		case <-timer.C:
		}
		return err
	}
	select {
	case <-c.read:
		switch {
		case errors.Is(c.cause, io.EOF):
			return io.ErrUnexpectedEOF
		case c.cause != nil && !errors.Is(c.cause, net.ErrClosed):
			return c.cause
		}
	default:
	}
	return err
}
