package protocol

import "time"

// The three date formats of RFC 9110, section 5.6.7. They contain GMT literally, because
// time.Parse would treat the abbreviation of any time zone as UTC.
const (
	imfFixdate = "Mon, 02 Jan 2006 15:04:05 GMT"
	rfc850Date = "Monday, 02-Jan-06 15:04:05 GMT"
	asctime    = time.ANSIC
)

// maxDate is the largest number of bytes of a date that is parsed. The longest format
// has 33, and time.Parse copies a value that it cannot parse.
const maxDate = 64

// lastSecond is the last second of the year 9999, in seconds since the Unix epoch. The
// date formats have no room for a later year.
const lastSecond = 253402300799

// ParseExpires parses the value of Upload-Expires (tus 1.0.0, Expiration): a date in any
// of the three formats of RFC 9110, or seconds since the Unix epoch up to the year
// 9999. The time is in UTC, in whole seconds. A two-digit year from 69 to 99 is in the
// twentieth century. The error is ErrInvalidHeader.
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

// FormatExpires returns the value of Upload-Expires for t: a date in the preferred format
// of RFC 9110 (IMF-fixdate), without fractions of a second. The format has room for the
// years 0 to 9999.
func FormatExpires(t time.Time) string { return t.UTC().Format(imfFixdate) }
