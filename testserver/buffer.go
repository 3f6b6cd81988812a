package testserver

import (
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
)

// Buffer keeps the body until it is complete and then passes the request to
// tusd, as nginx does with proxy_request_buffering (its default), and
// Cloudflare and most inspecting gateways. If the client disconnects before the
// end, the whole body is lost and tusd does not see the request. Until then,
// HEAD reports the old offset. The body is kept in a temporary file.
//
// Chain(CutAfter(n), Buffer()) is a cut that loses all n bytes.
func Buffer() Action {
	return newAction(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if r.Body == nil || r.Body == http.NoBody {
			next.ServeHTTP(w, r)
			return
		}
		serveSpooled(w, r, next, -1, nil)
	}, "Buffer()")
}

// BodyLimit refuses bodies of more than n bytes with 413 and an HTML page,
// without Tus-Resumable, and closes the connection without reading the rest, as
// nginx does with client_max_body_size (1 MiB by default), Cloudflare (100 MB)
// and IIS. A body whose Content-Length exceeds n is refused before any of it is
// read. A body without Content-Length is kept until its end, so that tusd gets
// nothing of a body that is too large. BodyLimit does not apply to other
// requests.
func BodyLimit(n int64) Action {
	n = max(n, 0)
	return bodyLimit{newAction(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		refuse := func() {
			const page = "<html>\r\n<head><title>413 Request Entity Too Large</title></head>\r\n</html>\r\n"
			answerAndHangUp(w, r, http.StatusRequestEntityTooLarge, http.Header{"Content-Type": {"text/html"}}, page)
		}
		switch {
		case r.ContentLength > n:
			refuse()
		case r.ContentLength < 0:
			serveSpooled(w, r, next, n, refuse)
		default:
			next.ServeHTTP(w, r)
		}
	}, "BodyLimit(%d)", n), n}
}

type bodyLimit struct {
	Action
	n int64
}

func (a bodyLimit) String() string { return actionName(a.Action) }

func (a bodyLimit) appliesTo(r *http.Request) bool {
	return r.ContentLength < 0 || r.ContentLength > a.n
}

// serveSpooled calls next with the complete body, or refuse if the body has
// more than most bytes. A most of -1 is no limit.
func serveSpooled(w http.ResponseWriter, r *http.Request, next http.Handler, most int64, refuse func()) {
	f, err := os.CreateTemp("", "tusd-buffer-*")
	if err != nil {
		http.Error(w, "testserver: buffer: "+err.Error(), http.StatusInternalServerError)
		return
	}
	defer func() {
		_ = f.Close()
		_ = os.Remove(f.Name())
	}()
	var body io.Reader = r.Body
	if most >= 0 {
		body = io.LimitReader(body, most+1)
	}
	n, err := io.Copy(f, body)
	if err == nil && most >= 0 && n > most {
		refuse()
		return
	}
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if disk, ok := errors.AsType[*fs.PathError](err); ok {
		http.Error(w, "testserver: buffer: "+disk.Error(), http.StatusInternalServerError)
		return
	}
	if err != nil {
		abort(r)
	}
	r = withBody(r, f)
	r.ContentLength = n
	r.TransferEncoding = nil
	next.ServeHTTP(w, r)
}
