package fleet

import (
	"context"
	"time"
)

// leftCheck finds out whether a job has any item left. It asks at most a few times in a
// second, and trusts an answer only if nothing happened meanwhile.
type leftCheck struct {
	asking chan bool // gets the answer; nil: nothing was asked
	next   time.Time
	stale  bool
}

// reset says that something happened.
func (l *leftCheck) reset() { l.stale = true }

// check asks, unless it has asked just now.
func (l *leftCheck) check(r *run, now time.Time) {
	const interval = time.Second / 4
	if l.asking != nil || now.Before(l.next) {
		return
	}
	l.next, l.stale = now.Add(interval), false
	l.asking = make(chan bool, 1)
	go func(answer chan<- bool) {
		ctx, cancel := context.WithTimeout(r.uploads, answerTime)
		defer cancel()
		st, err := r.queueStatus(ctx)
		answer <- err == nil && st.Finished()
	}(l.asking)
}

// answer returns the channel of the answer.
func (l *leftCheck) answer() <-chan bool { return l.asking }

// take takes an answer, and reports whether nothing is left.
func (l *leftCheck) take(none bool) bool {
	l.asking = nil
	return none && !l.stale
}
