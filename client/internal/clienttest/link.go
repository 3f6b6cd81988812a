package clienttest

import (
	"io"
	"net/http"
	"sync"
	"time"
)

// SlowLink is a network connection with limited rates, in bytes per second. [SlowLink.Hook]
// puts a fake server behind it. It waits, so use it in a synctest bubble.
type SlowLink struct {
	RequestRate int64         // of each PATCH
	TotalRate   int64         // of all PATCHes together; 0: no limit
	Delay       time.Duration // before each request
	Most        int           // the highest number of PATCHes at the same time so far

	mu    sync.Mutex
	ready time.Time // when the next byte may flow under TotalRate
	now   int       // PATCHes that run now
}

// Hook is a value for fake.Config.Hook.
func (l *SlowLink) Hook(w http.ResponseWriter, r *http.Request, next http.Handler) {
	time.Sleep(l.Delay)
	if r.Method == http.MethodPatch {
		l.mu.Lock()
		l.now++
		l.Most = max(l.Most, l.now)
		l.mu.Unlock()
		defer func() {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.now--
		}()
		r.Body = &slowBody{ReadCloser: r.Body, l: l}
	}
	next.ServeHTTP(w, r)
}

// slowBody is the body of a PATCH behind a SlowLink.
type slowBody struct {
	io.ReadCloser
	l *SlowLink
}

func (b *slowBody) Read(p []byte) (int, error) {
	p = p[:min(len(p), 64<<10)]
	n, err := io.ReadFull(b.ReadCloser, p)
	if err == io.ErrUnexpectedEOF {
		err = io.EOF
	}
	wait := time.Duration(n) * time.Second / time.Duration(b.l.RequestRate)
	if b.l.TotalRate > 0 {
		b.l.mu.Lock()
		if now := time.Now(); b.l.ready.Before(now) {
			b.l.ready = now
		}
		b.l.ready = b.l.ready.Add(time.Duration(n) * time.Second / time.Duration(b.l.TotalRate))
		wait = max(wait, time.Until(b.l.ready))
		b.l.mu.Unlock()
	}
	time.Sleep(wait)
	return n, err
}
