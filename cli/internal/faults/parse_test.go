package faults

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tusker-go/tusker/testserver"
)

func TestParse(t *testing.T) {
	t.Parallel()
	const always = testserver.Always
	for _, tt := range []struct {
		spec, method string
		times        int
		action       string
	}{
		{"reset", "", 0, "Reset()"},
		{"any reset", "", 0, "Reset()"},
		{" PATCH\tcut  1MiB ", "PATCH", 0, "CutAfter(1048576)"},
		{"head drop x3", "HEAD", 3, "DropReply()"},
		{"drop always", "", always, "DropReply()"},
		{"stall", "", 0, "Stall(0s)"},
		{"stall 1m30s x2", "", 2, "Stall(1m30s)"},
		{"PATCH stall-after 1k", "PATCH", 0, "StallAfter(1024, 0s)"},
		{"PATCH stall-after 1k 2s", "PATCH", 0, "StallAfter(1024, 2s)"},
		{"throttle 64KiB/s", "", 0, "Throttle(65536)"},
		{"throttle 512", "", 0, "Throttle(512)"},
		{"black-hole", "", 0, "BlackHole()"},
		{"status 502", "", 0, "Status(502)"},
		{"status 503 Retry-After:5 all busy x2", "", 2, "Status(503)"},
		{"PATCH early 64KiB 413 always", "PATCH", always, "EarlyAnswer(65536, 413)"},
		{"PATCH early 0 409 ERR_MISMATCHED_OFFSET: mismatched offset", "PATCH", 0, "EarlyAnswer(0, 409)"},
		{"retry-after 429 5s", "", 0, "RetryAfter(429, 5s)"},
		{"retry-after 503 5s date x2", "", 2, "RetryAfterDate(503, 5s)"},
		{"locked 30s", "", 0, "Locked(30s)"},
		{"locked", "", 0, "Locked(0s)"},
		{"lock-timeout", "", 0, "LockTimeout()"},
		{"until-token-changes", "", 0, "UntilTokenChanges()"},
		{"redirect 308 http://127.0.0.1:1081", "", 0, "Redirect(308, http://127.0.0.1:1081)"},
		{"buffer always", "", always, "Buffer()"},
		{"body-limit 1MiB always", "", always, "BodyLimit(1048576)"},
		{"slow-finish 10m", "", 0, "SlowFinish(10m0s)"},
		{"rewind 0", "", 0, "RewindTo(0)"},
		{"forget", "", 0, "Forget()"},
		{"offset garbage", "", 0, `OffsetHeader("garbage")`},
		{"offset-by 5", "", 0, "OffsetDelta(5)"},
		{"offset-by +1k", "", 0, "OffsetDelta(1024)"},
		{"offset-by -1k", "", 0, "OffsetDelta(-1024)"},
		{"POST location relative", "POST", 0, "Location(relative)"},
		{"POST location query a=%7e", "POST", 0, `LocationQuery("a=%7e")`},
		{"POST location origin http://127.0.0.1:1081/", "POST", 0, "LocationOrigin(http://127.0.0.1:1081)"},
		{"header X-Served-By a proxy", "", 0, `SetHeader("X-Served-By", "a proxy")`},
		{"no-header Location", "", 0, "RewriteHeader"},
		// These words are part of the body, not a number of repetitions.
		{"status 500 xyz", "", 0, "Status(500)"},
		{"status 500 x", "", 0, "Status(500)"},
	} {
		t.Run(tt.spec, func(t *testing.T) {
			t.Parallel()
			f, err := Parse(tt.spec, Tus)
			if err != nil {
				t.Fatal(err)
			}
			if f.Method != tt.method || f.Times != tt.times || fmt.Sprint(f.Do) != tt.action {
				t.Errorf("got %q, %d times, %v; want %q, %d, %s", f.Method, f.Times, f.Do, tt.method, tt.times, tt.action)
			}
		})
	}
}

func TestParseErrors(t *testing.T) {
	t.Parallel()
	for spec, want := range map[string]string{
		"":                           "no action: want one of reset, cut, drop, ",
		"PATCH":                      "no action: want one of reset, ",
		"PATCH kut 5":                `no action "kut": want one of reset, `,
		"PUT cut 5":                  `"PUT" is neither a method (any, POST, HEAD, PATCH, DELETE, OPTIONS, GET) nor an action (reset, `,
		"cut":                        "no SIZE: want cut SIZE",
		"cut -5":                     `"-5": not a size such as 512, 64KiB or 2GB: want cut SIZE`,
		"cut 5 6":                    `"6" is one word too many: want cut SIZE`,
		"cut 5 x0":                   `"x0" is not a number of times: want x1, x2, ... or always`,
		"cut 5 x2 always":            `"x2" is one word too many`,
		"cut 5 x9999999999999999999": "is not a number of times",
		"stall soon":                 `"soon" is not a time such as 30s: want stall [TIME]`,
		"stall -1s":                  `"-1s" is not a time`,
		"stall-after":                "no SIZE: want stall-after SIZE [TIME]",
		"throttle 0":                 `"0" is not a rate such as 64KiB: want throttle RATE`,
		"throttle":                   "no RATE",
		"status":                     "no CODE: want status CODE ",
		"status 99":                  `"99" is not a status from 200 to 599`,
		"status 600":                 "is not a status",
		"status ok":                  "is not a status",
		"early 5":                    "no CODE: want early SIZE CODE ",
		"early 413":                  "no CODE",
		"early":                      "no SIZE",
		"early 5 7":                  "is not a status",
		"retry-after":                "no CODE",
		"retry-after 429":            "no TIME: want retry-after CODE TIME [date]",
		"retry-after 429 5s noon":    `"noon" is one word too many`,
		"redirect 200 /":             `"200" is not a status from 300 to 399`,
		"redirect 308":               "no URL",
		"offset":                     "no TEXT",
		"offset-by":                  "no SIZE",
		"offset-by --5":              "not a size",
		"location":                   "no FORM",
		"location upside-down":       `"upside-down" is not a form: relative, path, schemeless, insecure, absent, query or origin`,
		"location query":             "no QUERY",
		"location origin":            "no URL",
		"location origin nowhere":    `"nowhere" is not an origin such as http://127.0.0.1:1081`,
		"header":                     "no NAME",
		"header X-A":                 "no VALUE",
		"header ä b":                 `"ä" is not the name of a header`,
		"no-header a:b":              "is not the name of a header",
		"status 500 a\r\nb":          "control character",
		"no-104":                     "no-104 is for --rufh",
		"flood-104 9":                "flood-104 is for --rufh",
	} {
		t.Run(spec, func(t *testing.T) {
			t.Parallel()
			if _, err := Parse(spec, Tus); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want it to hold %s", err, want)
			}
		})
	}
}

// RUFH has actions of its own, and its own form of some others.
func TestParseRUFH(t *testing.T) {
	t.Parallel()
	for spec, want := range map[string]string{
		"PATCH cut 1MiB":              "CutAfter(1048576)",
		"status 502":                  "Status(502)",
		"slow-finish 10m":             "SlowFinish(10m0s)",
		"rewind 5":                    "RewindTo(5)",
		"locked 5s":                   "Locked(5s)",
		"lock-timeout":                "LockTimeout()",
		"HEAD forget":                 "Forget()",
		"POST no-104":                 "NoInterim()",
		"late-104 64KiB":              "LateInterim(65536)",
		"flood-104 100":               "FloodInterim(100)",
		"header-104 location /a b":    `InterimHeader("Location", "/a b")`,
		"nginx-104 always":            "AsNginx()",
		"early-final 1k 403 no quota": "EarlyFinal(1024, 403)",
		"offset-only x3":              "OffsetOnly()",
		"no-offset":                   "NoOffset()",
	} {
		f, err := Parse(spec, RUFH)
		if err != nil || fmt.Sprint(f.Do) != want {
			t.Errorf("%s: %v, %v; want %s", spec, f.Do, err, want)
		}
	}
	for spec, want := range map[string]string{
		"kut":             ", flood-104, ",
		"late-104":        "no SIZE",
		"flood-104":       "no NUMBER: want flood-104 NUMBER",
		"flood-104 -1":    `"-1" is not a number`,
		"header-104 X":    "no VALUE",
		"early-final 5":   "no CODE",
		"early-final":     "no SIZE",
		"early-final 5 1": "is not a status",
	} {
		if _, err := Parse(spec, RUFH); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want it to hold %s", spec, err, want)
		}
	}
}
