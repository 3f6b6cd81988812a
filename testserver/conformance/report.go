package conformance

import (
	"errors"

	"github.com/tusker-go/tusker/protocol"
)

// Status is what became of a rule.
type Status string

// The statuses.
const (
	Pass   Status = "pass"
	Fail   Status = "fail"   // a MUST or MUST NOT is broken
	Warn   Status = "warn"   // a SHOULD or SHOULD NOT is broken
	Skip   Status = "skip"   // not announced, or not sent
	Unable Status = "unable" // could not be tried
)

// Obstacles: what kept a run from getting at the rules. Test for them with
// errors.Is on [Report].Obstacle.
var (
	ErrEndpoint    = errors.New("not the URL of an endpoint")
	ErrNoAnswer    = errors.New("the server does not answer")
	ErrDenied      = errors.New("the server wants other credentials")
	ErrMoved       = errors.New("the server redirects")
	ErrRateLimited = errors.New("the server limits the rate of requests")
	ErrRefused     = errors.New("the server creates no upload")
	ErrNotTus      = errors.New("not a tus server")
	ErrOutOfTime   = errors.New("out of time")
	ErrOutOfBudget = errors.New("the number of requests is used up")
)

// kind gives the obstacle that err is, without its particulars.
func kind(err error) error {
	for _, obstacle := range []error{
		ErrEndpoint, ErrNoAnswer, ErrDenied, ErrMoved, ErrRateLimited, ErrRefused, ErrNotTus, ErrOutOfTime, ErrOutOfBudget,
	} {
		if errors.Is(err, obstacle) {
			return obstacle
		}
	}
	return err
}

// Result is what became of one rule.
type Result struct {
	Rule
	Status Status

	// Why says what was wrong, or what stood in the way. "" for a pass.
	Why string

	// Sent and Got are the requests of the rule and their answers, a line
	// each: method, path and the headers that matter; status and the headers
	// that matter. Line n of Got answers line n of Sent. Tus-Resumable: 1.0.0,
	// which requests carry unless they say otherwise, is left out of Sent, as
	// are credentials and the queries of URLs. "" where nothing was sent.
	Sent, Got string
}

// Report is what became of the rules of one run.
type Report struct {
	// Endpoint is the URL that was tested, without query and user.
	Endpoint string

	// Obstacle is what kept the rules, or some of them, from being tried. nil
	// where nothing did.
	Obstacle error

	// Capabilities is what the server announced.
	Capabilities protocol.Capabilities

	// Results has an element for each rule that was chosen, in the order of
	// [Rules].
	Results []Result

	// Requests is how many were sent.
	Requests int

	// Left is how many uploads the run made and could not delete.
	Left int
}

// Total counts results.
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

// Failed reports whether a MUST or a MUST NOT is broken.
func (r Report) Failed() bool { return r.Total().Fail > 0 }

// Total counts all results.
func (r Report) Total() Total {
	var t Total
	for _, result := range r.Results {
		t.add(result.Status)
	}
	return t
}

// ExtensionTotal counts the results of Core or of an extension.
type ExtensionTotal struct {
	Extension protocol.Extension
	Total
}

// Totals counts the results of Core and of each extension, in the order of the
// specification. What no chosen rule is about is left out.
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
