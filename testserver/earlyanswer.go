package testserver

import (
	"bytes"
	"io"
	"maps"
	"net"
	"net/http"
	"strings"
	"time"
)

// EarlyAnswer answers instead of tusd after n bytes of the body, and closes the
// connection without reading the rest. Examples are a tusd that answers 409 to
// a wrong offset, a server that shuts down (503), a gateway with a used-up
// quota (429), and a proxy that refuses a token (401) or the size of a body
// (413). The n bytes are read and lost. If the body has n bytes or fewer, the
// answer comes at its end. header may be nil, and body may be "".
//
// Over HTTP/1.1, closing the connection with unread bytes resets it: a client
// that continues to write gets ECONNRESET or EPIPE, and can still read the
// answer. Over HTTP/2, the stream is reset with NO_ERROR after the answer.
func EarlyAnswer(n int64, status int, header http.Header, body string) Action {
	header = header.Clone()
	return newAction(func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		if n > 0 && r.Body != nil {
			if _, err := io.CopyN(io.Discard, r.Body, n); err != nil && err != io.EOF { //nolint:errorlint // CopyN returns it bare.
				// The client has disconnected.
				abort(r)
			}
		}
		answerAndHangUp(w, r, status, header, body)
	}, "EarlyAnswer(%d, %d)", n, status)
}

// answerAndHangUp answers and ends the exchange without reading the rest of the
// body. It panics with http.ErrAbortHandler if it wrote to the connection
// itself.
func answerAndHangUp(w http.ResponseWriter, r *http.Request, status int, header http.Header, body string) {
	// The headers that w has, such as those of CORS, are also sent.
	maps.Copy(w.Header(), header.Clone())
	c, ok := connOf(r)
	if !ok {
		// net/http resets an HTTP/2 stream after the handler has returned.
		if r.ProtoMajor < 2 {
			w.Header().Set("Connection", "close")
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
		return
	}
	if e := exchangeOf(r); e != nil {
		e.setStatus(status)
	}
	// The writer of net/http would read the rest of the body before it closes,
	// so that the client sees no reset.
	_, _ = c.Write(rawAnswer(r, status, w.Header().Clone(), body))
	closeUnread(c)
	panic(http.ErrAbortHandler)
}

// rawAnswer returns an answer in the wire format of HTTP/1.1. It adds to header.
func rawAnswer(r *http.Request, status int, header http.Header, body string) []byte {
	if header.Get("Date") == "" {
		header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	}
	if header.Get("Content-Type") == "" && body != "" {
		header.Set("Content-Type", "text/plain; charset=utf-8")
	}
	var b bytes.Buffer
	// Writing to memory does not fail.
	_ = (&http.Response{
		StatusCode: status, ProtoMajor: 1, ProtoMinor: 1,
		Header: header, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
		Close: true, Request: r,
	}).Write(&b)
	return b.Bytes()
}

// closeUnread closes c without reading what the peer sent: the operating system
// sends the written bytes and then resets the connection.
func closeUnread(c net.Conn) {
	switch c := underTLS(c).(type) {
	case *pipeConn:
		_ = c.reset()
	default:
		_ = c.Close()
	}
}
