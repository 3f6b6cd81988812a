package testserver

import (
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/tusker-go/tusker/protocol"
)

// Locked answers 423, without asking tusd, for the time d from the first
// request that it meets, as a server does that still holds the request before
// a drop and does not take the lock from it: tusdotnet, tusd before version 2.
// Then it ends. 0: it does not end.
func Locked(d time.Duration) Action {
	return &locked{
		Action: newAction(func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			tusError(w, http.StatusLocked, "ERR_UPLOAD_LOCKED: file currently locked")
		}, "Locked(%v)", d),
		d: d,
	}
}

type locked struct {
	Action
	d time.Duration

	mu    sync.Mutex
	since time.Time // zero: not yet
}

func (a *locked) String() string { return actionName(a.Action) }

func (a *locked) over(*http.Request) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.d > 0 && !a.since.IsZero() && time.Since(a.since) >= a.d
}

func (a *locked) Serve(w http.ResponseWriter, r *http.Request, next http.Handler) {
	if a.over(r) {
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

// LockTimeout answers 500 with ERR_LOCK_TIMEOUT, without asking tusd, as tusd
// does when the request that holds the upload has not let go of it within 20
// seconds. The answer comes at once; Chain(Stall(20*time.Second),
// LockTimeout()) takes its time.
func LockTimeout() Action {
	return newAction(func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		tusError(w, http.StatusInternalServerError, "ERR_LOCK_TIMEOUT: failed to acquire lock before timeout")
	}, "LockTimeout()")
}

// tusError answers as tusd does.
func tusError(w http.ResponseWriter, status int, words string) {
	w.Header().Set(protocol.HeaderResumable, protocol.Version)
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, words+"\n")
}
