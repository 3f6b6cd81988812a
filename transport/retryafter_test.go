package transport_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/tusker-go/tusker/transport"
)

// A date counts from the Date of the answer, or else from the clock of the client.
func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	at := func(d time.Duration) string { return now.Add(d).Format(http.TimeFormat) }
	const longest = 365 * 24 * time.Hour
	tests := map[string]struct {
		after, date string
		want        time.Duration
		ok          bool
	}{
		"none":                             {"", "", 0, false},
		"seconds":                          {"7", "", 7 * time.Second, true},
		"seconds with spaces":              {" 7 ", "", 7 * time.Second, true},
		"seconds of a server ahead":        {"7", at(time.Hour), 7 * time.Second, true},
		"zero":                             {"0", "", 0, true},
		"as many seconds as can be":        {"9223372036854775807", "", longest, true},
		"a date far away":                  {"Fri, 31 Dec 9999 23:59:59 GMT", "", longest, true},
		"too many seconds":                 {"9223372036854775808", "", 0, false},
		"negative":                         {"-5", "", 0, false},
		"a fraction":                       {"1.5", "", 0, false},
		"words":                            {"soon", "", 0, false},
		"a date":                           {at(3 * time.Second), "", 3 * time.Second, true},
		"a date of the same clock":         {at(3 * time.Second), at(0), 3 * time.Second, true},
		"a date of a server ahead":         {at(time.Hour + 3*time.Second), at(time.Hour), 3 * time.Second, true},
		"a date of a server behind":        {at(3*time.Second - time.Hour), at(-time.Hour), 3 * time.Second, true},
		"a date of a server without time":  {"Thu, 01 Jan 1970 00:00:33 GMT", "Thu, 01 Jan 1970 00:00:03 GMT", 30 * time.Second, true},
		"a date before Date":               {at(-time.Second), at(0), 0, true},
		"a date in the past":               {at(-time.Hour), "", 0, true},
		"a date with an unreadable Date":   {at(3 * time.Second), "yesterday", 3 * time.Second, true},
		"a date of RFC 850 and one of now": {"Sunday, 01-Mar-26 12:00:09 GMT", at(4 * time.Second), 5 * time.Second, true},
		"a date of asctime":                {"Sun Mar  1 12:00:09 2026", at(4 * time.Second), 5 * time.Second, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			h := http.Header{}
			if test.after != "" {
				h.Set("Retry-After", test.after)
			}
			if test.date != "" {
				h.Set("Date", test.date)
			}
			if got, ok := transport.RetryAfter(h, now); got != test.want || ok != test.ok {
				t.Errorf("RetryAfter = %v, %t, want %v, %t", got, ok, test.want, test.ok)
			}
		})
	}
}

func FuzzRetryAfter(f *testing.F) {
	for _, seed := range []string{"", "0", "5", "-5", "1e3", "1000000000000000000", "9223372036854775808", "Fri, 31 Dec 9999 23:59:59 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", " 7 "} {
		f.Add(seed, "")
		f.Add(seed, "Fri, 02 Jan 2026 03:04:05 GMT")
	}
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	f.Fuzz(func(t *testing.T, value, date string) {
		if d, ok := transport.RetryAfter(http.Header{"Retry-After": {value}, "Date": {date}}, now); d < 0 || !ok && d != 0 {
			t.Errorf("RetryAfter(%q, %q) = %v, %t, want at least 0, and 0 if it is not valid", value, date, d, ok)
		}
	})
}
