package batch

import "time"

// The waits before a file is sent again after a failure, see retryWait.
const (
	firstRetry = 30 * time.Second
	lastRetry  = 15 * time.Minute
)

// pending has the files of watched directories. It is as large as the directories: a file that
// is gone is forgotten.
type pending struct {
	settle time.Duration // time without a change after which a file is sent
	files  map[string]*pendingFile
}

// pendingFile is a file in the state of the latest look at it.
type pendingFile struct {
	size, modified int64
	id             fileID
	since          time.Time // first look at this state
	sent           bool
	failures       int       // in a row, in this state
	retryAt        time.Time // after a failure
}

// pick returns the files that should be sent now, and when the next one should be. The zero
// time: no file waits. Entries are all files of the directories.
func (p *pending) pick(now time.Time, entries []entry) (due []entry, next time.Time) {
	files := make(map[string]*pendingFile, len(entries))
	for _, e := range entries {
		f := p.files[e.path()]
		if f == nil || f.size != e.size || f.modified != e.modified || f.id != e.id {
			f = &pendingFile{size: e.size, modified: e.modified, id: e.id, since: now}
		}
		files[e.path()] = f
		if f.sent {
			continue
		}
		at := p.dueAt(f, e, now)
		if !at.After(now) {
			due = append(due, e)
			continue
		}
		if next.IsZero() || at.Before(next) {
			next = at
		}
	}
	p.files = files
	return due, next
}

// dueAt returns the time at which a file should be sent. Its time of modification may be that
// of another clock, or may have been set by a program. A file that is not seen to change is
// therefore settled, too.
func (p *pending) dueAt(f *pendingFile, e entry, now time.Time) time.Time {
	switch {
	case f.failures > 0:
		return f.retryAt
	case e.err != nil:
		return now
	}
	at := f.since.Add(p.settle)
	if modified := time.Unix(0, f.modified); modified.Before(now) && modified.Add(p.settle).Before(at) {
		at = modified.Add(p.settle)
	}
	return at
}

// ended records how an upload ended.
func (p *pending) ended(now time.Time, name string, err error) {
	f := p.files[name]
	if f == nil {
		return
	}
	if err == nil {
		f.sent = true
		return
	}
	f.failures++
	f.retryAt = now.Add(retryWait(f.failures))
}

// retryWait returns the wait after so many failures in a row. It doubles from firstRetry to
// lastRetry.
func retryWait(failures int) time.Duration {
	return min(lastRetry, firstRetry<<min(failures-1, 10))
}
