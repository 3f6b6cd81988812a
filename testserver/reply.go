package testserver

import (
	"io"
	"maps"
	"net/http"
	"strconv"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/testserver/internal/httpmsg"
)

// Status answers with code instead of tusd, as a proxy, a gateway or an
// overloaded server does: for example 502, 503 with Retry-After, 413 for a body
// limit, 423 for a lock, or 401 for an expired token. header may be nil, and
// body may be "". A code that net/http cannot send, such as 0, ends the
// connection.
//
// A key of header with the value nil removes a header. A proxy without CORS, whose
// answer a browser hides from pages of other origins, has
// http.Header{"Access-Control-Allow-Origin": nil}.
//
// Status does not read the body of the request. If much of the body is still to
// come, net/http closes the connection after the answer, and a client that
// writes may see a broken pipe before the answer.
func Status(code int, header http.Header, body string) Action {
	header = header.Clone()
	return newAction(func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		maps.Copy(w.Header(), header.Clone())
		w.WriteHeader(code)
		// A write error means that the client has disconnected.
		_, _ = io.WriteString(w, body)
	}, "Status(%d)", code)
}

// Offset replaces the Upload-Offset of tusd's answer by n, as a server with a
// bug or with delayed storage does. An answer without Upload-Offset is not
// changed.
func Offset(n int64) Action {
	return withName(OffsetHeader(strconv.FormatInt(n, 10)), "Offset(%d)", n)
}

// OffsetDelta adds d to the Upload-Offset of tusd's answer. A negative d is a
// server that stored fewer bytes than it received; a positive d is a server
// that reports too many. An answer without Upload-Offset is not changed.
func OffsetDelta(d int64) Action {
	return withName(RewriteHeader(func(h http.Header) {
		if n, err := protocol.ParseOffset(h.Get(protocol.HeaderUploadOffset)); err == nil {
			h.Set(protocol.HeaderUploadOffset, strconv.FormatInt(n+d, 10))
		}
	}), "OffsetDelta(%d)", d)
}

// OffsetHeader replaces the Upload-Offset of tusd's answer by value, which can
// be any text. An answer without Upload-Offset is not changed.
func OffsetHeader(value string) Action {
	return withName(RewriteHeader(func(h http.Header) {
		if h.Get(protocol.HeaderUploadOffset) != "" {
			h.Set(protocol.HeaderUploadOffset, value)
		}
	}), "OffsetHeader(%q)", value)
}

// SetHeader sets a header of tusd's answer, as servers and proxies do. The
// header is added if tusd did not set it.
func SetHeader(key, value string) Action {
	return withName(RewriteHeader(func(h http.Header) { h.Set(key, value) }), "SetHeader(%q, %q)", key, value)
}

// RewriteHeader calls edit with the headers of tusd's answer just before they
// are sent. Proxies change headers in this way: they make a Location relative,
// move it to another origin, or remove or repeat a header.
func RewriteHeader(edit func(http.Header)) Action {
	return newAction(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		edited := &httpmsg.HeaderEditor{ResponseWriter: w, Edit: edit}
		next.ServeHTTP(edited, r)
		edited.Finish()
	}, "RewriteHeader")
}

// withName returns an action that does what a does, under another name.
func withName(a Action, format string, args ...any) Action {
	return newAction(a.Serve, format, args...)
}
