package testserver

import (
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
)

// Buffer keeps the body back until all of it has come, and only then asks
// tusd: nginx with proxy_request_buffering, which is its default, Cloudflare,
// and most gateways that inspect what passes. If the client is cut off before
// the end, all of the body is lost and tusd never sees the request; HEAD in
// the meantime names the old offset. The body is kept in a temporary file.
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

// BodyLimit refuses bodies of more than n bytes with 413 and a page of HTML,
// without Tus-Resumable, and hangs up on the body, as nginx does with
// client_max_body_size (1 MiB by default), Cloudflare (100 MB) and IIS. A body
// whose announced length is too large is refused before any of it is read,
// one of unannounced length when there is more of it, and until then tusd
// gets nothing. Requests with smaller bodies are none of its business.
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

func (a bodyLimit) wants(r *http.Request) bool {
	return r.ContentLength < 0 || r.ContentLength > a.n
}

// serveSpooled calls next with a body that has come whole, or refuse if it has
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
