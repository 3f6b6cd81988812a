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
	closed map[string]closed
}{closed: map[string]closed{}}

type closed struct {
	until time.Time
	wait  time.Duration // as it was told
}

// throttle closes the gate of a URL's host for wait.
func throttle(rawURL string, wait time.Duration) {
	host := hostOf(rawURL)
	until := time.Now().Add(wait)
	gates.Lock()
	defer gates.Unlock()
	if gates.closed[host].until.Before(until) {
		gates.closed[host] = closed{until, wait}
	}
}

// hold waits while the gate of a URL's host is closed. Those that waited go on
// one after the other within a second, not all at once.
func hold(ctx context.Context, rawURL string) error {
	for {
		wait := gate(rawURL)
		if wait <= 0 {
			return nil
		}
		if err := pause(ctx, wait); err != nil {
			return err
		}
		if err := spread(ctx, wait); err != nil {
			return err
		}
	}
}

// spread waits up to a second, and up to a quarter of what was waited before.
func spread(ctx context.Context, waited time.Duration) error {
	if waited/4 <= 0 {
		return nil
	}
	return pause(ctx, rand.N(min(waited/4, time.Second)))
}

func pause(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ended(ctx)
	}
}

// gate gives the time until that of a URL's host opens; one that is open is
// forgotten.
func gate(rawURL string) time.Duration {
	gates.Lock()
	defer gates.Unlock()
	if len(gates.closed) == 0 {
		return 0
	}
	host := hostOf(rawURL)
	c, ok := gates.closed[host]
	if !ok {
		return 0
	}
	wait := time.Until(c.until)
	// More than was told is left only where the clock went back.
	if wait <= 0 || wait > c.wait {
		delete(gates.closed, host)
		return 0
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
