// Package sourcetest is a suite for implementations of source.Source.
//
// Call [Run] from a test of your own:
//
//	func TestSource(t *testing.T) {
//		content := []byte("the bytes of the source")
//		sourcetest.Run(t, func(t *testing.T) sourcetest.Config {
//			return sourcetest.Config{Source: newSource(content), Content: content}
//		})
//	}
//
// The suite checks what every source promises, and the promise of each optional interface that
// the source or its opened form implements. The functions in [Config] let it check more: that
// a change of the bytes is noticed, that a reader that waits ends with its context, that
// nothing stays open. Run the test with the race detector, because parts and uploads
// are read side by side.
package sourcetest

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/tusker-go/tusker/client/source"
)

// Config is a source under test, and what the suite may do to it.
type Config struct {
	// Source is the source under test. It was not opened before.
	Source source.Source

	// Content is the bytes of the source. Some thousand bytes are enough, and fewer find
	// less; more than the source keeps in memory find more.
	Content []byte

	// Reopen returns the same source as another process would make it. nil: Source is
	// opened again.
	Reopen func(t *testing.T) source.Source

	// Other returns a source with other bytes, which must have another identity. nil: there
	// is none.
	Other func(t *testing.T) source.Source

	// Change changes some bytes of the source, which keeps its length. nil: its bytes
	// cannot change.
	Change func(t *testing.T)

	// Truncate removes the end of the source. nil: it cannot become shorter.
	Truncate func(t *testing.T)

	// Replace puts another source in the place of this one, as a rename does with files.
	// An upload under way still reads the bytes of this one. nil: it cannot be replaced.
	Replace func(t *testing.T)

	// Stall returns a source from which no bytes arrive, and a channel that is closed when
	// something waits for them. nil: the source never waits, or only for a disk.
	Stall func(t *testing.T) (stalled source.Source, waiting <-chan struct{})

	// CountOpen returns how many files and connections the source has open: 0 when all
	// readers and opened sources are closed. nil: this is not checked.
	CountOpen func() int

	// Patience is how long one check may take, to find a source that hangs. 0: 20 s.
	Patience time.Duration
}

// Run checks a source, each part of its contract in a subtest. NewConfig is called for each
// subtest, and returns a source that shares nothing that can change with the others. It
// leaves to its t.Cleanup what has to be closed. The subtests run one after the other.
func Run(t *testing.T, newConfig func(t *testing.T) Config) {
	t.Helper()
	for _, check := range []struct {
		name string
		run  func(subject)
	}{
		{"length", length},
		{"chunks at any offset", chunksAnywhere},
		{"chunks in order", chunksInOrder},
		{"chunks of the size that was announced", announcedChunks},
		{"chunks beyond the end are refused", chunkBeyond},
		{"chunks can be read again", readAgain},
		{"chunks are read beside other calls", readBeside},
		{"several uploads", severalUploads},
		{"single use", singleUse},
		{"nothing stays open", nothingOpen},
		{"unchanged source passes its check", unchanged},
		{"changed content is found", changed},
		{"truncated content is found", truncated},
		{"replaced source is read to its end", replaced},
		{"contexts that end", contextEnds},
		{"identity", identity},
		{"place", place},
		{"state identity", stateIdentity},
		{"parts", parts},
		{"digest", digest},
		{"release", release},
		{"spool", spool},
		{"settling", settling},
		{"expected file", expected},
	} {
		t.Run(check.name, func(t *testing.T) {
			c := newConfig(t)
			patience := c.Patience
			if patience == 0 {
				patience = 20 * time.Second
			}
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			check.run(subject{T: t, Config: c, ctx: ctx})
		})
	}
}

// subject is a source under test, and the test.
type subject struct {
	*testing.T
	Config
	ctx context.Context
}

func (s subject) size() int64 { return int64(len(s.Content)) }

// isSingleUse reports whether the source can be opened only once.
func (s subject) isSingleUse() bool {
	u, ok := s.Source.(source.SingleUse)
	return ok && u.SingleUse()
}

// isRepeatable skips the test if the source can be opened only once.
func (s subject) isRepeatable() {
	s.Helper()
	if s.isSingleUse() {
		s.Skip("the source can be opened only once")
	}
}

// open fails the test if a source cannot be opened. It is closed by the end of the test at the
// latest.
func (s subject) open(src source.Source) (opened source.Handle, closeIt func()) {
	s.Helper()
	if src == nil {
		s.Fatal("no source")
	}
	opened, err := src.Open(s.ctx, 0)
	if err != nil {
		s.Fatalf("Open: %v", err)
	}
	if opened == nil {
		s.Fatal("Open: neither a source nor an error")
	}
	closeIt = sync.OnceFunc(func() {
		if err := opened.Close(); err != nil {
			s.Errorf("Close: %v", err)
		}
	})
	s.Cleanup(closeIt)
	return opened, closeIt
}

// opened is open for a test that needs no more than one opened source.
func (s subject) opened() source.Handle {
	s.Helper()
	o, _ := s.open(s.Source)
	return o
}

// again returns the source as another process would have it.
func (s subject) again() source.Source {
	if s.Reopen != nil {
		return s.Reopen(s.T)
	}
	return s.Source
}
