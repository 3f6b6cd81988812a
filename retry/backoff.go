package retry

import (
	"math"
	"math/rand/v2"
	"time"
)

// Defaults of the fields of [Backoff] that callers show and count with.
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

// Backoff is the [Policy] of waits that grow with each failure in a row and
// are drawn at random, so that many clients that failed together do not come
// back together. The zero value is ready: 10 tries without progress, at most
// 60 s between two.
//
// A wait named by the server (see [After]) is the least that is waited, but
// never more than Max.
//
// Backoff is a value: it is safe for concurrent use as long as nobody changes
// its fields.
type Backoff struct {
	// Initial is the ceiling of the wait after the first failure.
	// 0 or less: 1 s.
	Initial time.Duration
	// Max is the most that is ever waited between two tries, also where the
	// server names a wait. 0 or less: 60 s.
	Max time.Duration
	// Factor is how much the ceiling grows with each failure in a row.
	// 0 or less: 2.
	Factor float64
	// Jitter is the share of each wait that is drawn at random, up to 1.
	// 0: 1, a wait anywhere below the ceiling. Negative: none, each wait is
	// its ceiling.
	Jitter float64
	// Resume is the ceiling of the wait where nothing has failed since bytes
	// last moved (Attempt.Progress). At least half of it is waited: a server
	// that is asked at once may still be reading what arrived before the
	// connection broke, and drop it. 0: 20 ms. Negative: no special case,
	// Initial is the ceiling.
	Resume time.Duration
	// MaxAttempts is the number of tries in all without progress, the first
	// included. 0: 10. Negative: no limit.
	MaxAttempts int
	// MaxElapsed is the longest time without progress. No wait is begun that
	// would end after it. 0 or less: no limit. It does not cut a try short: a
	// context does.
	MaxElapsed time.Duration
	// Retryable says which errors are worth another try. nil: the function
	// [Retryable]. It must be safe for concurrent use.
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

// Permanent implements [Classifier] by means of the field Retryable.
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

// resumes reports whether the wait is the one after progress.
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
	// In floating point a large power becomes +Inf, where an integer would
	// wrap around to a negative wait.
	c := float64(initial) * math.Pow(factor, float64(max(a.Number, 1)-1))
	if c < float64(b.max()) {
		return time.Duration(c)
	}
	return b.max()
}

// share is the part of the wait that is drawn at random.
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
