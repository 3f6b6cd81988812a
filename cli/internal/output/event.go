package output

import (
	"encoding/hex"
	"errors"
	"maps"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
)

// Event is a line of the JSON output of an upload. The names of its fields are
// stable. Fields without a value are left out.
type Event struct {
	Event string `json:"event"`
	Name
	Part    int    `json:"part,omitempty"`
	URL     string `json:"url,omitempty"`
	Offset  int64  `json:"offset"` // bytes that the server acknowledged
	Sent    int64  `json:"sent"`   // bytes handed to the network, including Offset
	Length  *int64 `json:"length,omitempty"`
	Attempt int    `json:"attempt,omitempty"`
	WaitMS  *int64 `json:"wait_ms,omitempty"`
	Error   *Error `json:"error,omitempty"`

	// Verified means that the client found that the server holds the bytes of the
	// file.
	Verified bool `json:"verified,omitempty"`

	// SHA256 is that of the bytes that were sent, in hexadecimal, if it was computed.
	SHA256 string `json:"sha256,omitempty"`

	// InUse means that another program had the file open for writing.
	InUse bool `json:"in_use,omitempty"`

	// Denial is the error that the server answered to the last bytes of an upload,
	// although it has all of them.
	Denial *client.Denial `json:"denial,omitempty"`

	// BodyLimit is the most bytes that one request can have, if larger requests did
	// not pass. In a retry, it is the size of the next request if that is smaller.
	BodyLimit int64 `json:"body_limit,omitempty"`

	// Response is the response of the resource that the upload is for, also if that is an
	// error. Only Resumable Uploads for HTTP has one.
	Response *Response `json:"response,omitempty"`

	Headers map[string][]string `json:"headers,omitempty"`
}

// The events that the client does not have.
const (
	eventSkipped = "skipped"
	eventPlanned = "planned"
	EventSummary = "summary"
)

// Summary is the last line of the JSON output of several uploads. Bytes that an
// earlier run sent count in Resumed, and not in Bytes.
type Summary struct {
	Event       string `json:"event"` // summary
	Files       int    `json:"files"`
	Done        int    `json:"done"`
	Failed      int    `json:"failed"`
	InProgress  int    `json:"in_progress"`            // files that were begun and ended with the run
	NotBegun    int    `json:"not_begun"`              // files that a stopped run did not begin
	FailedAfter int    `json:"failed_after,omitempty"` // sent, and then a command or the removal failed
	Skipped     int    `json:"skipped"`                // files that an earlier run uploaded
	LeftOut     int    `json:"left_out"`               // entries of directories that are not regular files
	Bytes       int64  `json:"bytes"`
	Resumed     int64  `json:"resumed"`
	Retries     int    `json:"retries"`
	ElapsedMS   int64  `json:"elapsed_ms"`
}

// Plan is a line of the JSON output of an upload that sends nothing.
type Plan struct {
	Event string `json:"event"` // planned
	Name
	URL    string `json:"url,omitempty"`  // of the upload that would be resumed
	Offset int64  `json:"offset"`         // at which it would be resumed, or 0 if only Sent is known
	Sent   int64  `json:"sent,omitempty"` // bytes that were sent, if the server has not said how many of them it has
	Length *int64 `json:"length,omitempty"`

	// Skipped means that an earlier run uploaded the file. The server was not
	// asked.
	Skipped bool `json:"skipped,omitempty"`

	// Refused means that the server refused the file in an earlier run, so nothing
	// would be sent.
	Refused bool `json:"refused,omitempty"`
}

// NewPlan returns the plan for file: a new upload, or, with a URL, an upload that
// is resumed at offset.
func NewPlan(file, url string, offset int64, length protocol.Length) Plan {
	return Plan{Event: eventPlanned, Name: newName(file), URL: url, Offset: offset, Length: number(length)}
}

// Response is a response in JSON. The body is in Body, or in BodyBytes if it is not UTF-8.
type Response struct {
	Status    int                 `json:"status"`
	Headers   map[string][]string `json:"headers,omitempty"`
	Body      string              `json:"body,omitempty"`
	BodyBytes []byte              `json:"body_bytes,omitempty"` // base64
	Truncated bool                `json:"truncated,omitempty"`  // the body has more bytes, or broke off
}

// newResponse returns r in JSON form, without cookies, and nil for nil.
func newResponse(r *client.Response) *Response {
	if r == nil {
		return nil
	}
	out := &Response{Status: r.StatusCode, Headers: lower(r.Header), Truncated: r.Truncated}
	if utf8.Valid(r.Body) {
		out.Body = string(r.Body)
	} else {
		out.BodyBytes = r.Body
	}
	return out
}

// Error is an error in JSON.
type Error struct {
	Op      string `json:"op,omitempty"`
	Status  int    `json:"status,omitempty"`
	Code    string `json:"code,omitempty"`
	Message string `json:"message"`
}

// NewEvent returns an event of the client for file.
func NewEvent(file string, e client.Event) Event {
	out := Event{
		Event: e.Kind.String(), Name: newName(file), Part: e.Part, URL: e.URL,
		Offset: e.Offset, Sent: e.Sent, Length: number(e.Length), Error: NewError(e.Err), BodyLimit: e.BodyLimit,
	}
	if e.Kind == client.EventRetry || e.Kind == client.EventWaiting || e.Kind == client.EventSettling {
		wait := e.Wait.Milliseconds()
		out.Attempt, out.WaitMS = e.Attempt, &wait
	}
	return out
}

// NewResult returns the event for the end of the upload of file, with the headers
// of the server's responses.
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
		Event: kind, Name: newName(file), URL: r.URL, Offset: r.Offset, Sent: r.Offset + r.Unacknowledged,
		Length: number(r.Length), Error: NewError(err), Verified: r.Verified, SHA256: hex.EncodeToString(r.SHA256), InUse: r.InUse, Denial: denial,
		BodyLimit: r.BodyLimit, Response: newResponse(r.Response), Headers: headers(r),
	}
}

// NewError returns err in JSON form, and nil for nil.
func NewError(err error) *Error {
	if err == nil {
		return nil
	}
	out := &Error{Message: OneLine(ErrorText(err))}
	if e, ok := errors.AsType[*client.Error](err); ok {
		out.Op, out.Status, out.Code = string(e.Op), e.StatusCode, e.Code
	}
	return out
}

// HeaderValue returns the header called name of the last response of the upload, or
// else of the response to its creation.
func HeaderValue(r *client.Result, name string) string {
	for _, h := range []http.Header{r.Header, r.CreationHeader} {
		if values := h.Values(name); len(values) > 0 {
			return strings.Join(values, ", ")
		}
	}
	return ""
}

// headers returns the headers of the response to the creation, replaced by those of
// the last response, with lower-case names and without cookies, which are secrets.
func headers(r *client.Result) map[string][]string {
	all := make(http.Header)
	maps.Copy(all, r.CreationHeader)
	maps.Copy(all, r.Header)
	return lower(all)
}

// lower returns h with lower-case names and without cookies.
func lower(h http.Header) map[string][]string {
	out := make(map[string][]string, len(h))
	for name, values := range h {
		if name != "Set-Cookie" {
			out[strings.ToLower(name)] = values
		}
	}
	return out
}

func number(l protocol.Length) *int64 {
	if n, ok := l.Int64(); ok {
		return &n
	}
	return nil
}
