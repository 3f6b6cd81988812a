package output

import (
	"errors"
	"maps"
	"net/http"
	"strings"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
)

// Event is a line of the JSON output of an upload. The names of its fields are
// stable; one that has nothing to say is left out.
type Event struct {
	Event string `json:"event"`
	Name
	Part    int    `json:"part,omitempty"`
	URL     string `json:"url,omitempty"`
	Offset  int64  `json:"offset"` // acknowledged by the server
	Sent    int64  `json:"sent"`   // taken by the network, Offset included
	Length  *int64 `json:"length,omitempty"`
	Attempt int    `json:"attempt,omitempty"`
	WaitMS  *int64 `json:"wait_ms,omitempty"`
	Error   *Error `json:"error,omitempty"`

	// Verified: the server was found to hold the bytes of the file.
	Verified bool `json:"verified,omitempty"`

	// InUse: another program had the file open for writing.
	InUse bool `json:"in_use,omitempty"`

	// Denial is what the server answered to the last bytes of an upload that it has
	// all of.
	Denial *client.Denial `json:"denial,omitempty"`

	// BodyLimit is the most bytes of one request since larger ones did not pass.
	BodyLimit int64 `json:"body_limit,omitempty"`

	Headers map[string][]string `json:"headers,omitempty"`
}

// Events that are not those of the client.
const (
	eventSkipped = "skipped"
	eventPlanned = "planned"
	EventSummary = "summary"
)

// Summary is the last line of the JSON output of several uploads. What an earlier
// run had sent is in Resumed, and not in Bytes.
type Summary struct {
	Event     string `json:"event"` // summary
	Files     int    `json:"files"`
	Done      int    `json:"done"`
	Failed    int    `json:"failed"`
	NotBegun  int    `json:"not_begun"` // the run was stopped before
	Skipped   int    `json:"skipped"`   // the server had them from an earlier run
	LeftOut   int    `json:"left_out"`  // things in directories that are no files
	Bytes     int64  `json:"bytes"`
	Resumed   int64  `json:"resumed"`
	Retries   int    `json:"retries"`
	ElapsedMS int64  `json:"elapsed_ms"`
}

// Plan is a line of the JSON output of an upload that sends nothing.
type Plan struct {
	Event string `json:"event"` // planned
	Name
	URL    string `json:"url,omitempty"` // of the upload that would be gone on with
	Offset int64  `json:"offset"`        // from where
	Length *int64 `json:"length,omitempty"`

	// Skipped: an earlier run had sent it, and the server was not asked.
	Skipped bool `json:"skipped,omitempty"`

	// Refused: the server refused it in an earlier run, and nothing would be sent.
	Refused bool `json:"refused,omitempty"`
}

// NewPlan is what would become of file: a new upload, or, with a URL, one that
// goes on at offset.
func NewPlan(file, url string, offset int64, length protocol.Length) Plan {
	return Plan{Event: eventPlanned, Name: newName(file), URL: url, Offset: offset, Length: number(length)}
}

// Error is an error in JSON.
type Error struct {
	Op      string `json:"op,omitempty"`
	Status  int    `json:"status,omitempty"`
	Code    string `json:"code,omitempty"`
	Message string `json:"message"`
}

// NewEvent is what the client told of file.
func NewEvent(file string, e client.Event) Event {
	out := Event{
		Event: e.Kind.String(), Name: newName(file), Part: e.Part, URL: e.URL,
		Offset: e.Offset, Sent: e.Sent, Length: number(e.Length), Error: NewError(e.Err),
	}
	if e.Kind == client.EventRetry || e.Kind == client.EventWaiting || e.Kind == client.EventSettling {
		wait := e.Wait.Milliseconds()
		out.Attempt, out.WaitMS = e.Attempt, &wait
	}
	return out
}

// NewResult is how the upload of file ended, with the headers of the server's
// answers.
func NewResult(file string, r *client.Result, err error) Event {
	kind := client.EventDone.String()
	switch {
	case err != nil:
		kind = client.EventFailed.String()
	case r.Skipped:
		kind = eventSkipped
	}
	var denial *client.Denial
	if r.Denial.StatusCode != 0 {
		denial = &r.Denial
	}
	return Event{
		Event: kind, Name: newName(file), URL: r.URL, Offset: r.Offset, Sent: r.Offset,
		Length: number(r.Length), Error: NewError(err), Verified: r.Verified, InUse: r.InUse, Denial: denial,
		BodyLimit: r.BodyLimit, Headers: headers(r),
	}
}

// NewError is nil for nil.
func NewError(err error) *Error {
	if err == nil {
		return nil
	}
	out := &Error{Message: OneLine(err.Error())}
	if e, ok := errors.AsType[*client.Error](err); ok {
		out.Op, out.Status, out.Code = string(e.Op), e.StatusCode, e.Code
	}
	return out
}

// HeaderValue returns the header called name as the upload's last answer has it,
// or else the answer to its creation.
func HeaderValue(r *client.Result, name string) string {
	for _, h := range []http.Header{r.Header, r.CreationHeader} {
		if values := h.Values(name); len(values) > 0 {
			return strings.Join(values, ", ")
		}
	}
	return ""
}

// headers are those of the creation under those of the last answer, in lower
// case. Cookies are secrets.
func headers(r *client.Result) map[string][]string {
	all := make(http.Header)
	maps.Copy(all, r.CreationHeader)
	maps.Copy(all, r.Header)
	all.Del("Set-Cookie")
	out := make(map[string][]string, len(all))
	for name, values := range all {
		out[strings.ToLower(name)] = values
	}
	return out
}

func number(l protocol.Length) *int64 {
	if n, ok := l.Int64(); ok {
		return &n
	}
	return nil
}
