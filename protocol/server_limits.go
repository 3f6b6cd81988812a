package protocol

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// Limits are what a server demands of uploads and of requests, as it announces or
// documents them. The zero value demands nothing.
//
// Tus-Max-Size announces MaxUpload. The Upload-Limit header of the IETF's resumable uploads
// announces all but Multiple.
type Limits struct {
	// MinUpload and MaxUpload are the smallest and the largest upload in bytes. 0: no such
	// limit. Negative: Validate fails.
	MinUpload, MaxUpload int64

	// MinRequest and MaxRequest are the smallest and the largest body of one request in
	// bytes. MinRequest does not apply to the last request of an upload. 0: no such limit.
	// Negative: Validate fails.
	MinRequest, MaxRequest int64

	// Multiple is a number of bytes. The size of each body must be a multiple of it, other
	// than that of the last request. 0 and 1: any size. Negative: Validate fails.
	Multiple int64

	// MaxAge is how long the server keeps an unfinished upload. 0: not known. Negative:
	// Validate fails.
	MaxAge time.Duration
}

// Limits returns the limits that a server announces.
func (c Capabilities) Limits() Limits {
	n, _ := c.MaxSize.Int64()
	return Limits{MaxUpload: n}
}

// Validate returns an error for a negative limit and for limits that no size can meet, and
// nil otherwise. The error has no sentinel.
func (l Limits) Validate() error {
	switch {
	case min(l.MinUpload, l.MaxUpload, l.MinRequest, l.MaxRequest, l.Multiple) < 0 || l.MaxAge < 0:
		return errors.New("negative limit")
	case l.MaxUpload > 0 && l.MinUpload > l.MaxUpload:
		return fmt.Errorf("no upload has at least %d and at most %d bytes", l.MinUpload, l.MaxUpload)
	case l.MaxRequest > 0 && l.Fit(l.MaxRequest) == 0:
		return fmt.Errorf("no chunk size is a multiple of %d between %d and %d", l.Multiple, l.MinRequest, l.MaxRequest)
	}
	return nil
}

// And returns limits that meet both l and other: the larger of the lower limits, and the
// smaller of the upper ones. The result has the multiple of other unless that is 0.
func (l Limits) And(other Limits) Limits {
	l.MinUpload, l.MinRequest = max(l.MinUpload, other.MinUpload), max(l.MinRequest, other.MinRequest)
	l.MaxUpload, l.MaxRequest = least(l.MaxUpload, other.MaxUpload), least(l.MaxRequest, other.MaxRequest)
	l.MaxAge = least(l.MaxAge, other.MaxAge)
	if other.Multiple != 0 {
		l.Multiple = other.Multiple
	}
	return l
}

// least returns the smaller of two limits, of which 0 is none.
func least[T ~int64](a, b T) T {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// CheckUpload returns an error for an upload of n bytes that breaks the limits. The error
// Is [ErrTooLarge] if the upload is too large.
func (l Limits) CheckUpload(n int64) error {
	switch {
	case n < l.MinUpload:
		return fmt.Errorf("%d bytes are fewer than the server's minimum of %d", n, l.MinUpload)
	case l.MaxUpload > 0 && n > l.MaxUpload:
		return fmt.Errorf("%w: %d bytes are more than the server's maximum of %d", ErrTooLarge, n, l.MaxUpload)
	}
	return nil
}

// CheckRequest returns an error for a body of size bytes that breaks the limits. A size of
// 0 stands for bodies of any size, and passes. The error has no sentinel.
func (l Limits) CheckRequest(size int64) error {
	switch {
	case size < 0:
		return fmt.Errorf("chunk size %d is negative", size)
	case size == 0:
	case size < l.MinRequest:
		return fmt.Errorf("chunk size %d is below the server's minimum of %d", size, l.MinRequest)
	case l.MaxRequest > 0 && size > l.MaxRequest:
		return fmt.Errorf("chunk size %d is above the server's maximum of %d", size, l.MaxRequest)
	case l.Multiple > 1 && size%l.Multiple != 0:
		return fmt.Errorf("chunk size %d is not a multiple of %d, as the server requires", size, l.Multiple)
	}
	return nil
}

// Fit returns the largest body that obeys the limits and is not larger than most, which is
// positive, or 0 if there is none.
func (l Limits) Fit(most int64) int64 {
	most = least(most, l.MaxRequest)
	if l.Multiple > 1 {
		most -= most % l.Multiple
	}
	if most < l.MinRequest {
		return 0
	}
	return most
}

// RoundUp returns the smallest body that obeys the limits and has at least size bytes, or
// the largest body that the limits allow if that is smaller.
func (l Limits) RoundUp(size int64) int64 {
	size = max(size, l.MinRequest)
	if l.Multiple > 1 {
		if over := (l.Multiple - size%l.Multiple) % l.Multiple; over <= math.MaxInt64-size {
			size += over
		}
	}
	if l.MaxRequest > 0 && size > l.MaxRequest {
		return l.Fit(l.MaxRequest)
	}
	return size
}
