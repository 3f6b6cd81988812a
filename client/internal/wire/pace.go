package wire

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/tusker-go/tusker/client/internal/cause"
)

// Pace limits the rate at which all requests of a Client together send bytes. A nil
// Pace is no limit. It is safe for concurrent use.
type Pace struct {
	at   func(time.Time) int64 // the limit at a time; nil: it does not change
	turn chan struct{}         // has a value while a call waits for bytes: calls get them in turn

	mu      sync.Mutex
	limit   int64         // of limiter; 0: there is no limit
	limiter *rate.Limiter // nil: there is no limit
}

const (
	// burstFraction divides the bytes of one second: that much may be sent at once, also
	// after a pause.
	burstFraction = 20

	// longestWait is how long a change of the limit may be overlooked.
	longestWait = time.Second / 2
)

// NewPace returns a Pace of so many bytes per second; 0 means no limit.
func NewPace(bytesPerSecond int64) *Pace {
	if bytesPerSecond == 0 {
		return nil
	}
	p := NewPaceAt(nil)
	p.set(bytesPerSecond)
	return p
}

// NewPaceAt returns a Pace whose bytes per second are those that at returns for the current
// time. 0 and less mean no limit at that time. The function must be safe for concurrent use.
func NewPaceAt(at func(time.Time) int64) *Pace { return &Pace{at: at, turn: make(chan struct{}, 1)} }

// isConstant reports whether there is a limit that never ends.
func (p *Pace) isConstant() bool { return p != nil && p.at == nil }

// set replaces the limit. A change from one limit to another one allows no further burst.
func (p *Pace) set(limit int64) {
	burst := max(1, int(min(limit/burstFraction, 1<<30)))
	switch {
	case limit <= 0:
		p.limiter = nil
	case p.limiter == nil:
		p.limiter = rate.NewLimiter(rate.Limit(limit), burst)
	default:
		p.limiter.SetLimit(rate.Limit(limit))
		p.limiter.SetBurst(burst)
	}
	p.limit = limit
}

// current returns the limiter for a time, or nil if there is no limit then. The lock is held.
func (p *Pace) current(now time.Time) *rate.Limiter {
	if p.at != nil {
		if limit := max(0, p.at(now)); limit != p.limit {
			p.set(limit)
		}
	}
	return p.limiter
}

// isLimited reports whether there is a limit now.
func (p *Pace) isLimited() bool {
	if p == nil {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.current(time.Now()) != nil
}

// most is how many of n bytes one call of wait should ask for, so that it is short.
func (p *Pace) most(n int) int {
	if p == nil {
		return n
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if l := p.current(time.Now()); l != nil {
		return min(n, l.Burst())
	}
	return n
}

// wait returns when n bytes may be sent. It takes the bytes when they may be sent, and not
// earlier, so that a change of the limit applies to calls that wait.
func (p *Pace) wait(ctx context.Context, n int) error {
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
	case <-ctx.Done():
		return cause.Why(ctx)
	}
	for {
		var missing time.Duration
		if n, missing = p.take(n); n == 0 {
			return nil
		}
		t := time.NewTimer(missing)
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return cause.Why(ctx)
		}
	}
}

// take takes as many of n bytes as may be sent now. It returns how many are left, and how long
// the next ones take.
func (p *Pace) take(n int) (left int, missing time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	for {
		l := p.current(now)
		if l == nil {
			return 0, 0
		}
		step := min(n, l.Burst())
		if !l.AllowN(now, step) {
			seconds := (float64(step) - l.TokensAt(now)) / float64(p.limit)
			if seconds > longestWait.Seconds() {
				return n, longestWait
			}
			return n, time.Duration(seconds*float64(time.Second)) + 1 // at least 1 ns
		}
		if n -= step; n == 0 {
			return 0, 0
		}
	}
}
