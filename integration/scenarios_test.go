package integration

import (
	"errors"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
	"github.com/tusker-go/tusker/testserver"
)

func TestScenarios(t *testing.T) {
	t.Parallel()
	all := slices.Concat(ordinary, connections, answers, stalls, refusals)
	for _, d := range doers {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			for _, s := range all {
				t.Run(s.name, func(t *testing.T) {
					t.Parallel()
					s.run(t, d)
				})
			}
		})
	}
}

const (
	kib = 1 << 10
	mib = 1 << 20

	// small is the size of a body that a server reads completely after an early answer,
	// so that a write error cannot hide the answer.
	small = 100 * kib
	// large is larger than the buffers of the system.
	large = 12 * mib
)

func patch(do testserver.Action) testserver.Fault {
	return testserver.Fault{Method: http.MethodPatch, Do: do}
}

func head(do testserver.Action) testserver.Fault {
	return testserver.Fault{Method: http.MethodHead, Do: do}
}

func post(do testserver.Action) testserver.Fault {
	return testserver.Fault{Method: http.MethodPost, Do: do}
}

func times(n int, f testserver.Fault) testserver.Fault {
	f.Times = n
	return f
}

// ordinary scenarios have no fault.
var ordinary = []scenario{
	{
		name: "plain", size: mib,
		wantRequests: sequence("POST PATCH@0"),
	},
	{
		name: "empty file", size: 0,
		wantRequests: sequence("POST"),
	},
	{
		name: "one byte", size: 1,
		wantRequests: sequence("POST PATCH@0"),
	},
	{
		name: "chunks", size: 1000, config: client.Config{ChunkSize: 300},
		wantRequests: sequence("POST PATCH@0 PATCH@300 PATCH@600 PATCH@900"),
	},
	{
		name: "exactly a chunk", size: 1000, config: client.Config{ChunkSize: 1000},
		wantRequests: sequence("POST PATCH@0"),
	},
	{
		name: "one byte over a chunk", size: 1001, config: client.Config{ChunkSize: 1000},
		wantRequests: sequence("POST PATCH@0 PATCH@1000"),
	},
	{
		name: "stream of unknown length", size: 5000, stream: &client.StreamOptions{Window: 4000},
		wantRequests: sequence("OPTIONS POST PATCH@0 PATCH@2000 PATCH@4000"),
	},
	{
		name: "stream of unknown length, exactly two chunks", size: 4000, stream: &client.StreamOptions{Window: 4000},
		wantRequests: sequence("OPTIONS POST PATCH@0 PATCH@2000"),
	},
	{
		name: "stream of unknown length within a chunk", size: 1500, stream: &client.StreamOptions{Window: 4000},
		wantRequests: sequence("POST PATCH@0"),
	},
	{
		name: "empty stream of unknown length", size: 0, stream: &client.StreamOptions{},
		wantRequests: sequence("POST"),
	},
	{
		name: "stream of known length", size: 5000,
		stream:       &client.StreamOptions{Window: 4000, Length: protocol.Known(5000)},
		wantRequests: sequence("POST PATCH@0 PATCH@2000 PATCH@4000"),
	},
}

// In these scenarios, connections break. A HEAD follows each PATCH without an answer, and
// the next PATCH begins at the offset of the HEAD.
var connections = []scenario{
	{
		name: "POST reset", size: small,
		faults:       []testserver.Fault{post(testserver.Reset())},
		wantRequests: sequence("POST POST PATCH@0"),
		// The client cannot distinguish a lost request from a lost answer.
		wantOrphans: 1,
	},
	{
		name: "answer to POST lost", size: small,
		faults:       []testserver.Fault{post(testserver.DropReply())},
		wantRequests: sequence("POST POST PATCH@0"),
		wantOrphans:  1,
	},
	{
		name: "PATCH cut", size: mib,
		faults:       []testserver.Fault{patch(testserver.CutAfter(300_000))},
		wantRequests: sequence("POST PATCH@0 HEAD PATCH@300000"),
	},
	{
		name: "PATCH cut before its first byte is stored", size: mib,
		faults:       []testserver.Fault{patch(testserver.CutAfter(0))},
		wantRequests: sequence("POST PATCH@0 HEAD PATCH@0"),
	},
	{
		name: "large PATCH cut", size: large,
		faults:       []testserver.Fault{patch(testserver.CutAfter(5_000_000))},
		wantRequests: sequence("POST PATCH@0 HEAD PATCH@5000000"),
	},
	{
		name: "PATCH cut more often than the policy allows", size: mib,
		faults: []testserver.Fault{times(12, patch(testserver.CutAfter(80_000)))},
		wantRequests: sequence("POST PATCH@0 HEAD PATCH@80000 HEAD PATCH@160000 HEAD PATCH@240000 HEAD PATCH@320000 " +
			"HEAD PATCH@400000 HEAD PATCH@480000 HEAD PATCH@560000 HEAD PATCH@640000 HEAD PATCH@720000 " +
			"HEAD PATCH@800000 HEAD PATCH@880000 HEAD PATCH@960000"),
	},
	{
		name: "PATCH reset at once", size: mib,
		faults:       []testserver.Fault{patch(testserver.Reset())},
		wantRequests: sequence("POST PATCH@0 HEAD PATCH@0"),
	},
	{
		name: "answer to a PATCH lost", size: 1000, config: client.Config{ChunkSize: 400},
		faults:       []testserver.Fault{patch(testserver.DropReply())},
		wantRequests: sequence("POST PATCH@0 HEAD PATCH@400 PATCH@800"),
	},
	{
		name: "answer to the last PATCH lost", size: mib,
		faults:       []testserver.Fault{patch(testserver.DropReply())},
		wantRequests: sequence("POST PATCH@0 HEAD"),
		wantConfirm:  true,
	},
	{
		name: "PATCH of a stream cut", size: 5000, stream: &client.StreamOptions{Window: 4000},
		faults:       []testserver.Fault{patch(testserver.CutAfter(700))},
		wantRequests: sequence("OPTIONS POST PATCH@0 HEAD PATCH@700 PATCH@2700 PATCH@4700"),
	},
	{
		name: "answer to the PATCH that declares the length lost", size: 5000, stream: &client.StreamOptions{Window: 4000},
		faults:       []testserver.Fault{{Method: http.MethodPatch, Match: declaresLength, Do: testserver.DropReply()}},
		wantRequests: sequence("OPTIONS POST PATCH@0 PATCH@2000 PATCH@4000 HEAD"),
		wantConfirm:  true,
	},
}

func declaresLength(r *http.Request) bool {
	return r.Header.Get(protocol.HeaderUploadLength) != ""
}

// In these scenarios, answers differ from those of tusd.
var answers = []scenario{
	{
		name: "HEAD 502 and 503 after a cut", size: mib,
		faults: []testserver.Fault{
			patch(testserver.CutAfter(300_000)),
			times(3, head(testserver.Status(http.StatusBadGateway, nil, ""))),
			times(3, head(testserver.Status(http.StatusServiceUnavailable, nil, ""))),
		},
		wantRequests: sequence("POST PATCH@0 HEAD HEAD HEAD HEAD HEAD HEAD HEAD PATCH@300000"),
	},
	{
		name: "POST 503", size: small,
		faults:       []testserver.Fault{times(2, post(testserver.Status(http.StatusServiceUnavailable, nil, "")))},
		wantRequests: sequence("POST POST POST PATCH@0"),
	},
	{
		name: "PATCH 409", size: small,
		faults:       []testserver.Fault{patch(testserver.Status(http.StatusConflict, nil, "ERR_MISMATCHED_OFFSET: mismatched offset\n"))},
		wantRequests: sequence("POST PATCH@0 HEAD PATCH@0"),
	},
	{
		name: "large PATCH 409", size: large,
		faults:       []testserver.Fault{patch(testserver.Status(http.StatusConflict, nil, ""))},
		wantRequests: sequence("POST PATCH@0 HEAD PATCH@0"),
	},
	{
		name: "PATCH 423 twice", size: small,
		faults:       []testserver.Fault{times(2, patch(testserver.Status(http.StatusLocked, nil, "ERR_UPLOAD_LOCKED: locked\n")))},
		wantRequests: sequence("POST PATCH@0 HEAD PATCH@0 HEAD PATCH@0"),
	},
	{
		name: "PATCH 429 with Retry-After", size: small,
		faults: []testserver.Fault{
			patch(testserver.Status(http.StatusTooManyRequests, http.Header{"Retry-After": {"1"}}, "slow down")),
		},
		wantRequests: sequence("POST PATCH@0 HEAD PATCH@0"),
		check:        retriedAfter(maxWait),
	},
	{
		name: "PATCH 400 with a code for a lost connection", size: small,
		faults: []testserver.Fault{
			patch(testserver.Status(http.StatusBadRequest, nil, "ERR_UPLOAD_INTERRUPTED: upload has been interrupted\n")),
		},
		wantRequests: sequence("POST PATCH@0 HEAD PATCH@0"),
	},
	{
		name: "offset beyond what was sent", size: 1000, config: client.Config{ChunkSize: 400},
		faults:       []testserver.Fault{patch(testserver.OffsetDelta(1))},
		wantRequests: sequence("POST PATCH@0 HEAD PATCH@400 PATCH@800"),
	},
	{
		name: "offset beyond the end", size: 1000,
		faults:       []testserver.Fault{patch(testserver.OffsetDelta(1))},
		wantRequests: sequence("POST PATCH@0 HEAD"),
		wantConfirm:  true,
	},
	{
		name: "offset back", size: 1000, config: client.Config{ChunkSize: 400},
		faults:       []testserver.Fault{patch(nil), patch(testserver.Offset(100))},
		wantRequests: sequence("POST PATCH@0 PATCH@400 HEAD PATCH@800"),
	},
	{
		name: "offset garbage", size: 1000, config: client.Config{ChunkSize: 400},
		faults:       []testserver.Fault{patch(testserver.OffsetHeader("0x190"))},
		wantRequests: sequence("POST PATCH@0 HEAD PATCH@400 PATCH@800"),
	},
	{
		name: "offset negative", size: 1000, config: client.Config{ChunkSize: 400},
		faults:       []testserver.Fault{patch(testserver.Offset(-400))},
		wantRequests: sequence("POST PATCH@0 HEAD PATCH@400 PATCH@800"),
	},
	{
		// The client accepts a possible offset. The 409 to the next PATCH shows that the
		// offset was wrong.
		name: "offset less than what was stored", size: 1000, config: client.Config{ChunkSize: 400},
		faults:       []testserver.Fault{patch(testserver.OffsetDelta(-100))},
		wantRequests: sequence("POST PATCH@0 PATCH@300 HEAD PATCH@400 PATCH@800"),
	},
}

// retriedAfter checks that the client waited for the time of the server, limited to want.
func retriedAfter(want time.Duration) func(*testing.T, outcome) {
	return func(t *testing.T, o outcome) {
		t.Helper()
		i := slices.IndexFunc(o.events, func(ev client.Event) bool { return ev.Kind == client.EventRetry })
		if i < 0 || o.events[i].Wait != want {
			t.Errorf("events %+v, want a wait of %v", o.events, want)
		}
	}
}

// stallLimit is long enough for progress on a busy machine.
const stallLimit = 500 * time.Millisecond

// In these scenarios, a connection stalls until one side gives up, or is only slow.
var stalls = []scenario{
	{
		name: "PATCH stalls", size: small, config: client.Config{StallTimeout: stallLimit, FinishTimeout: stallLimit},
		faults:       []testserver.Fault{patch(testserver.Stall(0))},
		wantRequests: sequence("POST PATCH@0 HEAD PATCH@0"),
	},
	{
		name: "large PATCH stalls half way", size: large, config: client.Config{StallTimeout: stallLimit},
		faults:       []testserver.Fault{patch(testserver.StallAfter(mib, 0))},
		wantRequests: sequence("POST PATCH@0 HEAD PATCH@1048576"),
	},
	{
		name: "answer to the last PATCH stalls", size: small, config: client.Config{FinishTimeout: stallLimit},
		faults:       []testserver.Fault{patch(testserver.StallAfter(small, 0))},
		wantRequests: sequence("POST PATCH@0 HEAD"),
		wantConfirm:  true,
	},
	{
		name: "HEAD stalls", size: mib, config: client.Config{StallTimeout: stallLimit},
		faults:       []testserver.Fault{patch(testserver.CutAfter(300_000)), head(testserver.Stall(0))},
		wantRequests: sequence("POST PATCH@0 HEAD HEAD PATCH@300000"),
	},
	{
		name: "throttled for longer than the stall limit", size: large,
		config:       client.Config{StallTimeout: stallLimit},
		faults:       []testserver.Fault{patch(testserver.Throttle(16 * mib))},
		wantRequests: sequence("POST PATCH@0"),
	},
}

// In these scenarios, a refusal ends the upload at once, except in the last one. The
// result has the known facts.
var refusals = []scenario{
	{
		name: "POST 400", size: small,
		faults:       []testserver.Fault{post(testserver.Status(http.StatusBadRequest, nil, "no"))},
		wantRequests: sequence("POST"), wantErr: protocol.ErrBadRequest, wantNoURL: true,
	},
	{
		name: "POST 401", size: small,
		faults:       []testserver.Fault{post(testserver.Status(http.StatusUnauthorized, nil, "who are you?"))},
		wantRequests: sequence("POST"), wantErr: protocol.ErrUnauthorized, wantNoURL: true,
	},
	{
		name: "PATCH 400", size: small,
		faults:       []testserver.Fault{patch(testserver.Status(http.StatusBadRequest, nil, "no"))},
		wantRequests: sequence("POST PATCH@0"), wantErr: protocol.ErrBadRequest,
	},
	{
		name: "PATCH 401", size: small,
		faults:       []testserver.Fault{patch(testserver.Status(http.StatusUnauthorized, nil, "token expired"))},
		wantRequests: sequence("POST PATCH@0"), wantErr: protocol.ErrUnauthorized,
	},
	{
		name: "upload forgotten before PATCH", size: small,
		faults: []testserver.Fault{patch(testserver.Forget())},
		// A new upload may not be known to all servers yet, so the client asks again.
		wantRequests: sequence("POST PATCH@0 HEAD HEAD HEAD"), wantErr: client.ErrMisplaced,
		check: wantNotFound,
	},
	{
		// Some bytes were not sent, so the server cannot have completed the upload.
		name: "upload forgotten after a cut", size: large,
		faults:       []testserver.Fault{patch(testserver.CutAfter(300_000)), head(testserver.Forget())},
		wantRequests: sequence("POST PATCH@0 HEAD HEAD HEAD HEAD"), wantErr: client.ErrMisplaced,
		check: wantNotFound,
	},
	{
		name: "upload gone after a cut", size: mib,
		faults: []testserver.Fault{
			patch(testserver.CutAfter(300_000)),
			head(testserver.Status(http.StatusGone, nil, "")),
		},
		wantRequests: sequence("POST PATCH@0 HEAD"), wantErr: protocol.ErrGone,
	},
	{
		name: "HEAD names a higher offset than was sent", size: 1000, config: client.Config{ChunkSize: 400},
		faults:       []testserver.Fault{patch(testserver.DropReply()), head(testserver.Offset(401))},
		wantRequests: sequence("POST PATCH@0 HEAD"), wantErr: client.ErrIntegrity,
	},
	{
		// The Doer does not multiply the attempts of the client. The cut does not count,
		// because the connection was used by the POST before.
		name: "HEAD 503 without end", size: mib,
		config: client.Config{Retry: retry.Backoff{Initial: time.Millisecond, Max: maxWait, MaxAttempts: 4}},
		faults: []testserver.Fault{
			patch(testserver.CutAfter(300_000)),
			times(testserver.Always, head(testserver.Status(http.StatusServiceUnavailable, nil, ""))),
		},
		wantRequests: sequence("POST PATCH@0 HEAD HEAD HEAD HEAD"), wantErr: retry.ErrExhausted,
	},
}

// wantNotFound checks that the error names the 404 of the server.
func wantNotFound(t *testing.T, o outcome) {
	t.Helper()
	if !errors.Is(o.err, protocol.ErrNotFound) {
		t.Errorf("error %v, want one with %v", o.err, protocol.ErrNotFound)
	}
}
