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
	at func(time.Time) int64 // the limit at a time; nil: it does not change

	mu      sync.Mutex
	limit   int64         // of limiter; 0: there is no limit
	limiter *rate.Limiter // nil: there is no limit
}

// burstFraction divides the bytes of one second: that much may be sent at once, also
// after a pause.
const burstFraction = 20

// NewPace returns a Pace of so many bytes per second; 0 means no limit.
func NewPace(bytesPerSecond int64) *Pace {
	if bytesPerSecond == 0 {
		return nil
	}
	p := new(Pace)
	p.set(bytesPerSecond)
	return p
}

// NewPaceAt returns a Pace whose bytes per second are those that at returns for the current
// time. 0 and less mean no limit at that time. The function must be safe for concurrent use.
func NewPaceAt(at func(time.Time) int64) *Pace { return &Pace{at: at} }

// set replaces the limit. A wait that has begun ends as it would have without the change.
func (p *Pace) set(limit int64) {
	p.limit, p.limiter = limit, nil
	if limit > 0 {
		p.limiter = rate.NewLimiter(rate.Limit(limit), max(1, int(min(limit/burstFraction, 1<<30))))
	}
}

// current returns the limiter for the current time, or nil if there is no limit now.
func (p *Pace) current() *rate.Limiter {
	if p == nil {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.at != nil {
		if limit := max(0, p.at(time.Now())); limit != p.limit {
			p.set(limit)
		}
	}
	return p.limiter
}

// most is how many of n bytes one call of wait should ask for, so that it is short.
func (p *Pace) most(n int) int {
	if l := p.current(); l != nil {
		return min(n, l.Burst())
	}
	return n
}

// wait returns when n bytes may be sent.
func (p *Pace) wait(ctx context.Context, n int) error {
	for n > 0 {
		l := p.current()
		if l == nil {
			return nil
		}
		// The limit may be lower than when the caller asked for the most bytes.
		step := min(n, l.Burst())
		if l.WaitN(ctx, step) != nil {
			// The limiter does not start a wait that would end after ctx.
			<-ctx.Done()
			return cause.Why(ctx)
		}
		n -= step
	}
	return nil
}
