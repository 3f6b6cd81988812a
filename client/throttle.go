package client

import (
	"context"
	"math/rand/v2"
	"net/url"
	"strings"
	"sync"
	"time"
)

// gates holds, for each host that asked for fewer requests, until when every
// upload of this process leaves it alone.
var gates = struct {
	sync.Mutex
	until map[string]time.Time
}{until: map[string]time.Time{}}

// throttle closes the gate of a URL's host for wait.
func throttle(rawURL string, wait time.Duration) {
	host := hostOf(rawURL)
	until := time.Now().Add(wait)
	gates.Lock()
	defer gates.Unlock()
	if gates.until[host].Before(until) {
		gates.until[host] = until
	}
}

// hold waits while the gate of a URL's host is closed. Those that waited go on
// one after the other within a second, not all at once.
func hold(ctx context.Context, rawURL string) error {
	for {
		wait := gate(hostOf(rawURL))
		if wait <= 0 {
			return nil
		}
		timer := time.NewTimer(wait + rand.N(min(wait, time.Second)))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ended(ctx)
		}
	}
}

// gate gives the time until it opens; one that is open is forgotten.
func gate(host string) time.Duration {
	gates.Lock()
	defer gates.Unlock()
	until, ok := gates.until[host]
	if !ok {
		return 0
	}
	wait := time.Until(until)
	if wait <= 0 {
		delete(gates.until, host)
	}
	return wait
}

// hostOf is scheme, host and port.
func hostOf(rawURL string) string {
	u, err := url.Parse(rawURL)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + strings.ToLower(u.Hostname()) + ":" + port(u)
}
