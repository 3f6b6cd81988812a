package source

import (
	"syscall"
	"time"

	"github.com/tusker-go/tusker/client/internal/timestep"
)

// maxAhead is by how much the clock of a file system is ahead of this machine's at
// most: FAT has local time, which may be 14 h ahead. A later time of modification was
// set by a program, and any further change replaces it.
const maxAhead = 24 * time.Hour

// Settler is a [Handle] of a source that may change so soon after an earlier change that its
// attributes do not show it, as a file does.
type Settler interface {
	// SettleTime is how long from now the source has to be watched until its state differs
	// from every later one, if the clock of the source moves in this step. 0: it is settled
	// now. A Check after that time confirms the source.
	SettleTime(step time.Duration) time.Duration

	// Step is the step in which the clock of the source seems to move. It is positive.
	Step() time.Duration

	// IsTrusted reports whether a record of this state is a record of these bytes, although
	// the source was not watched.
	IsTrusted() bool

	// FindWriters says whether other programs can write to the source now.
	FindWriters() Writers

	// Compact frees memory that a complete upload does not need.
	Compact()
}

// unsettled is how long a file that was modified at modified, and has been watched without
// a change for some time, has to be watched until a further change cannot leave the same
// time of modification, on a file system whose clock moves in such steps. 0: it is settled.
//
// Two facts settle a file: its time of modification is past by the clock, or the file was
// watched for as long. The second holds on file systems whose clock is ahead, and for
// uploads that take their time.
func unsettled(modified, now time.Time, watched, step time.Duration) time.Duration {
	age := now.Sub(modified)
	if age < -maxAhead {
		return 0
	}
	return max(0, min(step-age, step-watched))
}

// stepOf is the step of the clock that made this time of modification, as far as the time
// itself tells. It does not tell that the clock is late.
func stepOf(modified time.Time) time.Duration {
	if modified.Nanosecond()%int(10*time.Millisecond) == 0 {
		return timestep.Longest
	}
	return timestep.Fine
}

// SettleTime implements [Settler]. A change is seen at any time if all bytes are compared;
// only a write that is still under way could change them after the comparison.
func (f *openFile) SettleTime(step time.Duration) time.Duration {
	if f.stat == nil || f.snapshot || f.isCompared() && f.writers == WritersNone {
		return 0
	}
	return unsettled(f.was.modified, time.Now(), time.Since(f.watched), step)
}

// Step implements [Settler].
func (f *openFile) Step() time.Duration { return stepOf(f.was.modified) }

// FindWriters implements [Settler].
func (f *openFile) FindWriters() Writers {
	f.writers = WritersUnknown
	if f.snapshot {
		return f.writers // a program may append to the file
	}
	if file, ok := f.r.(syscall.Conn); ok {
		f.writers = f.leases.find(file)
	}
	return f.writers
}

// IsTrusted implements [Settler].
func (f *openFile) IsTrusted() bool {
	return f.stat == nil || f.isCompared() || unsettled(f.was.modified, time.Now(), 0, timestep.Longest) == 0
}

// Compact implements [Settler].
func (f *openFile) Compact() {
	if f.content != nil && f.stat != nil {
		_ = f.edgesOf()
		f.content = nil
	}
}

// isCompared reports whether Check and Identity know all bytes of the file.
func (f *openFile) isCompared() bool { return f.legible() && f.was.size <= 2*edge }
