package conformance

import (
	"context"
	"net/http"
)

// TB is what [Test] and [Check] need of a test; *[testing.T] satisfies TB of
// itself. It keeps package testing out of programs that call [Run].
type TB[T any] interface {
	Helper()
	Context() context.Context
	Run(name string, f func(T)) bool
	Errorf(format string, args ...any)
	Logf(format string, args ...any)
	Skipf(format string, args ...any)
}

// Test checks the server whose uploads are created at endpoint, and hands the
// report to [Check]. t is a *[testing.T]. For credentials, a transport of your
// own or limits, call [Run] and Check.
func Test[T TB[T]](t T, endpoint string) {
	t.Helper()
	rt := &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true}
	defer rt.CloseIdleConnections()
	Check(t, Run(t.Context(), &http.Client{Transport: rt}, endpoint, nil))
}

// Check makes a subtest of each result: a Fail is an error, a Warn is logged,
// Skip and Unable skip. An obstacle is an error too. t is a *[testing.T].
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
				t.Skipf("%s: %s", x.Status, x.Why)
			case Pass:
			}
		})
	}
}
