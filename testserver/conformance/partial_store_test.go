package conformance_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/tusker-go/tusker/testserver/conformance"
	"github.com/tusker-go/tusker/testserver/conformance/internal/exemplar"
)

// The offset before a conflict is the one that the server acknowledged, which may be
// lower than the number of bytes that were sent.
func TestOffsetBeforeConflict(t *testing.T) {
	tests := map[string]struct {
		conflict func(s *exemplar.Server, r *http.Request)
		want     conformance.Status
	}{
		"unchanged by a conflict": {func(*exemplar.Server, *http.Request) {}, conformance.Pass},
		"changed by a conflict":   {appendTo, conformance.Fail},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := exemplar.New(exemplar.Full())
			conflicts := answers(func(r *http.Request, a *httptest.ResponseRecorder) {
				if r.Method == http.MethodPatch && a.Code == http.StatusConflict {
					test.conflict(s, r)
				}
			})(s)
			report := run(t, conflicts(atMostTwoBytes(s)), &conformance.Options{Rules: []string{"patch-offset-mismatch"}})
			if r := report.Results[0]; r.Status != test.want {
				t.Errorf("%s, want %q: %s\n%s\n%s", r.Status, test.want, r.Why, r.Sent, r.Got)
			}
		})
	}
}

// atMostTwoBytes stores the first two bytes of a PATCH with three bytes.
func atMostTwoBytes(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPatch && r.ContentLength == 3 {
			r.Body, r.ContentLength = io.NopCloser(io.LimitReader(r.Body, 2)), 2
		}
		next.ServeHTTP(w, r)
	})
}
