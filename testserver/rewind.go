package testserver

import (
	"errors"
	"net/http"

	"github.com/tus/tusd/v2/pkg/handler"
)

// RewindTo loses what is stored of the upload behind its first n bytes before
// tusd sees the request, so that the offset goes back in truth: a PATCH at the
// old offset gets 409, and HEAD names n. Servers that store on S3 do so (tusd,
// @tus/server: the last part is deleted before it is stored again), and any
// that comes back from a crash with less than it had acknowledged. A request
// that is writing to the upload is ended first, as tusd ends one. An upload
// with no more than n bytes, and a request that names none, stay as they are.
func RewindTo(n int64) Action {
	return newAction(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if s := serverOf(r); s != nil {
			err := s.store.truncate(r.Context(), r.URL.Path, max(n, 0))
			if errors.Is(err, handler.ErrLockTimeout) {
				abort(r) // The client has gone.
			}
			if err != nil {
				http.Error(w, "testserver: rewind: "+err.Error(), http.StatusInternalServerError)
				return
			}
		}
		next.ServeHTTP(w, r)
	}, "RewindTo(%d)", n)
}
