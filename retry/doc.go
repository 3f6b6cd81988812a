// Package retry decides whether to retry a failed operation, and how long to wait
// before it.
//
// The package is independent of any protocol. A [Policy] is stateless and decides
// about one failure at a time. A [Loop] counts the failures of one operation, asks
// the policy and waits. [Do] runs a function in a Loop.
//
// An operation that moves forward in steps calls [Loop.Progress] after each step.
// Failures are counted since the last progress. A long transfer over a bad line is
// therefore retried as long as it makes progress, and one without progress ends
// soon.
//
// An error can take part in the decision with three optional methods. They are looked
// up in the whole chain of the error:
//
//	Retryable() bool                    // see Retryable
//	RetryAfter() (time.Duration, bool)  // see After
//	MaxAttempts() (int, bool)           // see MaxAttempts
//
// A Loop asks for the first one under every Policy that is not a [Classifier].
// [Backoff] uses all three. [Delays] and [Never] use only the first one.
package retry
