package testserver

import (
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/tusker-go/tusker/protocol"
)

// Locked answers 423 instead of tusd for the time d, which begins with the
// first request, and then ends. Servers such as tusdotnet, and tusd before
// version 2, answer so while they still hold the lock for a request whose
// connection was lost. 0: without end.
func Locked(d time.Duration) Action {
	return &locked{
		Action: newAction(func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
			tusError(w, r, http.StatusLocked, "ERR_UPLOAD_LOCKED: file currently locked")
		}, "Locked(%v)", d),
		d: d,
	}
}

type locked struct {
	Action
	d time.Duration

	mu    sync.Mutex
	since time.Time // time of the first request; zero: none yet
}

func (a *locked) String() string { return actionName(a.Action) }

func (a *locked) ended(*http.Request) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.d > 0 && !a.since.IsZero() && time.Since(a.since) >= a.d
}

func (a *locked) Serve(w http.ResponseWriter, r *http.Request, next http.Handler) {
	if a.ended(r) {
		next.ServeHTTP(w, r)
		return
	}
	a.mu.Lock()
	if a.since.IsZero() {
		a.since = time.Now()
	}
	a.mu.Unlock()
	a.Action.Serve(w, r, next)
}

// LockTimeout answers 500 with ERR_LOCK_TIMEOUT instead of tusd, as tusd does
// when the request that holds the lock does not release it within 20 seconds.
// The answer comes at once; use Chain(Stall(20*time.Second), LockTimeout()) for
// a late answer.
func LockTimeout() Action {
	return newAction(func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		tusError(w, r, http.StatusInternalServerError, "ERR_LOCK_TIMEOUT: failed to acquire lock before timeout")
	}, "LockTimeout()")
}

// tusError answers with an error in the format of tusd. Tus-Resumable is for clients of tus.
func tusError(w http.ResponseWriter, r *http.Request, status int, words string) {
	if isTus(r) {
		w.Header().Set(protocol.HeaderResumable, protocol.Version)
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, words+"\n")
}

// interopVersionHeader is in requests of the IETF's Resumable Uploads for HTTP.
const interopVersionHeader = "Upload-Draft-Interop-Version"

// isTus reports whether r gets an answer of tus.
func isTus(r *http.Request) bool {
	s := serverOf(r)
	switch {
	case s == nil:
		return true
	case s.cfg.Handler != nil:
		return false
	}
	return !s.cfg.Experimental || r.Header.Get(interopVersionHeader) == ""
}
