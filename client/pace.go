package client

import (
	"context"

	"golang.org/x/time/rate"
)

// pace is the rate at which all requests of a Client together send bytes. The
// nil pace is no limit. It is safe for concurrent use.
type pace struct{ limiter *rate.Limiter }

// burstTime is how much of a second may be sent at once, after a pause too.
const burstTime = 20 // a twentieth of a second

func newPace(bytesPerSecond int64) *pace {
	if bytesPerSecond == 0 {
		return nil
	}
	burst := max(1, int(min(bytesPerSecond/burstTime, 1<<30)))
	return &pace{rate.NewLimiter(rate.Limit(bytesPerSecond), burst)}
}

// most is how many of n bytes may be asked for at a time.
func (p *pace) most(n int) int {
	if p == nil {
		return n
	}
	return min(n, p.limiter.Burst())
}

// wait returns when n bytes, no more than most allows, may be sent.
func (p *pace) wait(ctx context.Context, n int) error {
	if p == nil {
		return nil
	}
	if p.limiter.WaitN(ctx, n) == nil {
		return nil
	}
	// The limiter does not begin a wait that would end after ctx.
	<-ctx.Done()
	return ended(ctx)
}
