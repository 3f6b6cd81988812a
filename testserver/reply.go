package testserver

import (
	"io"
	"maps"
	"net/http"
	"strconv"

	"github.com/tusker-go/tusker/protocol"
)

// Status answers without asking tusd, as a proxy, a gateway or a server under
// load does: 502, 503 with Retry-After, 413 from a limit on bodies, 423 from
// a lock, 401 from an expired token. header may be nil, body may be "". A code
// that net/http does not send, such as 0, ends the connection.
//
// The body of the request is not read. If much of it is still to come,
// net/http closes the connection after the answer, so that a client that
// writes may find a broken pipe before it finds the answer.
func Status(code int, header http.Header, body string) Action {
	header = header.Clone()
	return newAction(func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		maps.Copy(w.Header(), header.Clone())
		w.WriteHeader(code)
		// A client that has gone has not noticed the fault.
		_, _ = io.WriteString(w, body)
	}, "Status(%d)", code)
}

// Offset replaces the Upload-Offset of tusd's answer by n, as a server with a
// bug, or one whose storage lags behind, sends it. An answer without
// Upload-Offset stays as it is.
func Offset(n int64) Action {
	return named(OffsetHeader(strconv.FormatInt(n, 10)), "Offset(%d)", n)
}

// OffsetDelta adds d to the Upload-Offset of tusd's answer: a server that
// stored less than it was sent (d < 0), or claims more. An answer without
// Upload-Offset stays as it is.
func OffsetDelta(d int64) Action {
	return named(RewriteHeader(func(h http.Header) {
		if n, err := protocol.ParseOffset(h.Get(protocol.HeaderUploadOffset)); err == nil {
			h.Set(protocol.HeaderUploadOffset, strconv.FormatInt(n+d, 10))
		}
	}), "OffsetDelta(%d)", d)
}

// OffsetHeader replaces the Upload-Offset of tusd's answer by any text. An
// answer without Upload-Offset stays as it is.
func OffsetHeader(value string) Action {
	return named(RewriteHeader(func(h http.Header) {
		if h.Get(protocol.HeaderUploadOffset) != "" {
			h.Set(protocol.HeaderUploadOffset, value)
		}
	}), "OffsetHeader(%q)", value)
}

// SetHeader sets a header of tusd's answer, as servers add their own and
// proxies rewrite Location. A header that was not there is added.
func SetHeader(key, value string) Action {
	return named(RewriteHeader(func(h http.Header) { h.Set(key, value) }), "SetHeader(%q, %q)", key, value)
}

// RewriteHeader lets edit change the headers of tusd's answer just before
// they are sent, as proxies do: a Location relative, absent or on another
// origin, a header taken out or sent twice.
func RewriteHeader(edit func(http.Header)) Action {
	return newAction(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		edited := &editedReply{ResponseWriter: w, edit: edit}
		next.ServeHTTP(edited, r)
		edited.finish()
	}, "RewriteHeader")
}

// named gives an action another name.
func named(a Action, format string, args ...any) Action {
	return newAction(a.Serve, format, args...)
}

// editedReply edits headers as they are sent.
type editedReply struct {
	http.ResponseWriter
	edit func(http.Header)
	sent bool
}

func (w *editedReply) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *editedReply) WriteHeader(status int) {
	if status >= http.StatusOK {
		w.finish()
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *editedReply) Write(p []byte) (int, error) {
	w.finish()
	return w.ResponseWriter.Write(p)
}

// finish edits the headers, unless that is done.
func (w *editedReply) finish() {
	if !w.sent {
		w.sent = true
		w.edit(w.Header())
	}
}
