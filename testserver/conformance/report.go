package conformance

import (
	"errors"
	"fmt"
	"slices"

	"github.com/tusker-go/tusker/protocol"
)

// Status is the outcome of a rule.
type Status string

// The statuses of rules.
const (
	Pass   Status = "pass"
	Fail   Status = "fail"   // a MUST or MUST NOT is broken
	Warn   Status = "warn"   // a SHOULD or SHOULD NOT is broken
	Skip   Status = "skip"   // an extension is not announced, or a header is not sent
	Unable Status = "unable" // the rule could not be checked
)

// Obstacles prevent a run from checking all rules. Test for them with
// [errors.Is] on Report.Obstacle.
var (
	ErrEndpoint    = errors.New("not the URL of an endpoint")
	ErrNoAnswer    = errors.New("the server does not answer")
	ErrDenied      = errors.New("the server requires other credentials")
	ErrMoved       = errors.New("the server redirects")
	ErrRateLimited = errors.New("the server limits the rate of requests")
	ErrRefused     = errors.New("the server creates no upload")

	// ErrMisplaced ends a run whose first uploads cannot be reached at their
	// Location. Without any answer there, the obstacle is ErrNoAnswer, too.
	ErrMisplaced = errors.New("the Location of an upload cannot be reached")

	// ErrInconclusive means that more rules are Unable than were checked.
	ErrInconclusive = errors.New("too few rules could be checked")

	ErrNotTus      = errors.New("not a tus server")
	ErrNotRUFH     = errors.New("not a server of this version of Resumable Uploads for HTTP")
	ErrOutOfTime   = errors.New("out of time")
	ErrOutOfBudget = errors.New("the maximum number of requests is reached")
)

// obstacleKind returns the obstacle that err wraps. Other errors are returned
// unchanged.
func obstacleKind(err error) error {
	for _, obstacle := range []error{
		ErrEndpoint, ErrMisplaced, ErrNoAnswer, ErrDenied, ErrMoved, ErrRateLimited, ErrRefused, ErrNotTus, ErrNotRUFH, ErrOutOfTime, ErrOutOfBudget,
	} {
		if errors.Is(err, obstacle) {
			return obstacle
		}
	}
	return err
}

// Result is the outcome of one rule.
type Result struct {
	Rule
	Status Status

	// Why says what the server did wrong, or why the rule was not checked. ""
	// for Pass.
	Why string

	// Unanswered tells that a rule is Unable because a request got no answer of
	// the server, or only 502, 503 or 504 of a proxy. Such a rule fails the run
	// if it is a MUST or a MUST NOT of [Core].
	Unanswered bool

	// Sent and Got are the requests of the rule and their answers, one per
	// line. Line n of Got is the answer to line n of Sent. A request has its
	// method, path and relevant headers; an answer has its status and relevant
	// headers, after its interim responses. Sent omits Tus-Resumable: 1.0.0, the interop
	// version of the run, credentials, and the queries of URLs. "": no request was sent.
	Sent, Got string
}

// Report contains the results of a run.
type Report struct {
	// Protocol is what the server was checked against.
	Protocol Protocol

	// Endpoint is the URL of the endpoint, without query and user.
	Endpoint string

	// Obstacle is the reason why some rules or all rules could not be checked.
	// nil: none.
	Obstacle error

	// Capabilities are the capabilities that a tus server announced.
	Capabilities protocol.Capabilities

	// Results has one element for each selected rule, in the order of [Protocol.Rules].
	Results []Result

	// Requests is the number of requests that were sent.
	Requests int

	// Left is the number of uploads that the run created and could not delete.
	Left int
}

// Total is the number of results with each status.
type Total struct {
	Pass   int `json:"pass"`
	Fail   int `json:"fail"`
	Warn   int `json:"warn"`
	Skip   int `json:"skip"`
	Unable int `json:"unable"`
}

func (t *Total) add(s Status) {
	switch s {
	case Pass:
		t.Pass++
	case Fail:
		t.Fail++
	case Warn:
		t.Warn++
	case Skip:
		t.Skip++
	case Unable:
		t.Unable++
	}
}

// Failed reports whether a MUST or a MUST NOT is broken, or one of [Core] could
// not be checked because the server did not answer.
func (r Report) Failed() bool { return slices.ContainsFunc(r.Results, Result.failed) }

func (r Result) failed() bool { return r.Status == Fail || r.isMissing() }

// isMissing reports whether the result fails the run for want of an answer.
func (r Result) isMissing() bool {
	return r.Status == Unable && r.Unanswered && r.Extension == Core && r.Level.binding()
}

// conclusion returns ErrInconclusive if more rules are Unable than were checked.
func (r Report) conclusion() error {
	t := r.Total()
	if checked := t.Pass + t.Fail + t.Warn; t.Unable > checked {
		return fmt.Errorf("%w: %d of %d", ErrInconclusive, checked, checked+t.Unable)
	}
	return nil
}

// Total counts all results.
func (r Report) Total() Total {
	var t Total
	for _, result := range r.Results {
		t.add(result.Status)
	}
	return t
}

// ExtensionTotal is the Total of [Core] or of an extension.
type ExtensionTotal struct {
	Extension protocol.Extension
	Total
}

// Totals counts the results of [Core] and of each extension, in the order of
// the specification. Extensions without a selected rule are omitted.
func (r Report) Totals() []ExtensionTotal {
	var out []ExtensionTotal
	at := make(map[protocol.Extension]int)
	for _, result := range r.Results {
		i, ok := at[result.Extension]
		if !ok {
			i = len(out)
			at[result.Extension] = i
			out = append(out, ExtensionTotal{Extension: result.Extension})
		}
		out[i].add(result.Status)
	}
	return out
}
