package testserver

import "net/http"

// Forget deletes the upload that the request names from the store before tusd
// sees the request, which it answers with 404: an upload that has expired, or
// was cleaned away, or a server that lost its disk. A request that names no
// upload goes on as usual.
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
