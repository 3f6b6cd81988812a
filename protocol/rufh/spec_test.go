package rufh_test

import (
	"maps"
	"net/http"
	"slices"
	"testing"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/protocol/rufh"
)

// The examples of the drafts, each named by its draft and section. The tests omit parts that
// this package does not handle: the request line, Host, Content-Length, content, and fields
// of the final response that belong to the target. The examples since -06 omit
// Upload-Draft-Interop-Version, which appendix B requires in requests and in each 104.

func TestExampleRequests(t *testing.T) {
	for _, test := range []struct {
		name    string
		request setter
		want    string
	}{
		{"-13/4.2.3 A", rufh.Creation{Version: 10, Complete: true, Length: protocol.Known(123456789), Name: "file name.jpg"}, `
			Upload-Draft-Interop-Version: 10
			Content-Disposition: inline; filename="file name.jpg"; filename*=UTF-8''file%20name.jpg
			Upload-Length: 123456789
			Upload-Complete: ?1`},
		{"-13/4.2.3 B", rufh.Creation{Version: 10, Length: protocol.Known(123456789)}, `
			Upload-Draft-Interop-Version: 10
			Upload-Complete: ?0
			Upload-Length: 123456789`},
		{"-13/4.2.3 C", rufh.Creation{Version: 10, Complete: true, Length: protocol.Known(123456789)}, `
			Upload-Draft-Interop-Version: 10
			Upload-Complete: ?1
			Upload-Length: 123456789`},
		{"-13/4.3.3", rufh.Version(10), `Upload-Draft-Interop-Version: 10`},
		{"-13/4.4.3 A", rufh.Append{Version: 10, Offset: 20000000}, `
			Upload-Draft-Interop-Version: 10
			Upload-Complete: ?0
			Upload-Offset: 20000000
			Content-Type: application/partial-upload`},
		{"-13/4.4.3 B", rufh.Append{Version: 10, Offset: 1230000000, Complete: true}, `
			Upload-Draft-Interop-Version: 10
			Upload-Complete: ?1
			Upload-Offset: 1230000000
			Content-Type: application/partial-upload`},
		{"-13/4.5.3", rufh.Version(10), `Upload-Draft-Interop-Version: 10`},
		{"-13/10.2 with a length", rufh.Creation{Version: 9, Length: protocol.Known(5), Type: "text/plain"}, `
			Upload-Draft-Interop-Version: 9
			Upload-Complete: ?0
			Upload-Length: 5
			Content-Type: text/plain`},
		{"-13/4.1.3 declares the length late", rufh.Append{Version: 10, Offset: 3, Length: protocol.Known(8)}, `
			Upload-Draft-Interop-Version: 10
			Upload-Complete: ?0
			Upload-Offset: 3
			Upload-Length: 8
			Content-Type: application/partial-upload`},

		{"-05/Upload Creation, first", rufh.Creation{Version: 6, Complete: true, Length: protocol.Known(100)}, `
			Upload-Draft-Interop-Version: 6
			Upload-Complete: ?1
			Upload-Length: 100`},
		{"-05/Upload Creation, second", rufh.Creation{Version: 6, Length: protocol.Known(100)}, `
			Upload-Draft-Interop-Version: 6
			Upload-Complete: ?0
			Upload-Length: 100`},
		{"-05/Offset Retrieval", rufh.Version(6), `Upload-Draft-Interop-Version: 6`},
		// The example omits Upload-Complete, which the section requires.
		{"-05/Upload Append", rufh.Append{Version: 6, Offset: 100, Length: protocol.Known(200)}, `
			Upload-Offset: 100
			Upload-Complete: ?0
			Upload-Draft-Interop-Version: 6
			Content-Type: application/partial-upload`},

		{"-03/Upload Creation, first", rufh.Creation{Version: 5, Complete: true, Length: protocol.Known(100)}, `
			Upload-Draft-Interop-Version: 5
			Upload-Complete: ?1`},
		{"-03/Upload Append", rufh.Append{Version: 5, Offset: 100}, `
			Upload-Offset: 100
			Upload-Complete: ?0
			Upload-Draft-Interop-Version: 5`},

		{"-01/Upload Creation Procedure, first", rufh.Creation{Version: 3, Complete: true, Length: protocol.Known(100)}, `
			Upload-Draft-Interop-Version: 3
			Upload-Incomplete: ?0`},
		{"-01/Upload Creation Procedure, second", rufh.Creation{Version: 3}, `
			Upload-Draft-Interop-Version: 3
			Upload-Incomplete: ?1`},
		// The example omits Upload-Incomplete, which is optional for the end of the upload.
		{"-01/Upload Appending Procedure", rufh.Append{Version: 3, Offset: 100, Complete: true}, `
			Upload-Offset: 100
			Upload-Incomplete: ?0
			Upload-Draft-Interop-Version: 3`},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := http.Header{}
			if err := test.request.SetHeader(h); err != nil {
				t.Fatal(err)
			}
			if want := lines(t, test.want); !maps.EqualFunc(h, want, slices.Equal[[]string]) {
				t.Errorf("header %v, want %v", h, want)
			}
		})
	}
}

func TestExampleResponses(t *testing.T) {
	create := func(v rufh.Version, complete bool, end int64) rufh.Exchange {
		return rufh.Exchange{Version: v, Op: protocol.OpCreate, Complete: complete, End: protocol.Known(end)}
	}
	patch := func(v rufh.Version, complete bool, end int64) rufh.Exchange {
		return rufh.Exchange{Version: v, Op: protocol.OpPatch, Complete: complete, End: protocol.Known(end)}
	}
	head := func(v rufh.Version) rufh.Exchange { return rufh.Exchange{Version: v, Op: protocol.OpHead} }
	at := func(m rufh.Meaning, offset int64) rufh.Verdict {
		return rufh.Verdict{Meaning: m, Offset: protocol.Known(offset)}
	}
	only := func(m rufh.Meaning) rufh.Verdict { return rufh.Verdict{Meaning: m} }

	for _, test := range []struct {
		name     string
		exchange rufh.Exchange
		answers  []answer
		want     []rufh.Verdict
	}{
		{
			"-13/4.2.3 A", create(10, true, 123456789),
			[]answer{
				{104, "Upload-Draft-Interop-Version: 10\nLocation: https://example.com/upload/b530ce8ff\nUpload-Limit: max-size=1234567890"},
				{104, "Upload-Draft-Interop-Version: 10\nUpload-Offset: 23456789"},
				{200, "Location: https://example.com/upload/b530ce8ff\nUpload-Complete: ?1\nUpload-Limit: max-size=1234567890\nContent-Type: application/json"},
			},
			[]rufh.Verdict{only(rufh.Announced), at(rufh.Progressed, 23456789), only(rufh.Final)},
		},
		{
			"-13/4.2.3 B", create(10, false, 23456789),
			[]answer{
				{104, "Upload-Draft-Interop-Version: 10\nLocation: https://example.com/upload/3fd4994ad"},
				{201, "Location: https://example.com/upload/3fd4994ad\nUpload-Complete: ?0\nUpload-Limit: max-size=1234567890"},
			},
			[]rufh.Verdict{only(rufh.Announced), at(rufh.Created, 23456789)},
		},
		{
			"-13/4.2.3 C", create(10, true, 123456789),
			[]answer{
				{104, "Upload-Draft-Interop-Version: 10\nLocation: https://example.com/upload/0587fa44b"},
				{500, ""},
			},
			[]rufh.Verdict{only(rufh.Announced), only(rufh.Failed)},
		},
		{
			"-13/4.2.3 D", create(10, false, 23456789),
			[]answer{
				{104, "Upload-Draft-Interop-Version: 10\nLocation: https://example.com/upload/6723cdf37"},
				{400, "Upload-Complete: ?1"},
			},
			[]rufh.Verdict{only(rufh.Announced), only(rufh.Final)},
		},
		{
			"-13/4.3.3", head(10),
			[]answer{{204, "Upload-Complete: ?0\nUpload-Offset: 25000000\nUpload-Length: 100000000\nUpload-Limit: max-age=3600\nCache-Control: no-store"}},
			[]rufh.Verdict{at(rufh.Retrieved, 25000000)},
		},
		{"-13/3.1 2)", head(10), []answer{{204, "Upload-Offset: 5"}}, []rufh.Verdict{at(rufh.Retrieved, 5)}},
		{
			"-13/4.4.3 A", patch(10, false, 23456789),
			[]answer{
				{104, "Upload-Draft-Interop-Version: 10\nUpload-Offset: 21728394"},
				{204, "Upload-Complete: ?0"},
			},
			[]rufh.Verdict{at(rufh.Progressed, 21728394), at(rufh.Appended, 23456789)},
		},
		{
			"-13/4.4.3 B", patch(10, true, 1234567890),
			[]answer{{200, "Upload-Complete: ?1\nContent-Type: application/json"}},
			[]rufh.Verdict{only(rufh.Final)},
		},
		{
			"-13/4.5.3",
			rufh.Exchange{Version: 10, Op: protocol.OpTerminate},
			[]answer{{204, ""}},
			[]rufh.Verdict{only(rufh.Removed)},
		},
		{
			"-13/7.1", patch(10, false, 26000000),
			[]answer{{409, "Content-Type: application/problem+json\nUpload-Offset: 12500000\nUpload-Complete: ?0"}},
			[]rufh.Verdict{at(rufh.Mismatched, 12500000)},
		},
		{
			"-13/7.2", create(10, true, 5),
			[]answer{{400, "Content-Type: application/problem+json\nUpload-Complete: ?0"}},
			[]rufh.Verdict{only(rufh.Refused)},
		},

		{
			"-09/Upload Creation A", create(8, true, 100),
			[]answer{
				{104, "Upload-Draft-Interop-Version: 8\nLocation: https://example.com/upload/b530ce8ff\nUpload-Limit: max-size=1000000000"},
				{104, "Upload-Draft-Interop-Version: 8\nUpload-Offset: 50"},
				{200, "Location: https://example.com/upload/b530ce8ff\nUpload-Limit: max-size=1000000000\nContent-Type: application/json"},
			},
			[]rufh.Verdict{only(rufh.Announced), at(rufh.Progressed, 50), only(rufh.Final)},
		},
		{
			"-09/Upload Creation B", create(8, false, 25),
			[]answer{{201, "Location: https://example.com/upload/b530ce8ff\nUpload-Limit: max-size=1000000000"}},
			[]rufh.Verdict{at(rufh.Created, 25)},
		},
		{
			"-09/Offset Retrieval B", head(8),
			[]answer{{204, "Upload-Offset: 500\nUpload-Complete: ?1\nUpload-Length: 500\nCache-Control: no-store"}},
			[]rufh.Verdict{at(rufh.Completed, 500)},
		},

		{
			"-05/Upload Creation, first", create(6, true, 100),
			[]answer{
				{104, "Upload-Draft-Interop-Version: 6\nLocation: https://example.com/upload/b530ce8ff"},
				{104, "Upload-Draft-Interop-Version: 6\nUpload-Offset: 50\nUpload-Limit: max-size=1000000000"},
				{201, "Location: https://example.com/upload/b530ce8ff\nUpload-Offset: 100\nUpload-Limit: max-size=1000000000"},
			},
			[]rufh.Verdict{only(rufh.Announced), at(rufh.Progressed, 50), only(rufh.Final)},
		},
		{
			"-05/Upload Creation, second", create(6, false, 25),
			[]answer{{201, "Location: https://example.com/upload/b530ce8ff\nUpload-Complete: ?0\nUpload-Offset: 25\nUpload-Limit: max-size=1000000000"}},
			[]rufh.Verdict{at(rufh.Created, 25)},
		},
		{
			"-05/Offset Retrieval", head(6),
			[]answer{{204, "Upload-Offset: 100\nUpload-Complete: ?0\nCache-Control: no-store"}},
			[]rufh.Verdict{at(rufh.Retrieved, 100)},
		},
		{"-05/Upload Append", patch(6, false, 200), []answer{{201, "Upload-Offset: 200"}}, []rufh.Verdict{at(rufh.Appended, 200)}},

		{
			"-03/Upload Creation, first", create(5, true, 100),
			[]answer{
				{104, "Upload-Draft-Interop-Version: 5\nLocation: https://example.com/upload/b530ce8ff"},
				{104, "Upload-Draft-Interop-Version: 5\nUpload-Offset: 50"},
				{201, "Location: https://example.com/upload/b530ce8ff\nUpload-Offset: 100"},
			},
			[]rufh.Verdict{only(rufh.Announced), at(rufh.Progressed, 50), only(rufh.Final)},
		},
		{
			"-02/Upload Creation, second", create(4, false, 25),
			[]answer{{201, "Location: https://example.com/upload/b530ce8ff\nUpload-Complete: ?0\nUpload-Offset: 25"}},
			[]rufh.Verdict{at(rufh.Created, 25)},
		},
		{
			"-01/Upload Creation Procedure, first", create(3, true, 100),
			[]answer{
				{104, "Upload-Draft-Interop-Version: 3\nLocation: https://example.com/upload/b530ce8ff"},
				{201, "Location: https://example.com/upload/b530ce8ff\nUpload-Offset: 100"},
			},
			[]rufh.Verdict{only(rufh.Announced), only(rufh.Final)},
		},
		{
			"-01/Upload Creation Procedure, second", create(3, false, 25),
			[]answer{{201, "Location: https://example.com/upload/b530ce8ff\nUpload-Incomplete: ?1\nUpload-Offset: 25"}},
			[]rufh.Verdict{at(rufh.Created, 25)},
		},
		{
			"-01/Offset Retrieving Procedure", head(3),
			[]answer{{204, "Upload-Offset: 100\nUpload-Incomplete: ?1\nCache-Control: no-store"}},
			[]rufh.Verdict{at(rufh.Retrieved, 100)},
		},
		{"-01/Upload Appending Procedure", patch(3, true, 200), []answer{{201, "Upload-Offset: 200"}}, []rufh.Verdict{only(rufh.Final)}},
	} {
		t.Run(test.name, func(t *testing.T) {
			x := test.exchange
			for i, a := range test.answers {
				r := a.parse(t, x.Version)
				if got := rufh.Judge(x, r); got != test.want[i] {
					t.Errorf("response %d: %v, want %v", i+1, got, test.want[i])
				}
				if r.Status == rufh.StatusResumptionSupported && x.Location == "" {
					x.Location = r.Location
				}
				if r.Void != nil || r.Contradiction != nil {
					t.Errorf("response %d: ignored %q, %v", i+1, r.Void, r.Contradiction)
				}
			}
		})
	}
}
