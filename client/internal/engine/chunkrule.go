package engine

import (
	"fmt"
	"math"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/source"
)

// ChunkRule limits the size of the body of each request, as a server demands. Min and Multiple do not
// apply to the last chunk of an upload. The zero value demands nothing.
type ChunkRule struct {
	// Min and Max are the least and the most bytes of one request. 0: no such
	// limit. Negative: an error.
	Min, Max int64

	// Multiple is the number of bytes that each size is a multiple of. 0 and
	// 1: any size. Negative: an error.
	Multiple int64
}

// Validate returns an error if no size obeys the rule.
func (r ChunkRule) Validate() error {
	switch {
	case r.Min < 0 || r.Max < 0 || r.Multiple < 0:
		return fmt.Errorf("%w: negative chunk rule", failure.ErrInvalidOption)
	case r.Max > 0 && r.fit(r.Max) == 0:
		return fmt.Errorf("%w: no chunk size is a multiple of %d between %d and %d", failure.ErrInvalidOption, r.Multiple, r.Min, r.Max)
	}
	return nil
}

// Check returns an error for a chunk size that breaks the rule. 0 means no limit.
func (r ChunkRule) Check(chunk int64) error {
	switch {
	case chunk < 0:
		return fmt.Errorf("%w: chunk size %d is negative", failure.ErrInvalidOption, chunk)
	case chunk == 0:
	case chunk < r.Min:
		return fmt.Errorf("%w: chunk size %d is below the least that the server takes, %d", failure.ErrInvalidOption, chunk, r.Min)
	case r.Max > 0 && chunk > r.Max:
		return fmt.Errorf("%w: chunk size %d is above the most that the server takes, %d", failure.ErrInvalidOption, chunk, r.Max)
	case r.Multiple > 1 && chunk%r.Multiple != 0:
		return fmt.Errorf("%w: chunk size %d is not a multiple of %d, as the server demands", failure.ErrInvalidOption, chunk, r.Multiple)
	}
	return nil
}

// fit returns the largest size that obeys the rule and is not larger than most, which is
// positive, or 0 if there is none.
func (r ChunkRule) fit(most int64) int64 {
	if r.Max > 0 {
		most = min(most, r.Max)
	}
	if r.Multiple > 1 {
		most -= most % r.Multiple
	}
	if most < r.Min {
		return 0
	}
	return most
}

// Near returns the size that obeys the rule and is closest to about from above, or the
// largest that the rule allows.
func (r ChunkRule) Near(about int64) int64 {
	about = max(about, r.Min)
	if r.Multiple > 1 {
		if over := (r.Multiple - about%r.Multiple) % r.Multiple; over <= math.MaxInt64-about {
			about += over
		}
	}
	if r.Max > 0 && about > r.Max {
		return r.fit(r.Max)
	}
	return about
}

// Default returns the chunk size if the caller sets none: the largest that the rule
// allows, or 0 if it sets no limit. A stream is sent in chunks in any case, so for a stream
// it is the size closest to half of the default window.
func (r ChunkRule) Default(stream bool) int64 {
	switch {
	case r == (ChunkRule{}):
		return 0
	case stream:
		return r.Near(source.DefaultWindow / 2)
	}
	return r.fit(r.Max)
}
