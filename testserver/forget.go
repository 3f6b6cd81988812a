package testserver

import "net/http"

// Forget deletes the upload that the request names before tusd sees the
// request, so that tusd answers 404, as for an upload that has expired, was
// deleted, or was lost with the server's disk. A request without an upload is
// not affected.
func Forget() Action {
	return newAction(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if s := serverOf(r); s != nil {
			if err := s.store.remove(r.URL.Path); err != nil {
				http.Error(w, "testserver: forget: "+err.Error(), http.StatusInternalServerError)
				return
			}
		}
		next.ServeHTTP(w, r)
	}, "Forget()")
}
