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

// EarlyAnswer answers without asking tusd when n bytes of the body have come,
// while the rest still flows, and hangs up on the rest: a tusd that answers
// 409 to a wrong offset, a server that shuts down (503), a gateway whose quota
// is used up (429), a proxy that finds a token expired (401) or a body too
// large (413). The n bytes are read and lost. Where the body has n bytes or
// fewer, the answer comes at its end. header may be nil, body may be "".
//
// Over HTTP/1.1 the connection is closed with the rest unread, which resets
// it: a client that writes on finds ECONNRESET or EPIPE with the answer lying
// ready to be read. Over HTTP/2 the stream is reset with NO_ERROR behind the
// answer.
func EarlyAnswer(n int64, status int, header http.Header, body string) Action {
	header = header.Clone()
	return newAction(func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		if n > 0 && r.Body != nil {
			if _, err := io.CopyN(io.Discard, r.Body, n); err != nil && err != io.EOF { //nolint:errorlint // CopyN returns it bare.
				// The client has gone.
				abort(r)
			}
		}
		answerAndHangUp(w, r, status, header, body)
	}, "EarlyAnswer(%d, %d)", n, status)
}

// answerAndHangUp answers, and ends the exchange with what is unread of the
// body unread. It may not return.
func answerAndHangUp(w http.ResponseWriter, r *http.Request, status int, header http.Header, body string) {
	c, ok := connOf(r)
	if !ok {
		// net/http resets an HTTP/2 stream when the handler has returned.
		maps.Copy(w.Header(), header.Clone())
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
	// net/http's own writer would read on before it closes, to spare the
	// client the reset.
	_, _ = c.Write(rawAnswer(r, status, header, body))
	closeUnread(c)
	panic(http.ErrAbortHandler)
}

// rawAnswer is an answer as it is on the wire of HTTP/1.1.
func rawAnswer(r *http.Request, status int, header http.Header, body string) []byte {
	header = header.Clone()
	if header == nil {
		header = make(http.Header)
	}
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

// closeUnread closes c as a program does that has not read what came in: the
// system resets the connection, and sends before what was written.
func closeUnread(c net.Conn) {
	switch c := underTLS(c).(type) {
	case *pipeConn:
		_ = c.reset()
	default:
		_ = c.Close()
	}
}
