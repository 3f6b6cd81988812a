package testserver

import (
	"errors"
	"net/http"

	"github.com/tus/tusd/v2/pkg/handler"
)

// RewindTo removes the stored bytes of the upload after the first n, before
// tusd sees the request. The offset really decreases: a PATCH at the old offset
// gets 409, and HEAD reports n. Servers that store on S3 behave like this (tusd
// and @tus/server delete the last part before they store it again), and so does
// a server that lost acknowledged bytes in a crash. A request that writes to
// the upload is ended first, as tusd ends it. An upload with n bytes or fewer,
// and a request without an upload, are not affected.
func RewindTo(n int64) Action {
	return newAction(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if s := serverOf(r); s != nil {
			err := s.store.truncate(r.Context(), r.URL.Path, max(n, 0))
			if errors.Is(err, handler.ErrLockTimeout) {
				abort(r) // The client has disconnected.
			}
			if err != nil {
				http.Error(w, "testserver: rewind: "+err.Error(), http.StatusInternalServerError)
				return
			}
		}
		next.ServeHTTP(w, r)
	}, "RewindTo(%d)", n)
}
