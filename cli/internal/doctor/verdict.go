package doctor

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/tusker-go/tusker/cli/internal/units"
	"github.com/tusker-go/tusker/client"
)

// A Flag is a flag of tusker upload with its value.
type Flag struct {
	Name  string `json:"name"`            // such as --chunk-size
	Value string `json:"value,omitempty"` // "": the flag has no value
}

// flag adds a flag to those that uploads to the server should have.
func (e *examination) flag(name, value string) {
	f := Flag{Name: name, Value: value}
	if !slices.Contains(e.report.Flags, f) {
		e.report.Flags = append(e.report.Flags, f)
	}
}

// chunkFlag returns --chunk-size with that value. The report names the smallest of
// all values.
func (e *examination) chunkFlag(n int64) string {
	if e.chunk == 0 || n < e.chunk {
		e.chunk = n
	}
	value := units.Size(n)
	return "--chunk-size " + value.String()
}

// Works tells whether no check failed.
func (r *Report) Works() bool {
	return !slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Status == Fail })
}

// conclude sets the verdict and the flags of the report.
func (e *examination) conclude() {
	if e.isOther() {
		e.fail("server", "is this the URL that uploads are created at?", errOther)
	}
	if e.chunk > 0 {
		value := units.Size(e.chunk)
		e.flag("--chunk-size", value.String())
	}
	slices.SortFunc(e.report.Flags, func(a, b Flag) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Value, b.Value))
	})
	e.report.Verdict = verdict(e.report.Findings)
}

var errOther = errors.New("not a tus server: none of its answers has a header of tus")

// isOther tells whether the answers are those of a server without tus. A refusal of
// credentials and a failure may be the answer of a proxy in front of the server.
func (e *examination) isOther() bool {
	answers, tus := e.tap.answers()
	if tus || answers == 0 {
		return false
	}
	for _, f := range e.report.Findings {
		exchange, ok := errors.AsType[*client.Error](f.Err)
		if f.Status != Fail || !ok {
			continue
		}
		switch s := exchange.StatusCode; {
		case s == 0, s >= http.StatusInternalServerError && s != http.StatusNotImplemented,
			s == http.StatusUnauthorized, s == http.StatusForbidden, s == http.StatusProxyAuthRequired,
			s == http.StatusTooManyRequests, errors.Is(f.Err, client.ErrRedirected):
			return false
		}
		return true
	}
	return false
}

// verdict says in one line what the findings mean.
func verdict(findings []Finding) string {
	var failed, warned []string
	for _, f := range findings {
		switch f.Status {
		case Fail:
			failed = append(failed, f.Check)
		case Warn:
			warned = append(warned, f.Check)
		case OK:
		}
		if errors.Is(f.Err, errOther) {
			return errOther.Error()
		}
	}
	switch {
	case len(failed) > 0:
		return "uploads do not work: " + strings.Join(failed, ", ")
	case len(warned) > 0:
		return fmt.Sprintf("uploads work, with advice on %s", strings.Join(warned, ", "))
	}
	return "uploads work"
}
