package conformance

import (
	"context"
	"net/http"
)

// TB is the part of *[testing.T] that [Test] and [Check] use; *[testing.T]
// implements TB[*testing.T]. With TB, programs that call [Run] do not import
// package testing.
type TB[T any] interface {
	Helper()
	Context() context.Context
	Run(name string, f func(T)) bool
	Errorf(format string, args ...any)
	Logf(format string, args ...any)
	Skipf(format string, args ...any)
}

// Test checks the server with the creation endpoint at endpoint and passes the
// report to [Check]. t is a *[testing.T]. To set credentials, a transport or
// limits, call [Run] and Check instead.
func Test[T TB[T]](t T, endpoint string) {
	t.Helper()
	rt := &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true}
	defer rt.CloseIdleConnections()
	Check(t, Run(t.Context(), &http.Client{Transport: rt}, endpoint, nil))
}

// Check runs a subtest for each result. Fail is an error of the subtest, Warn
// is logged, and Skip and Unable skip the subtest. Unable is an error if a MUST or
// a MUST NOT of [Core] got no answer. An obstacle is an error of t. t is a
// *[testing.T].
func Check[T TB[T]](t T, r Report) {
	t.Helper()
	if r.Obstacle != nil {
		t.Errorf("conformance: %v", r.Obstacle)
	}
	for _, x := range r.Results {
		t.Run(x.ID, func(t T) {
			t.Helper()
			switch x.Status {
			case Fail:
				t.Errorf("%s\n%s: “%s”\n%s", x.Why, x.Section, x.Sentence, x.exchanges())
			case Warn:
				t.Logf("warning: %s\n%s: “%s”\n%s", x.Why, x.Section, x.Sentence, x.exchanges())
			case Skip, Unable:
				if x.isMissing() {
					t.Errorf("%s\n%s", x.Why, x.exchanges())
					return
				}
				t.Skipf("%s: %s", x.Status, x.Why)
			case Pass:
			}
		})
	}
}
