package retry

import "time"

// Attempt is what a [Policy] is told about a failure.
type Attempt struct {
	// Number counts the failures in a row since the last progress, this one
	// included. It starts from 1.
	Number int
	// Elapsed is the time since the last progress, or since the start where
	// there was none.
	Elapsed time.Duration
	// Progress says that nothing has failed since bytes last moved. It is true
	// only where Number is 1.
	Progress bool
	// Err is the failure.
	Err error
}

// Policy decides whether another try follows a failure and how long to wait
// before it. A wait of zero or less means at once. A Policy keeps no state
// and is safe for concurrent use.
//
// A Policy that is a [Classifier] too decides itself which errors are worth
// another try; for any other, [Retryable] does.
type Policy interface {
	Next(a Attempt) (wait time.Duration, ok bool)
}

// Classifier is implemented by a [Policy] that has its own opinion on which
// errors are permanent. [Loop.Wait] asks it before it asks Next: a permanent
// error is returned as it is, while an error that Next gives up on becomes an
// [*ExhaustedError].
type Classifier interface {
	// Permanent reports whether no further try can mend err, which is not nil.
	Permanent(err error) bool
}

// PolicyFunc is a function that is a [Policy].
type PolicyFunc func(Attempt) (time.Duration, bool)

// Next calls f.
func (f PolicyFunc) Next(a Attempt) (time.Duration, bool) { return f(a) }

// Never is the policy that allows one try only.
var Never Policy = PolicyFunc(func(Attempt) (time.Duration, bool) { return 0, false })

// Delays returns a policy that waits exactly as long as it is told: the first
// of waits before the second try, and so on, and then stops. After progress it
// starts again with the first. A wait named by a server is not looked at.
// Without waits it is [Never].
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

// permanent asks the policy where it has an opinion.
func permanent(p Policy, err error) bool {
	if c, ok := p.(Classifier); ok {
		return c.Permanent(err)
	}
	return !Retryable(err)
}
