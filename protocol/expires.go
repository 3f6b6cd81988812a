package protocol

import "time"

// The three forms of RFC 9110, section 5.6.7. GMT is spelt out, as the layouts
// of package time would take any zone's abbreviation for UTC.
const (
	imfFixdate = "Mon, 02 Jan 2006 15:04:05 GMT"
	rfc850Date = "Monday, 02-Jan-06 15:04:05 GMT"
	asctime    = time.ANSIC
)

// maxDate is the largest number of bytes of a date that is parsed: the longest
// form has 33, and time.Parse copies what it cannot read.
const maxDate = 64

// lastSecond is the end of the year 9999, the last that a date can name.
const lastSecond = 253402300799

// ParseExpires reads the value of Upload-Expires (tus 1.0.0, Expiration): an
// RFC 9110 date in any of its three forms, or seconds since the Unix epoch up
// to the year 9999. The time is in UTC and a whole second. Two-digit years
// from 69 on are of the twentieth century. The error is ErrInvalidHeader.
func ParseExpires(s string) (time.Time, error) {
	t, ok := parseExpires(s)
	if !ok {
		return time.Time{}, invalid(ErrInvalidHeader, "expiry %s is no date", quote(s))
	}
	return t, nil
}

func parseExpires(s string) (_ time.Time, ok bool) {
	s = trim(s)
	if n, flaw := parseInt(s); flaw == "" {
		return time.Unix(n, 0).UTC(), n <= lastSecond
	}
	if len(s) > maxDate {
		return time.Time{}, false
	}
	for _, layout := range []string{imfFixdate, rfc850Date, asctime} {
		if t, err := time.Parse(layout, s); err == nil {
			// Parse accepts a fraction after any seconds.
			return t.Truncate(time.Second), true
		}
	}
	return time.Time{}, false
}

// FormatExpires returns the value of Upload-Expires for t, a date in the
// preferred form of RFC 9110 (IMF-fixdate), any fraction of a second cut off.
// The form has room for the years 0 to 9999.
func FormatExpires(t time.Time) string { return t.UTC().Format(imfFixdate) }
