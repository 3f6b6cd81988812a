// Package retry decides when to try again and how long to wait before it.
//
// It knows no protocol. A [Policy] is stateless and looks at one failure at a
// time; a [Loop] counts the failures of one piece of work, asks the policy and
// waits; [Do] is a Loop around a function.
//
// Work that moves forward in steps tells its Loop so with [Loop.Progress]:
// failures are counted since the last progress, so a long transfer over a poor
// line goes on for as long as it gets anywhere, and a dead one ends soon.
//
// Errors take part in the decision through two optional methods, which are
// looked for in the whole chain of an error:
//
//	Retryable() bool                    // see Retryable
//	RetryAfter() (time.Duration, bool)  // see After
package retry
