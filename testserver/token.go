package testserver

import (
	"net/http"
	"sync"
)

// UntilTokenChanges answers 401 instead of tusd while the Authorization header
// is the same as in the first request, or missing as in the first request. It
// simulates a token that expires during an upload, as tokens of Supabase and
// OpenCloud do. The action ends with the first request with another
// Authorization header, which is passed to tusd.
func UntilTokenChanges() Action {
	return &untilTokenChanges{Action: Status(http.StatusUnauthorized,
		http.Header{"Www-Authenticate": {`Bearer error="invalid_token"`}}, "token expired\n")}
}

type untilTokenChanges struct {
	Action

	mu    sync.Mutex
	seen  bool
	token string
}

func (*untilTokenChanges) String() string { return "UntilTokenChanges()" }

func (a *untilTokenChanges) ended(r *http.Request) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.seen && r.Header.Get("Authorization") != a.token
}

func (a *untilTokenChanges) Serve(w http.ResponseWriter, r *http.Request, next http.Handler) {
	a.mu.Lock()
	if !a.seen {
		a.seen, a.token = true, r.Header.Get("Authorization")
	}
	a.mu.Unlock()
	if a.ended(r) {
		next.ServeHTTP(w, r)
		return
	}
	a.Action.Serve(w, r, next)
}
