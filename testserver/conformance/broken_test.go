package conformance_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/testserver/conformance"
	"github.com/tusker-go/tusker/testserver/conformance/internal/exemplar"
)

// broken is the exemplar with one fault.
type broken struct {
	rule string // the only rule that must detect the fault
	name string
	with func(*exemplar.Config)      // nil: all extensions
	wrap func(*exemplar.Server) wrap // nil: no further change

	// implied are rules that a server with this fault breaks necessarily.
	implied []string
}

type wrap func(http.Handler) http.Handler

// answers returns a server whose answers edit changes.
func answers(edit func(r *http.Request, a *httptest.ResponseRecorder)) func(*exemplar.Server) wrap {
	return func(*exemplar.Server) wrap {
		return func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				a := httptest.NewRecorder()
				next.ServeHTTP(a, r)
				edit(r, a)
				maps.Copy(w.Header(), a.Header())
				w.WriteHeader(a.Code)
				_, _ = w.Write(a.Body.Bytes())
			})
		}
	}
}

// requests calls act before the server. If act returns true, it has answered
// the request.
func requests(act func(s *exemplar.Server, w http.ResponseWriter, r *http.Request) bool) func(*exemplar.Server) wrap {
	return func(s *exemplar.Server) wrap {
		return func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if !act(s, w, r) {
					next.ServeHTTP(w, r)
				}
			})
		}
	}
}

// header changes a header of successful answers to method. A value of ""
// removes it.
func header(method, name, value string) func(*exemplar.Server) wrap {
	return answers(func(r *http.Request, a *httptest.ResponseRecorder) {
		if r.Method != method || a.Code >= 300 || a.Header().Get(name) == "" {
			return
		}
		if value == "" {
			a.Header().Del(name)
		} else {
			a.Header().Set(name, value)
		}
	})
}

// status changes the status of answers to method.
func status(method string, from, to int) func(*exemplar.Server) wrap {
	return answers(func(r *http.Request, a *httptest.ResponseRecorder) {
		if r.Method == method && a.Code == from {
			a.Code = to
		}
	})
}

// unannounced removes an extension from Tus-Extension.
func unannounced(e protocol.Extension) func(*exemplar.Server) wrap {
	return answers(func(_ *http.Request, a *httptest.ResponseRecorder) {
		list := a.Header().Get(protocol.HeaderExtension)
		if list == "" {
			return
		}
		names := slices.DeleteFunc(strings.Split(list, ","), func(name string) bool { return name == string(e) })
		if len(names) == 0 {
			a.Header().Del(protocol.HeaderExtension)
			return
		}
		a.Header().Set(protocol.HeaderExtension, strings.Join(names, ","))
	})
}

// run checks a server in a synctest bubble, in which waits take no real time.
func run(t *testing.T, h http.Handler, opts *conformance.Options) conformance.Report {
	t.Helper()
	var report conformance.Report
	synctest.Test(t, func(t *testing.T) {
		report = conformance.Run(t.Context(), exemplar.Doer(h), exemplar.Endpoint, opts)
	})
	return report
}

// The exemplar passes all rules, and the run deletes its uploads.
func TestExemplar(t *testing.T) {
	s := exemplar.New(exemplar.Full())
	report := run(t, s, nil)
	for _, r := range report.Results {
		if r.Status != conformance.Pass {
			t.Errorf("%s: %s, want %q: %s\n%s\n%s", r.ID, r.Status, conformance.Pass, r.Why, r.Sent, r.Got)
		}
	}
	if report.Obstacle != nil || report.Left != 0 || s.Len() > 1 {
		t.Errorf("obstacle %v, %d left, %d uploads, want Obstacle nil, Left 0 and Len at most 1", report.Obstacle, report.Left, s.Len())
	}
	t.Logf("%d rules, %d requests", len(report.Results), report.Requests)
}

// Each broken server breaks its rule and no other one.
func TestBrokenServers(t *testing.T) {
	for _, b := range brokenServers {
		t.Run(b.rule+"/"+b.name, func(t *testing.T) {
			report := run(t, b.handler(), nil)
			noticed := false
			for _, r := range report.Results {
				bad := r.Status == conformance.Fail || r.Status == conformance.Warn
				switch {
				case r.ID == b.rule:
					noticed = bad
					if !bad {
						t.Errorf("%s: %s: %s\n%s\n%s", r.ID, r.Status, r.Why, r.Sent, r.Got)
					}
				case bad && !slices.Contains(b.implied, r.ID):
					t.Errorf("also %s: %s: %s\n%s\n%s", r.ID, r.Status, r.Why, r.Sent, r.Got)
				}
			}
			if !noticed {
				t.Errorf("obstacle %v, total %+v", report.Obstacle, report.Total())
			}
		})
	}
}

func (b broken) handler() http.Handler {
	cfg := exemplar.Full()
	if b.with != nil {
		b.with(&cfg)
	}
	s := exemplar.New(cfg)
	if b.wrap == nil {
		return s
	}
	return b.wrap(s)(s)
}

// Each rule has a server that breaks it.
func TestEveryRuleHasBrokenServer(t *testing.T) {
	for _, rule := range conformance.Tus.Rules() {
		if !slices.ContainsFunc(brokenServers, func(b broken) bool { return b.rule == rule.ID }) {
			t.Errorf("no server breaks %s", rule.ID)
		}
	}
}
