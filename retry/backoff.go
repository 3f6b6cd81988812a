package retry

import (
	"math"
	"math/rand/v2"
	"time"
)

// Defaults of fields of [Backoff], for callers that show them or compute with them.
const (
	DefaultMax         = 60 * time.Second
	DefaultResume      = 20 * time.Millisecond
	DefaultMaxAttempts = 10
)

const (
	defaultInitial = time.Second
	defaultFactor  = 2.0
	defaultJitter  = 1.0
)

// Backoff is a [Policy] with exponential backoff and jitter: waits grow with each
// failure, and a part of each is random, so that clients that failed at the same time
// do not retry at the same time. The zero value allows 10 attempts without progress,
// with waits of at most 60 s.
//
// The wait is at least as long as the server asked for (see [After]), but never longer
// than Max.
//
// Backoff is safe for concurrent use if its fields do not change.
type Backoff struct {
	// Initial is the longest wait after the first failure. 0 or less: 1 s.
	Initial time.Duration
	// Max is the longest wait after any failure, even if the server asks for a
	// longer one. 0 or less: 60 s.
	Max time.Duration
	// Factor multiplies the longest wait after each further failure. 0 or less: 2.
	Factor float64
	// Jitter is the part of each wait that is random, at most 1. 0: 1, which is any
	// wait up to the longest one. Negative: no part, each wait is the longest one.
	Jitter float64
	// Resume is the longest wait after the first failure since bytes moved
	// (Attempt.Progress). The wait is at least half as long, because a server that
	// gets a request at once may still read what arrived before the connection
	// broke, and drop it. 0: 20 ms. Negative: Initial applies.
	Resume time.Duration
	// MaxAttempts is the largest number of attempts without progress, the first
	// one included. 0: 10. Negative: no limit. An error may set a lower limit, see the
	// function [MaxAttempts].
	MaxAttempts int
	// MaxElapsed is the longest time without progress. A wait that would end after
	// it does not begin. MaxElapsed does not end an attempt; use a context for that.
	// 0 or less: no limit.
	MaxElapsed time.Duration
	// Retryable reports whether an error is worth a retry. It must be safe for
	// concurrent use. nil: the function [Retryable].
	Retryable func(error) bool
}

// Next implements [Policy].
func (b Backoff) Next(a Attempt) (time.Duration, bool) {
	if a.Err != nil && b.Permanent(a.Err) {
		return 0, false
	}
	limit := b.MaxAttempts
	if limit == 0 {
		limit = DefaultMaxAttempts
	}
	if most, ok := MaxAttempts(a.Err); ok && (limit < 0 || most < limit) {
		limit = most
	}
	if limit > 0 && a.Number >= limit {
		return 0, false
	}
	wait := b.draw(b.ceiling(a), b.share(a))
	if after, ok := After(a.Err); ok {
		wait = max(wait, min(after, b.max()))
	}
	if b.MaxElapsed > 0 && (a.Elapsed >= b.MaxElapsed || wait > b.MaxElapsed-a.Elapsed) {
		return 0, false
	}
	return wait, true
}

// Permanent implements [Classifier]. It calls the field Retryable.
func (b Backoff) Permanent(err error) bool {
	if b.Retryable != nil {
		return !b.Retryable(err)
	}
	return !Retryable(err)
}

func (b Backoff) max() time.Duration {
	if b.Max <= 0 {
		return DefaultMax
	}
	return b.Max
}

// resumes reports whether Resume applies.
func (b Backoff) resumes(a Attempt) bool {
	return a.Progress && a.Number <= 1 && b.Resume >= 0
}

func (b Backoff) ceiling(a Attempt) time.Duration {
	if b.resumes(a) {
		if b.Resume == 0 {
			return min(DefaultResume, b.max())
		}
		return min(b.Resume, b.max())
	}
	initial := b.Initial
	if initial <= 0 {
		initial = defaultInitial
	}
	factor := b.Factor
	if !(factor > 0) { // also catches NaN
		factor = defaultFactor
	}
	// A large power is +Inf as a float64. As an integer it would overflow to a
	// negative wait.
	c := float64(initial) * math.Pow(factor, float64(max(a.Number, 1)-1))
	if c < float64(b.max()) {
		return time.Duration(c)
	}
	return b.max()
}

// share returns the part of the wait that is random.
func (b Backoff) share(a Attempt) float64 {
	share := b.Jitter
	if share == 0 || share > 1 || math.IsNaN(share) {
		share = defaultJitter
	}
	if b.resumes(a) {
		share = min(share, 0.5)
	}
	return max(share, 0)
}

func (b Backoff) draw(ceiling time.Duration, share float64) time.Duration {
	random := time.Duration(float64(ceiling) * share)
	if random <= 0 {
		return ceiling
	}
	return ceiling - random + rand.N(random)
}
