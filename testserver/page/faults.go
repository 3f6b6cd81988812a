package page

import (
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"time"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/testserver"
)

// fault is a fault that the page offers.
type fault struct {
	Name   string // for the control of faults
	Label  string // for people
	action func() testserver.Action
}

// faults lists what the page offers, in that order.
var faults = []fault{
	{"cut", "lose the connection during the request", func() testserver.Action { return testserver.CutAfter(300 << 10) }},
	{"drop", "lose the answer", testserver.DropReply},
	{"stall", "answer 5 seconds late", func() testserver.Action { return testserver.Stall(5 * time.Second) }},
	{"409", "409 Conflict: another offset", func() testserver.Action {
		return afterBody(testserver.Status(http.StatusConflict, http.Header{protocol.HeaderResumable: {protocol.Version}},
			"ERR_MISMATCHED_OFFSET: mismatched offset\n"))
	}},
	{"423", "423 Locked: another request has the lock", func() testserver.Action { return afterBody(testserver.Locked(0)) }},
	{"500", "500 Internal Server Error: lock timeout", func() testserver.Action { return afterBody(testserver.LockTimeout()) }},
	{"503", "503 Service Unavailable, retry after 2 seconds", func() testserver.Action {
		return afterBody(testserver.RetryAfter(http.StatusServiceUnavailable, 2*time.Second))
	}},
}

// maxDrained limits the bytes that afterBody reads.
const maxDrained = 16 << 20

// afterBody returns an action that reads the body before answer. A browser that
// still sends a body may report a lost connection in place of the answer.
func afterBody(answer testserver.Action) testserver.Action {
	return bodyReader{testserver.Chain(testserver.ActionFunc(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		// The answer follows also if the client has left.
		_, _ = io.CopyN(io.Discard, r.Body, maxDrained)
		next.ServeHTTP(w, r)
	}), answer), answer}
}

// bodyReader is an action with the name of its answer, which the log shows.
type bodyReader struct {
	testserver.Action
	answer testserver.Action
}

func (a bodyReader) String() string { return fmt.Sprint(a.answer) }

// serveFault injects the fault that the request names for the next request of
// an upload, before all other faults of s.
func serveFault(w http.ResponseWriter, r *http.Request, s *testserver.Server) {
	// A page of another origin cannot send this type without a preflight, which
	// gets no permission.
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != "application/json" {
		http.Error(w, "want application/json", http.StatusUnsupportedMediaType)
		return
	}
	var body struct {
		Fault string `json:"fault"`
	}
	if err := json.NewDecoder(io.LimitReader(r.Body, 1<<10)).Decode(&body); err != nil {
		http.Error(w, "want an object with the field fault", http.StatusBadRequest)
		return
	}
	for _, f := range faults {
		if f.Name == body.Fault {
			s.InjectFirst(testserver.Fault{Match: isUpload, Times: 1, Do: f.action()})
			w.WriteHeader(http.StatusNoContent)
			return
		}
	}
	http.Error(w, "unknown fault", http.StatusBadRequest)
}

// isUpload reports whether r belongs to an upload, in contrast to a download or
// a preflight.
func isUpload(r *http.Request) bool {
	switch r.Method {
	case http.MethodPost, http.MethodHead, http.MethodPatch:
		return true
	}
	return false
}
