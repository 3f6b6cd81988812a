package rufh_test

import (
	"fmt"
	"testing"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/protocol/rufh"
)

// judgeCase is a response to a request of each version from first to last.
type judgeCase struct {
	name        string
	first, last rufh.Version
	exchange    rufh.Exchange // its Version is set by the test
	answer      answer
	want        rufh.Meaning
	offset      protocol.Length
}

func runJudgeCases(t *testing.T, tests []judgeCase) {
	t.Helper()
	for _, test := range tests {
		for v := test.first; v <= test.last; v++ {
			t.Run(fmt.Sprintf("%s in %v", test.name, v), func(t *testing.T) {
				x := test.exchange
				x.Version = v
				got := rufh.Judge(x, test.answer.parse(t, v))
				if want := (rufh.Verdict{Meaning: test.want, Offset: test.offset}); got != want {
					t.Errorf("%v %v, want %v %v", got.Meaning, got.Offset, want.Meaning, want.Offset)
				}
			})
		}
	}
}

// The requests of the tables: bytes 10 to 19 of an upload, and the same as a creation.
var (
	ten      = protocol.Known(10)
	fifteen  = protocol.Known(15)
	twenty   = protocol.Known(20)
	none     = protocol.Length{}
	part     = rufh.Exchange{Op: protocol.OpPatch, End: twenty}
	last     = rufh.Exchange{Op: protocol.OpPatch, End: twenty, Complete: true}
	careful  = rufh.Exchange{Op: protocol.OpCreate, End: protocol.Known(0)}
	whole    = rufh.Exchange{Op: protocol.OpCreate, End: twenty, Complete: true}
	upgraded = rufh.Exchange{Op: protocol.OpCreate, End: twenty, Complete: true, Location: "/u/1"}
	began    = rufh.Exchange{Op: protocol.OpCreate, End: twenty, Location: "/u/1"}
	cutPart  = rufh.Exchange{Op: protocol.OpPatch}
	cutLast  = rufh.Exchange{Op: protocol.OpPatch, Complete: true}
	ask      = rufh.Exchange{Op: protocol.OpHead}
	remove   = rufh.Exchange{Op: protocol.OpTerminate}
	discover = rufh.Exchange{Op: protocol.OpOptions}
)

// Interim responses: a 104 counts if it has the version of the request (-13, appendix B).
func TestJudgeInterim(t *testing.T) {
	runJudgeCases(t, []judgeCase{
		{"continue", 3, 10, whole, answer{100, "Upload-Offset: 5"}, rufh.Ignored, none},
		{"early hints", 3, 10, whole, answer{103, "Location: /u/1"}, rufh.Ignored, none},
		{"no version", 3, 10, whole, answer{104, "Location: /u/1"}, rufh.Ignored, none},
		{"another version", 3, 8, whole, answer{104, "Location: /u/1\nUpload-Draft-Interop-Version: 9"}, rufh.Ignored, none},
		{"unknown version", 3, 10, whole, answer{104, "Location: /u/1\nUpload-Draft-Interop-Version: 11"}, rufh.Ignored, none},
		{"version of 12 digits", 3, 10, whole, answer{104, "Location: /u/1\nUpload-Draft-Interop-Version: 429496729610"}, rufh.Ignored, none},
		{"version as text", 10, 10, whole, answer{104, "Location: /u/1\nUpload-Draft-Interop-Version: \"10\""}, rufh.Ignored, none},
		{"no fields", 10, 10, whole, answer{104, "Upload-Draft-Interop-Version: 10"}, rufh.Ignored, none},
		{"void offset", 10, 10, part, answer{104, "Upload-Draft-Interop-Version: 10\nUpload-Offset: 15.0"}, rufh.Ignored, none},
		{"to HEAD", 10, 10, ask, answer{104, "Upload-Draft-Interop-Version: 10\nUpload-Offset: 15"}, rufh.Ignored, none},
		{"location", 10, 10, careful, answer{104, "Upload-Draft-Interop-Version: 10\nLocation: /u/1"}, rufh.Announced, none},
		{"location and offset", 10, 10, whole, answer{104, "Upload-Draft-Interop-Version: 10\nLocation: /u/1\nUpload-Offset: 15"}, rufh.Announced, fifteen},
		{"same location again", 10, 10, upgraded, answer{104, "Upload-Draft-Interop-Version: 10\nLocation: /u/1\nUpload-Offset: 15"}, rufh.Announced, fifteen},
		{"another location", 10, 10, upgraded, answer{104, "Upload-Draft-Interop-Version: 10\nLocation: /u/2\nUpload-Offset: 15"}, rufh.Relocated, none},
		{"offset", 8, 8, part, answer{104, "Upload-Draft-Interop-Version: 8\nUpload-Offset: 15"}, rufh.Progressed, fifteen},
		{"offset with a parameter", 8, 8, part, answer{104, "Upload-Draft-Interop-Version: 8;a=b\nUpload-Offset: 15;c"}, rufh.Progressed, fifteen},
		{"offset and location of an append", 8, 8, part, answer{104, "Upload-Draft-Interop-Version: 8\nUpload-Offset: 15\nLocation: /u/2"}, rufh.Progressed, fifteen},
		{
			"location of an append that differs", 8, 8,
			rufh.Exchange{Op: protocol.OpPatch, End: twenty, Location: "/u/1"},
			answer{104, "Upload-Draft-Interop-Version: 8\nUpload-Offset: 15\nLocation: /u/2"},
			rufh.Progressed, fifteen,
		},
		{"offset before it was defined", 4, 4, part, answer{104, "Upload-Draft-Interop-Version: 4\nUpload-Offset: 15"}, rufh.Ignored, none},
		{"with Tus-Resumable", 8, 8, part, answer{104, "Upload-Draft-Interop-Version: 8\nUpload-Offset: 15\nTus-Resumable: 1.0.0"}, rufh.Progressed, fifteen},
	})
}

// Successes of requests that complete the upload.
func TestJudgeCompleting(t *testing.T) {
	runJudgeCases(t, []judgeCase{
		{"append says ?1", 4, 10, last, answer{200, "Upload-Complete: ?1"}, rufh.Final, none},
		{"version 3 says ?0", 3, 3, last, answer{200, "Upload-Incomplete: ?0"}, rufh.Final, none},
		{"creation says ?1", 4, 10, upgraded, answer{201, "Upload-Complete: ?1\nLocation: /attachments/7"}, rufh.Final, none},
		{"early and ?1", 4, 10, cutLast, answer{200, "Upload-Complete: ?1"}, rufh.Final, none},
		{"says ?0", 4, 9, last, answer{204, "Upload-Complete: ?0\nUpload-Offset: 20"}, rufh.Partial, twenty},
		{"says ?0", 10, 10, last, answer{204, "Upload-Complete: ?0\nUpload-Offset: 20"}, rufh.Malformed, none},
		{"version 3 says ?1", 3, 3, last, answer{204, "Upload-Incomplete: ?1\nUpload-Offset: 20"}, rufh.Partial, twenty},
		// tusd sends 204 with Upload-Offset alone.
		{"offset alone", 3, 7, last, answer{204, "Upload-Offset: 20"}, rufh.Final, none},
		{"offset alone", 8, 9, last, answer{204, "Upload-Offset: 20"}, rufh.Partial, twenty},
		{"offset alone", 10, 10, last, answer{204, "Upload-Offset: 20"}, rufh.Malformed, none},
		{"lower offset", 3, 9, last, answer{204, "Upload-Offset: 15"}, rufh.Partial, fifteen},
		{"offset, but the content was not sent", 3, 9, cutLast, answer{204, "Upload-Offset: 15"}, rufh.Partial, fifteen},
		{"nothing, to an append", 3, 10, last, answer{200, "Content-Type: text/html"}, rufh.Malformed, none},
		{"void ?1", 10, 10, last, answer{200, "Upload-Complete: 1"}, rufh.Malformed, none},
		{"nothing, to a creation", 3, 10, whole, answer{200, "Content-Type: text/html"}, rufh.Ordinary, none},
		{"location alone, to a creation", 3, 10, whole, answer{201, "Location: /attachments/7"}, rufh.Ordinary, none},
		{"limits alone, to a creation", 3, 9, whole, answer{200, "Upload-Limit: min-size=0"}, rufh.Final, none},
		{"limits alone, to a creation", 10, 10, whole, answer{200, "Upload-Limit: min-size=0"}, rufh.Malformed, none},
		{"nothing after a 104", 3, 9, upgraded, answer{200, ""}, rufh.Final, none},
		{
			"nothing after a 104, but the content was not sent", 3, 9,
			rufh.Exchange{Op: protocol.OpCreate, Complete: true, Location: "/u/1"},
			answer{200, ""},
			rufh.Partial, none,
		},
		{"nothing after a 104", 10, 10, upgraded, answer{200, ""}, rufh.Malformed, none},
		{"reset after a 104", 3, 9, upgraded, answer{205, ""}, rufh.Final, none},
		// The statuses 206 and 207 do not say that the request as a whole succeeded.
		{"part of a range after a 104", 3, 10, upgraded, answer{206, "Content-Range: bytes 0-4/5"}, rufh.Malformed, none},
		{"several statuses after a 104", 3, 10, upgraded, answer{207, "Content-Type: application/xml"}, rufh.Malformed, none},
		{"several statuses, to an append", 3, 7, last, answer{207, "Upload-Offset: 20"}, rufh.Malformed, none},
		{"several statuses and ?1", 4, 10, upgraded, answer{207, "Upload-Complete: ?1"}, rufh.Final, none},
		{"several statuses and ?0", 4, 9, upgraded, answer{207, "Upload-Complete: ?0\nUpload-Offset: 15"}, rufh.Partial, fifteen},
	})
}

// Successes of requests that do not complete the upload.
func TestJudgeContinuing(t *testing.T) {
	runJudgeCases(t, []judgeCase{
		{"append", 4, 10, part, answer{204, "Upload-Complete: ?0"}, rufh.Appended, twenty},
		{"append with offset", 3, 10, part, answer{204, "Upload-Offset: 20"}, rufh.Appended, twenty},
		{"append with lower offset", 3, 10, part, answer{204, "Upload-Offset: 15"}, rufh.Partial, fifteen},
		{"append with higher offset", 4, 10, cutPart, answer{204, "Upload-Offset: 20\nUpload-Complete: ?0"}, rufh.Partial, twenty},
		{"append before the content was sent", 4, 10, cutPart, answer{204, "Upload-Complete: ?0"}, rufh.Partial, none},
		{"append without fields", 3, 10, part, answer{200, ""}, rufh.Malformed, none},
		// The drafts with the versions 4 to 6 demand ?1 in the success of every append.
		{"append says ?1", 4, 6, part, answer{201, "Upload-Complete: ?1\nUpload-Offset: 20"}, rufh.Appended, twenty},
		{"append completed by the server", 7, 10, part, answer{201, "Upload-Complete: ?1"}, rufh.Final, none},
		{"creation", 3, 10, careful, answer{201, "Location: /u/1"}, rufh.Created, protocol.Known(0)},
		{"creation with the status of a queue", 3, 10, careful, answer{202, "Location: /u/1\nUpload-Offset: 0"}, rufh.Created, protocol.Known(0)},
		{"creation with content", 4, 10, began, answer{201, "Location: /u/1\nUpload-Complete: ?0"}, rufh.Created, twenty},
		{"creation kept less", 4, 10, began, answer{201, "Location: /u/1\nUpload-Complete: ?0\nUpload-Offset: 15"}, rufh.Partial, fifteen},
		{"creation without location after a 104", 4, 10, began, answer{201, "Upload-Complete: ?0"}, rufh.Created, twenty},
		{"creation with another location", 3, 10, began, answer{201, "Location: /u/2"}, rufh.Relocated, none},
		{"creation without location", 4, 10, careful, answer{201, "Upload-Complete: ?0"}, rufh.Malformed, none},
		{"creation completed by the server", 7, 10, began, answer{200, "Location: /x\nUpload-Complete: ?1"}, rufh.Final, none},
		{"creation without any sign", 3, 10, careful, answer{200, "Content-Type: text/html"}, rufh.Ordinary, none},
		{"location with a control character", 3, 10, careful, answer{201, "Location: /u/\x01\nUpload-Offset: 0"}, rufh.Malformed, none},
	})
}

// Responses to requests without content.
func TestJudgeOthers(t *testing.T) {
	runJudgeCases(t, []judgeCase{
		{"state", 4, 10, ask, answer{204, "Upload-Offset: 15\nUpload-Complete: ?0\nUpload-Length: 20"}, rufh.Retrieved, fifteen},
		{"offset alone", 3, 10, ask, answer{200, "Upload-Offset: 15"}, rufh.Retrieved, fifteen},
		{"all bytes are not the end", 3, 10, ask, answer{204, "Upload-Offset: 20\nUpload-Length: 20"}, rufh.Retrieved, twenty},
		{"complete", 4, 10, ask, answer{204, "Upload-Offset: 20\nUpload-Complete: ?1"}, rufh.Completed, twenty},
		{"complete in version 3", 3, 3, ask, answer{204, "Upload-Offset: 20\nUpload-Incomplete: ?0"}, rufh.Completed, twenty},
		{"complete without offset", 4, 10, ask, answer{204, "Upload-Complete: ?1"}, rufh.Completed, none},
		{"no offset", 3, 10, ask, answer{200, "Content-Type: text/html"}, rufh.Malformed, none},
		{"negative offset", 3, 10, ask, answer{204, "Upload-Offset: -1"}, rufh.Malformed, none},
		{"two offsets", 3, 10, ask, answer{204, "Upload-Offset: 5\nUpload-Offset: 5"}, rufh.Malformed, none},
		{"offset beyond the length", 3, 10, ask, answer{204, "Upload-Offset: 20\nUpload-Length: 15"}, rufh.Malformed, none},
		{"removed", 3, 10, remove, answer{204, ""}, rufh.Removed, none},
		{"removed with another status", 3, 10, remove, answer{200, "Content-Type: text/html"}, rufh.Removed, none},
		{"supported", 3, 10, discover, answer{200, "Upload-Limit: min-size=0"}, rufh.Supported, none},
		// tusd names both protocols.
		{"both protocols", 3, 10, discover, answer{200, "Upload-Limit: min-size=0\nTus-Version: 1.0.0\nTus-Extension: creation"}, rufh.Supported, none},
		{"void limits", 3, 10, discover, answer{200, "Upload-Limit: 5"}, rufh.Ordinary, none},
		{"not supported", 3, 10, discover, answer{204, "Allow: POST"}, rufh.Ordinary, none},
	})
}

// Responses that are neither interim nor a success.
func TestJudgeFailures(t *testing.T) {
	const offset, incomplete = "Upload-Offset: 15", "Upload-Offset: 15\nUpload-Complete: ?0"
	runJudgeCases(t, []judgeCase{
		{"conflict", 4, 10, part, answer{409, incomplete}, rufh.Mismatched, fifteen},
		{"conflict with offset alone", 3, 9, part, answer{409, offset}, rufh.Mismatched, fifteen},
		{"conflict with offset alone", 10, 10, part, answer{409, offset}, rufh.Mismatched, none},
		{"conflict without offset", 3, 10, part, answer{409, ""}, rufh.Mismatched, none},
		{"conflict of a creation", 3, 10, whole, answer{409, ""}, rufh.Refused, none},
		{"conflict of a creation after a 104", 4, 10, upgraded, answer{409, incomplete}, rufh.Mismatched, fifteen},
		{"conflict to HEAD", 3, 10, ask, answer{409, offset}, rufh.Locked, none},
		{"conflict to DELETE", 3, 10, remove, answer{409, ""}, rufh.Locked, none},
		{"target refuses", 4, 10, last, answer{422, "Upload-Complete: ?1"}, rufh.Final, none},
		{"target refuses early", 4, 10, cutPart, answer{403, "Upload-Complete: ?1"}, rufh.Final, none},
		{"target failed", 4, 10, last, answer{500, "Upload-Complete: ?1"}, rufh.Final, none},
		{"target redirects", 4, 10, last, answer{303, "Upload-Complete: ?1\nLocation: /attachments/7"}, rufh.Final, none},
		{"target says 404", 4, 10, last, answer{404, "Upload-Complete: ?1"}, rufh.Final, none},
		{"redirect", 3, 10, part, answer{307, "Location: /u/2"}, rufh.Redirected, none},
		{"redirect without ?1", 3, 10, last, answer{303, "Location: /attachments/7"}, rufh.Redirected, none},
		{"gone at an append", 3, 10, part, answer{404, ""}, rufh.Gone, none},
		{"gone at HEAD", 3, 10, ask, answer{410, ""}, rufh.Gone, none},
		{"gone at DELETE", 3, 10, remove, answer{404, ""}, rufh.Gone, none},
		{"no such endpoint", 3, 10, careful, answer{404, ""}, rufh.Refused, none},
		{"no such endpoint for OPTIONS", 3, 10, discover, answer{404, ""}, rufh.Refused, none},
		{"too large", 4, 10, part, answer{413, incomplete + "\nUpload-Limit: max-append-size=5"}, rufh.TooLarge, fifteen},
		{"HEAD too large", 3, 10, ask, answer{413, ""}, rufh.Refused, none},
		{"throttled", 3, 10, part, answer{429, ""}, rufh.Throttled, none},
		{"locked", 3, 10, part, answer{423, ""}, rufh.Locked, none},
		{"failed", 3, 9, part, answer{503, offset}, rufh.Failed, fifteen},
		{"failed", 10, 10, part, answer{503, offset}, rufh.Failed, none},
		{"failed with ?0", 4, 10, part, answer{500, incomplete}, rufh.Failed, fifteen},
		{"timeout", 3, 10, whole, answer{408, ""}, rufh.Failed, none},
		{"too early", 3, 10, whole, answer{425, ""}, rufh.Failed, none},
		{"offset of an error to HEAD", 4, 10, ask, answer{500, incomplete}, rufh.Failed, none},
		{"refused", 3, 10, part, answer{400, ""}, rufh.Refused, none},
		{"OPTIONS not allowed", 3, 10, discover, answer{405, ""}, rufh.Refused, none},
	})
}

// Tus-Resumable in a response means that the server speaks tus, whatever else it says.
func TestJudgeOtherProtocol(t *testing.T) {
	const tus = "\nTus-Resumable: 1.0.0"
	runJudgeCases(t, []judgeCase{
		{"creation refused", 3, 10, whole, answer{412, tus}, rufh.OtherProtocol, none},
		{"plausible state", 3, 10, ask, answer{200, "Upload-Offset: 15\nUpload-Length: 20" + tus}, rufh.OtherProtocol, none},
		{"plausible success", 4, 10, last, answer{200, "Upload-Complete: ?1" + tus}, rufh.OtherProtocol, none},
		{"gone", 3, 10, part, answer{404, tus}, rufh.OtherProtocol, none},
		{"discovery", 3, 10, discover, answer{204, "Upload-Limit: min-size=0" + tus}, rufh.OtherProtocol, none},
	})
}

// Problems add what the fields do not say.
func TestJudgeProblem(t *testing.T) {
	for _, test := range []struct {
		name     string
		exchange rufh.Exchange
		status   int
		problem  rufh.Problem
		want     rufh.Verdict
	}{
		{
			"expected offset", part, 409,
			rufh.Problem{Type: rufh.ProblemMismatchingOffset, Expected: ten},
			rufh.Verdict{Meaning: rufh.Mismatched, Offset: ten},
		},
		{"offset of another problem", part, 409, rufh.Problem{Type: "about:blank", Expected: ten}, rufh.Verdict{Meaning: rufh.Mismatched}},
		{"completed", last, 400, rufh.Problem{Type: rufh.ProblemCompletedUpload}, rufh.Verdict{Meaning: rufh.Completed}},
		{"inconsistent length", last, 400, rufh.Problem{Type: rufh.ProblemInconsistentLength}, rufh.Verdict{Meaning: rufh.Refused}},
	} {
		t.Run(test.name, func(t *testing.T) {
			x := test.exchange
			x.Version = rufh.Newest
			if got := rufh.Judge(x, rufh.Response{Status: test.status, Problem: test.problem}); got != test.want {
				t.Errorf("%v, want %v", got, test.want)
			}
		})
	}
	// A field wins over the problem.
	x := part
	x.Version = 8
	got := rufh.Judge(x, rufh.Response{
		Status: 409, Offset: fifteen, Problem: rufh.Problem{Type: rufh.ProblemMismatchingOffset, Expected: ten},
	})
	if want := (rufh.Verdict{Meaning: rufh.Mismatched, Offset: fifteen}); got != want {
		t.Errorf("%v, want %v", got, want)
	}
}

// Each meaning has a name of its own.
func TestMeaningString(t *testing.T) {
	seen := map[string]bool{}
	for m := rufh.Ignored; m <= rufh.OtherProtocol; m++ {
		if s := m.String(); s == "" || seen[s] || s == "unknown" {
			t.Errorf("meaning %d is called %q, want a name of its own", m, s)
		} else {
			seen[s] = true
		}
	}
	if got := (rufh.OtherProtocol + 1).String(); got != "unknown" {
		t.Errorf("the meaning after the last is called %q, want %q", got, "unknown")
	}
}
