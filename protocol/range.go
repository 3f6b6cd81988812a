package protocol

import (
	"errors"
	"fmt"
	"math"
)

// Errors about an impossible offset; test for them with errors.Is.
var (
	ErrOffsetBack   = errors.New("offset went back")
	ErrOffsetBeyond = errors.New("offset beyond the end")
)

// Range is a range of bytes of an upload. It includes Start and excludes End.
type Range struct{ Start, End int64 }

// Len returns the number of bytes. It is math.MaxInt64 - Start if [Next] got neither a
// length nor a chunk size.
func (r Range) Len() int64 { return r.End - r.Start }

// Accept checks the offset of a server after the bytes of r were sent to it. Every offset
// from Start to End is valid, because a server can store fewer bytes than it was sent.
// The error is ErrOffsetBack below Start, and ErrOffsetBeyond above End. It is uncertain
// then which bytes the server has.
func (r Range) Accept(offset int64) error {
	switch {
	case offset < r.Start:
		return fmt.Errorf("offset %d after sending bytes %d to %d: %w", offset, r.Start, r.End, ErrOffsetBack)
	case offset > r.End:
		return fmt.Errorf("offset %d after sending bytes %d to %d: %w", offset, r.Start, r.End, ErrOffsetBeyond)
	}
	return nil
}

// Next returns the range to send next to an upload at offset: at most chunk bytes, or
// all that are left if chunk is 0 or negative. If the length is unknown, the range can
// end beyond the upload; without a chunk size it ends at math.MaxInt64. The range is
// empty if the upload is complete.
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
	// offset + chunk can overflow, so the difference is compared.
	if chunk > 0 && chunk < end-offset {
		end = offset + chunk
	}
	return Range{offset, end}, nil
}

// Split divides an upload of length bytes into n consecutive ranges, whose lengths
// differ by at most one byte. The longer ones come first. Split returns at most as many
// ranges as bytes, so that none is empty, but at least one. n below 1 counts as 1, and a
// negative length as 0.
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
