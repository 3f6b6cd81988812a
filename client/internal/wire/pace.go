package wire

import (
	"context"

	"golang.org/x/time/rate"

	"github.com/tusker-go/tusker/client/internal/cause"
)

// Pace limits the rate at which all requests of a Client together send bytes. A nil
// Pace is no limit. It is safe for concurrent use.
type Pace struct{ limiter *rate.Limiter }

// burstFraction divides the bytes of one second: that much may be sent at once, also
// after a pause.
const burstFraction = 20

// NewPace returns a Pace of so many bytes per second; 0 means no limit.
func NewPace(bytesPerSecond int64) *Pace {
	if bytesPerSecond == 0 {
		return nil
	}
	burst := max(1, int(min(bytesPerSecond/burstFraction, 1<<30)))
	return &Pace{rate.NewLimiter(rate.Limit(bytesPerSecond), burst)}
}

// most is how many of n bytes one call of wait may ask for.
func (p *Pace) most(n int) int {
	if p == nil {
		return n
	}
	return min(n, p.limiter.Burst())
}

// wait returns when n bytes may be sent. n must not exceed what most returns.
func (p *Pace) wait(ctx context.Context, n int) error {
	if p == nil {
		return nil
	}
	if p.limiter.WaitN(ctx, n) == nil {
		return nil
	}
	// The limiter does not start a wait that would end after ctx.
	<-ctx.Done()
	return cause.Of(ctx)
}
