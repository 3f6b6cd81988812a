package conformance_test

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/testserver/conformance"
	"github.com/tusker-go/tusker/testserver/conformance/internal/exemplar"
	"github.com/tusker-go/tusker/transport"
)

// silence is the error of a connection that ends before there is an answer.
func silence(req *http.Request) (*http.Response, error) {
	return nil, &url.Error{Op: req.Method, URL: req.URL.String(), Err: io.EOF}
}

// runWith checks the exemplar with all extensions. Act answers a request, or returns
// nil and no error to leave it to the exemplar.
func runWith(t *testing.T, opts *conformance.Options, act func(*http.Request) (*http.Response, error)) (conformance.Report, *exemplar.Server) {
	t.Helper()
	s := exemplar.New(exemplar.Full())
	var report conformance.Report
	synctest.Test(t, func(t *testing.T) {
		report = conformance.Run(t.Context(), transport.DoerFunc(func(req *http.Request) (*http.Response, error) {
			if resp, err := act(req); resp != nil || err != nil {
				return resp, err
			}
			return exemplar.Doer(s).Do(req)
		}), exemplar.Endpoint, opts)
	})
	return report, s
}

// A run ends with an obstacle, and with few uploads left, if nothing is found at the
// Location of the first uploads.
func TestMisplacedUploads(t *testing.T) {
	tests := map[string]struct {
		act    func(*http.Request) (*http.Response, error)
		says   string
		silent bool
	}{
		"no answer": {act: silence, says: "HEAD got no answer: ", silent: true},
		"404 of a proxy": {act: func(req *http.Request) (*http.Response, error) {
			return reply(req, http.StatusNotFound, nil, strings.NewReader("no route")), nil
		}, says: "it answered HEAD with 404"},
		"404 of the server": {act: func(req *http.Request) (*http.Response, error) {
			return reply(req, http.StatusNotFound, http.Header{protocol.HeaderResumable: {"1.0.0"}}, strings.NewReader("")), nil
		}, says: "it answered HEAD with 404"},
		"502 of a proxy": {act: func(req *http.Request) (*http.Response, error) {
			return reply(req, http.StatusBadGateway, nil, strings.NewReader("<html>")), nil
		}, says: "it answered HEAD with 502", silent: true},
		"redirect": {act: func(req *http.Request) (*http.Response, error) {
			return reply(req, http.StatusFound, http.Header{"Location": {"https://login.example/"}}, strings.NewReader("")), nil
		}, says: "HEAD to https://login.example/"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			report, s := runWith(t, nil, func(req *http.Request) (*http.Response, error) {
				if req.URL.String() == exemplar.Endpoint {
					return nil, nil //nolint:nilnil // The exemplar answers.
				}
				return test.act(req)
			})
			if !errors.Is(report.Obstacle, conformance.ErrMisplaced) || errors.Is(report.Obstacle, conformance.ErrNoAnswer) != test.silent {
				t.Fatalf("obstacle %v, want ErrMisplaced and ErrNoAnswer: %t", report.Obstacle, test.silent)
			}
			if text := report.Obstacle.Error(); !strings.Contains(text, test.says) || !strings.Contains(text, exemplar.Endpoint) {
				t.Errorf("obstacle %q, want it to say %q", text, test.says)
			}
			if s.Len() > 6 || report.Left != s.Len() {
				t.Errorf("%d uploads on the server, %d reported, want Len at most 6 and Left %v", s.Len(), report.Left, s.Len())
			}
		})
	}
}

// A MUST of the core protocol whose request gets no answer fails the run.
func TestUnansweredMust(t *testing.T) {
	crash := map[string]func(*http.Request) (*http.Response, error){
		"connection cut": silence,
		"bad gateway": func(req *http.Request) (*http.Response, error) {
			return reply(req, http.StatusBadGateway, nil, strings.NewReader("")), nil
		},
	}
	for name, act := range crash {
		t.Run(name, func(t *testing.T) {
			report, _ := runWith(t, nil, func(req *http.Request) (*http.Response, error) {
				if req.Header.Get(protocol.HeaderResumable) == "99.99.99" && req.Method == http.MethodHead {
					return act(req)
				}
				return nil, nil //nolint:nilnil // The exemplar answers.
			})
			total := report.Total()
			if !report.Failed() || total.Fail != 0 || total.Unable != 1 || report.Obstacle != nil {
				t.Errorf("failed %t, total %+v, obstacle %v, want Failed true, Fail 0, Unable 1 and Obstacle nil", report.Failed(), total, report.Obstacle)
			}
			for _, r := range report.Results {
				if r.Unanswered != (r.ID == "version-unsupported") {
					t.Errorf("%s: unanswered %t, want %t", r.ID, r.Unanswered, r.ID == "version-unsupported")
				}
			}
			var junit strings.Builder
			if err := report.WriteJUnit(&junit); err != nil || !strings.Contains(junit.String(), `failures="0" errors="1" skipped="0"`) {
				t.Errorf("%v, %s, want no error and %q in it", err, junit.String(), `failures="0" errors="1" skipped="0"`)
			}
			var messages []string
			conformance.Check(recorder{t, &messages}, report)
			if len(messages) != 1 || !strings.HasPrefix(messages[0], "error: ") {
				t.Errorf("messages of the test: %q, want 1 of them and the prefix %q", messages, "error: ")
			}
		})
	}
}

// A SHOULD without an answer does not fail the run.
func TestUnansweredShould(t *testing.T) {
	report, _ := runWith(t, nil, func(req *http.Request) (*http.Response, error) {
		if req.Header.Get("Content-Type") == "text/plain" {
			return silence(req)
		}
		return nil, nil //nolint:nilnil // The exemplar answers.
	})
	if report.Failed() || report.Total().Unable != 1 || report.Obstacle != nil {
		t.Errorf("failed %t, total %+v, obstacle %v, want Failed false, Unable 1 and Obstacle nil", report.Failed(), report.Total(), report.Obstacle)
	}
}

// A run that could check less than half of the rules has an obstacle.
func TestInconclusive(t *testing.T) {
	creations := 0
	report, _ := runWith(t, nil, func(req *http.Request) (*http.Response, error) {
		if req.Method != http.MethodPost || req.URL.String() != exemplar.Endpoint {
			return nil, nil //nolint:nilnil // The exemplar answers.
		}
		if creations++; creations == 1 {
			return nil, nil //nolint:nilnil // The exemplar answers.
		}
		return reply(req, http.StatusRequestEntityTooLarge, http.Header{protocol.HeaderResumable: {"1.0.0"}}, strings.NewReader("quota")), nil
	})
	if !errors.Is(report.Obstacle, conformance.ErrInconclusive) || report.Failed() {
		t.Errorf("obstacle %v, total %+v, want ErrInconclusive and Failed false", report.Obstacle, report.Total())
	}
	t.Run("one rule", func(t *testing.T) {
		opts := &conformance.Options{Rules: []string{"patch-content-type"}}
		report, _ := runWith(t, opts, func(req *http.Request) (*http.Response, error) {
			if req.Method == http.MethodPatch {
				return silence(req)
			}
			return nil, nil //nolint:nilnil // The exemplar answers.
		})
		if !errors.Is(report.Obstacle, conformance.ErrInconclusive) {
			t.Errorf("obstacle %v, want ErrInconclusive, total %+v", report.Obstacle, report.Total())
		}
	})
}
