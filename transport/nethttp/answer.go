package nethttp

import (
	"errors"
	"io"
	"net"
	"sync"
	"time"
)

// answerGrace is the longest that a failed write waits for the reader to take
// an answer. It passes in full only where the reader itself is stuck: a broken
// connection ends the reader at once.
const answerGrace = time.Second

// answerConn keeps a failed write from hiding the answer that explains it.
//
// A server that refuses a body answers while the body still flows, and closes.
// The close resets the connection, so the next write fails, and net/http then
// gives up on the connection although the answer lies ready to be read. Such a
// write waits here until the reader has taken what there is.
type answerConn struct {
	net.Conn
	files bool // the system may send them
	once  sync.Once
	read  chan struct{} // closed when there is nothing more to read
	cause error         // why, where reading failed; set before read is closed
}

func keepAnswer(c net.Conn, files bool) net.Conn {
	return &answerConn{Conn: c, files: files, read: make(chan struct{})}
}

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

// ReadFrom is what net/http calls to copy a body. Bodies that lie in files are
// left to the system, the rest is copied.
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

// SetWriteDeadline is how crypto/tls begins to close: nobody waits for an answer
// any more.
func (c *answerConn) SetWriteDeadline(t time.Time) error {
	if !t.IsZero() {
		c.end(nil)
	}
	return c.Conn.SetWriteDeadline(t)
}

// Close lets waiting writes go.
func (c *answerConn) Close() error {
	c.end(nil)
	return c.Conn.Close()
}

// explain holds back the error of a write that the peer caused. Where the reader
// found the connection broken first, net/http has closed it, and what the
// reader found is the better explanation.
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
