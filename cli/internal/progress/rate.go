package progress

import (
	"fmt"
	"math"
	"time"
)

// ratePeriod is the approximate time over which a rate is averaged.
const ratePeriod = 10 * time.Second

// rate is the recent speed of an upload. The zero value is ready to use.
type rate struct {
	begun, last time.Time
	count       int64
	perSecond   float64 // weighted average, which is too low at first, see value
}

// sample records the number of bytes at this time. A lower count than before means
// that bytes have to be sent again.
func (r *rate) sample(now time.Time, count int64) {
	if r.begun.IsZero() {
		r.begun, r.last, r.count = now, now, count
		return
	}
	elapsed := now.Sub(r.last)
	if elapsed <= 0 {
		return
	}
	weight := math.Exp(-float64(elapsed) / float64(ratePeriod))
	fresh := float64(max(0, count-r.count)) / elapsed.Seconds()
	r.perSecond = r.perSecond*weight + fresh*(1-weight)
	r.last, r.count = now, count
}

// value returns the rate in bytes per second.
func (r *rate) value() float64 {
	// The average counts the rate before the first sample as 0. The division
	// removes the weight of that time.
	seen := 1 - math.Exp(-float64(r.last.Sub(r.begun))/float64(ratePeriod))
	if seen <= 0 {
		return 0
	}
	return r.perSecond / seen
}

// settled reports whether the rate is measured for long enough for a forecast.
func (r *rate) settled() bool { return r.last.Sub(r.begun) >= 2*time.Second }

// timeLeft returns the time that so many bytes will take.
func (r *rate) timeLeft(bytes int64) (time.Duration, bool) {
	value := r.value()
	if !r.settled() || value < 1 {
		return 0, false
	}
	seconds := float64(bytes) / value
	if seconds > maxLeft.Seconds() {
		return 0, false
	}
	return time.Duration(math.Ceil(seconds)) * time.Second, true
}

// maxLeft is the longest useful forecast.
const maxLeft = 99 * 24 * time.Hour

// clock formats a duration for people: 0:07, 12:34, 1:02:03, 3d 4h.
func clock(d time.Duration) string {
	seconds := int64(d / time.Second)
	switch {
	case seconds < 3600:
		return fmt.Sprintf("%d:%02d", seconds/60, seconds%60)
	case seconds < 24*3600:
		return fmt.Sprintf("%d:%02d:%02d", seconds/3600, seconds/60%60, seconds%60)
	}
	return fmt.Sprintf("%dd %dh", seconds/(24*3600), seconds/3600%24)
}
