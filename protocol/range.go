package protocol

import (
	"errors"
	"fmt"
	"math"
)

// Errors about an offset that cannot be true; test for them with errors.Is.
var (
	ErrOffsetBack   = errors.New("offset went back")
	ErrOffsetBeyond = errors.New("offset beyond the end")
)

// Range is the bytes of an upload from Start up to, not including, End.
type Range struct{ Start, End int64 }

// Len returns the number of bytes; math.MaxInt64 - Start where [Next] was
// given neither a length nor a chunk.
func (r Range) Len() int64 { return r.End - r.Start }

// Accept returns nil where a server that was sent the bytes of r may be at
// offset: anywhere from Start to End, as it may have stored less than it was
// sent. Otherwise the error is ErrOffsetBack below Start and ErrOffsetBeyond
// above End, and the bytes at the server are in doubt.
func (r Range) Accept(offset int64) error {
	switch {
	case offset < r.Start:
		return fmt.Errorf("offset %d after sending bytes %d to %d: %w", offset, r.Start, r.End, ErrOffsetBack)
	case offset > r.End:
		return fmt.Errorf("offset %d after sending bytes %d to %d: %w", offset, r.Start, r.End, ErrOffsetBeyond)
	}
	return nil
}

// Next returns the bytes to send to an upload that is at offset: at most chunk
// of them, and all that are left where chunk is 0 or negative. Where the
// length is not known, the range may end beyond the upload: at math.MaxInt64
// without a chunk. An upload that is complete gives an empty range.
//
// The error is ErrOffsetBeyond for an offset beyond the length and
// ErrInvalidOffset for a negative one.
func Next(offset int64, length Length, chunk int64) (Range, error) {
	end, known := length.Int64()
	switch {
	case offset < 0:
		return Range{}, invalid(ErrInvalidOffset, "offset %d is negative", offset)
	case !known:
		end = math.MaxInt64
	case offset > end:
		return Range{}, fmt.Errorf("offset %d of an upload of length %d: %w", offset, end, ErrOffsetBeyond)
	}
	// Written as a difference, for offset + chunk may overflow.
	if chunk > 0 && chunk < end-offset {
		end = offset + chunk
	}
	return Range{offset, end}, nil
}

// Split cuts an upload of length bytes into n ranges, one after the other,
// whose lengths differ by at most one byte, the longer ones first. There are
// at most as many ranges as bytes, so that none is empty, and at least one:
// n below 1 counts as 1, and a negative length as 0.
func Split(length int64, n int) []Range {
	length = max(length, 0)
	count := max(min(int64(n), length), 1)
	size, longer := length/count, length%count
	ranges := make([]Range, count)
	start := int64(0)
	for i := range ranges {
		end := start + size
		if int64(i) < longer {
			end++
		}
		ranges[i] = Range{start, end}
		start = end
	}
	return ranges
}
