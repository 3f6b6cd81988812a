package client

import (
	"fmt"
	"math"
)

// ChunkRule is what a server demands of the bodies of requests. The last chunk
// of an upload is free of Min and Multiple. The zero value demands nothing.
type ChunkRule struct {
	// Min and Max are the least and the most bytes of one request. 0: no such
	// limit. Negative: ErrInvalidOption.
	Min, Max int64

	// Multiple is the number of bytes that each size is a multiple of. 0 and
	// 1: any size. Negative: ErrInvalidOption.
	Multiple int64
}

// validate finds rules that no size can meet.
func (r ChunkRule) validate() error {
	switch {
	case r.Min < 0 || r.Max < 0 || r.Multiple < 0:
		return fmt.Errorf("%w: negative chunk rule", ErrInvalidOption)
	case r.Max > 0 && r.fit(r.Max) == 0:
		return fmt.Errorf("%w: no chunk size is a multiple of %d between %d and %d", ErrInvalidOption, r.Multiple, r.Min, r.Max)
	}
	return nil
}

// check holds a chunk size that a caller wants against the rule. 0 is no limit.
func (r ChunkRule) check(chunk int64) error {
	switch {
	case chunk < 0:
		return fmt.Errorf("%w: chunk size %d is negative", ErrInvalidOption, chunk)
	case chunk == 0:
	case chunk < r.Min:
		return fmt.Errorf("%w: chunk size %d is below the least that the server takes, %d", ErrInvalidOption, chunk, r.Min)
	case r.Max > 0 && chunk > r.Max:
		return fmt.Errorf("%w: chunk size %d is above the most that the server takes, %d", ErrInvalidOption, chunk, r.Max)
	case r.Multiple > 1 && chunk%r.Multiple != 0:
		return fmt.Errorf("%w: chunk size %d is not a multiple of %d, as the server demands", ErrInvalidOption, chunk, r.Multiple)
	}
	return nil
}

// fit is the largest size that obeys the rule and is no larger than most, which
// is positive, or 0 where there is none.
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

// near is the size that obeys the rule and is closest to about from above, or
// the largest there is.
func (r ChunkRule) near(about int64) int64 {
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
