package protocol_test

import (
	"testing"
	"time"

	"github.com/tusker-go/tusker/protocol"
)

func TestParseExpires(t *testing.T) {
	date := time.Date(1994, time.November, 6, 8, 49, 37, 0, time.UTC)
	tests := []struct {
		name, in string
		want     time.Time // zero: an error
	}{
		// RFC 9110, section 5.6.7, shows one time in three formats.
		{"IMF-fixdate", "Sun, 06 Nov 1994 08:49:37 GMT", date},
		{"RFC 850", "Sunday, 06-Nov-94 08:49:37 GMT", date},
		{"asctime", "Sun Nov  6 08:49:37 1994", date},
		{"Unix seconds", "784111777", date},
		{"spaces around", "\t Sun, 06 Nov 1994 08:49:37 GMT ", date},
		{"fraction cut off", "Sun, 06 Nov 1994 08:49:37.987 GMT", date},
		{"start of Unix time", "0", time.Unix(0, 0).UTC()},
		{"last second of 9999", "253402300799", time.Date(9999, time.December, 31, 23, 59, 59, 0, time.UTC)},
		{"two digits of this century", "Sunday, 06-Nov-68 08:49:37 GMT", time.Date(2068, time.November, 6, 8, 49, 37, 0, time.UTC)},
		{"two digits of the last", "Sunday, 06-Nov-69 08:49:37 GMT", time.Date(1969, time.November, 6, 8, 49, 37, 0, time.UTC)},
		{"first second of 10000", "253402300800", time.Time{}},
		{"overflow", "9223372036854775808", time.Time{}},
		{"milliseconds", "1403712000000", time.Time{}},
		{"negative", "-1", time.Time{}},
		{"another zone", "Sun, 06 Nov 1994 08:49:37 PST", time.Time{}},
		{"RFC 850 in another zone", "Sunday, 06-Nov-94 08:49:37 PST", time.Time{}},
		{"numeric zone", "Sun, 06 Nov 1994 08:49:37 +0000", time.Time{}},
		{"ISO 8601", "1994-11-06T08:49:37Z", time.Time{}},
		{"day out of range", "Sun, 31 Nov 1994 08:49:37 GMT", time.Time{}},
		{"empty", "", time.Time{}},
		{"words", "tomorrow", time.Time{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := protocol.ParseExpires(tt.in)
			problem := ""
			if tt.want.IsZero() {
				problem = `expiry "` + tt.in + `" is no date`
			}
			checkError(t, err, protocol.ErrInvalidHeader, problem)
			if !got.Equal(tt.want) || got.Location() != time.UTC {
				t.Errorf("ParseExpires(%q) = %v, want %v", tt.in, got, tt.want)
			}
		})
	}
}

func TestFormatExpires(t *testing.T) {
	zone := time.FixedZone("", 2*60*60)
	got := protocol.FormatExpires(time.Date(2014, time.June, 25, 18, 0, 0, 999_999_999, zone))
	if want := "Wed, 25 Jun 2014 16:00:00 GMT"; got != want {
		t.Errorf("FormatExpires = %q, want %q", got, want)
	}
}
