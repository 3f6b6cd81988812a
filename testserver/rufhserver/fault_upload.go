package rufhserver

import (
	"context"
	"net/http"
	"time"

	"github.com/tusker-go/tusker/protocol/rufh"
	"github.com/tusker-go/tusker/testserver"
)

// handlerKey is the key of the handler in the context of a request.
type handlerKey struct{}

// inContext gives actions the uploads of h. In another server, these actions change nothing.
func (h *handler) inContext(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), handlerKey{}, h)))
	})
}

// uploadOf returns the server and the upload of a request. nil: there is none.
func uploadOf(r *http.Request) (*handler, *upload) {
	h, _ := r.Context().Value(handlerKey{}).(*handler)
	if h == nil {
		return nil, nil
	}
	return h, h.find(r.URL.Path)
}

// Forget removes the upload before the request, as if it has expired: the request gets 404.
func Forget() testserver.Action {
	return newAction(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if h, _ := uploadOf(r); h != nil {
			h.remove(r.URL.Path)
		}
		next.ServeHTTP(w, r)
	}, "Forget()")
}

// RewindTo removes the bytes of the upload after the first n before the request. It breaks
// the rule that offsets do not decrease (-13, section 4.1.1). A complete upload, and one with
// fewer bytes, stays as it is.
func RewindTo(n int64) testserver.Action {
	return newAction(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if _, u := uploadOf(r); u != nil {
			u.rewind(n)
		}
		next.ServeHTTP(w, r)
	}, "RewindTo(%d)", n)
}

// SlowFinish delays the final response to a request that completes an upload by d, as a
// target does that scans or moves the representation. HEAD says that the upload is complete
// in the meantime. 0: until the client disconnects or the server closes. Other requests are
// answered as usual.
func SlowFinish(d time.Duration) testserver.Action {
	return newAction(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if rufh.ParseRequest(r.Header).Complete != rufh.Complete {
			next.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(&interimWriter{
			ResponseWriter: w,
			send:           func(send func()) { send() },
			final:          func() { delay(r.Context(), d) },
		}, r)
	}, "SlowFinish(%v)", d)
}

// delay waits for d. If the client disconnects first, it ends the request.
func delay(ctx context.Context, d time.Duration) {
	var over <-chan time.Time
	if d > 0 {
		timer := time.NewTimer(d)
		defer timer.Stop()
		over = timer.C
	}
	select {
	case <-over:
	case <-ctx.Done():
		panic(http.ErrAbortHandler)
	}
}
