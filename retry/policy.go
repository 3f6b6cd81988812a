package retry

import "time"

// Attempt describes a failure to a [Policy].
type Attempt struct {
	// Number is how many failures there were since the last progress, this one
	// included. The first one has Number 1.
	Number int
	// Elapsed is the time since the last progress, or since the start if there
	// was no progress.
	Elapsed time.Duration
	// Progress means that nothing has failed since bytes last moved. It can be
	// true only if Number is 1.
	Progress bool
	// Err is the failure.
	Err error
}

// Policy decides whether a failed attempt is retried, and how long to wait before
// that. A wait of zero or less means no wait. A Policy is stateless and safe for
// concurrent use. A Loop uses the wait unchanged: a Policy that follows the wait that
// a server asks for calls [After], as [Backoff] does.
//
// A Policy that is also a [Classifier] decides which errors are permanent. For any
// other Policy, [Retryable] decides.
type Policy interface {
	Next(a Attempt) (wait time.Duration, ok bool)
}

// Classifier is a [Policy] that decides which errors are permanent. [Loop.Wait]
// calls Permanent before Next. It returns a permanent error unchanged, and an error
// for which Next allows no retry as an [*ExhaustedError].
type Classifier interface {
	// Permanent reports whether a retry cannot help after err, which is not nil.
	Permanent(err error) bool
}

// PolicyFunc is a function that implements [Policy].
type PolicyFunc func(Attempt) (time.Duration, bool)

// Next calls f.
func (f PolicyFunc) Next(a Attempt) (time.Duration, bool) { return f(a) }

// Never is the policy that allows no retry.
var Never Policy = PolicyFunc(func(Attempt) (time.Duration, bool) { return 0, false })

// Delays returns a policy with exactly these waits: the first one before the first
// retry, and so on. After the last one it allows no retry. Progress starts again with
// the first wait. A negative wait is no wait. Without waits, Delays returns a policy
// like [Never].
//
// The policy uses neither [After] nor [MaxAttempts], so a server that asks for a longer
// wait gets the next request earlier. Use [Backoff] for servers that limit requests, or
// a [PolicyFunc] that calls After.
func Delays(waits ...time.Duration) Policy {
	return delays(append([]time.Duration(nil), waits...))
}

type delays []time.Duration

func (d delays) Next(a Attempt) (time.Duration, bool) {
	if a.Number < 1 || a.Number > len(d) {
		return 0, false
	}
	return max(d[a.Number-1], 0), true
}

// permanent asks the policy if it is a Classifier, and [Retryable] if not.
func permanent(p Policy, err error) bool {
	if c, ok := p.(Classifier); ok {
		return c.Permanent(err)
	}
	return !Retryable(err)
}
