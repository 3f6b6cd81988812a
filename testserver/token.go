package testserver

import (
	"net/http"
	"sync"
)

// UntilTokenChanges answers 401, without asking tusd, to requests with the
// Authorization header of the first one that it meets, or without one if that
// had none: a token that expires in the middle of an upload, as those of
// Supabase and OpenCloud do. It ends with the first request that has another
// Authorization header, which goes on to tusd.
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

func (a *untilTokenChanges) over(r *http.Request) bool {
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
	if a.over(r) {
		next.ServeHTTP(w, r)
		return
	}
	a.Action.Serve(w, r, next)
}
