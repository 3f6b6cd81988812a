package testserver_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/testserver"
)

// status returns an action that answers with code.
func status(code int) testserver.Action { return testserver.Status(code, nil, "") }

// times returns Times of each pending fault.
func times(s *testserver.Server) []int {
	var out []int
	for _, f := range s.Pending() {
		out = append(out, f.Times)
	}
	return out
}

// The first fault that matches a request is applied.
func TestFaultOrder(t *testing.T) {
	t.Parallel()
	s := testserver.New(t, testserver.Config{})
	url := create(t, s, 10)
	s.Inject(
		testserver.Fault{Method: http.MethodPatch, Do: status(500)},
		testserver.Fault{Method: http.MethodHead, Do: status(501)},
		testserver.Fault{Do: status(502)},
	)
	s.Inject(testserver.Fault{Method: http.MethodHead, Do: status(503)})

	// A fault that does not match stays in the queue.
	for _, want := range []int{501, 502, 503, 200} {
		mustDo(t, want, s.Client(), http.MethodHead, url, nil)
	}
	if diff := cmp.Diff([]int{1}, times(s)); diff != "" {
		t.Errorf("pending (-want +got):\n%s", diff)
	}
	if r, err := patch(t.Context(), s, url, 0, nil); err != nil || r.status != 500 {
		t.Errorf("patch: got %d, %v; want 500", r.status, err)
	}
	if got := s.Pending(); len(got) != 0 {
		t.Errorf("got %d faults pending, want none", len(got))
	}
}

// A fault leaves the queue after Times requests.
func TestFaultTimes(t *testing.T) {
	t.Parallel()
	s := testserver.New(t, testserver.Config{})
	url := create(t, s, 10)
	s.Inject(
		testserver.Fault{Times: 2, Do: status(500)},
		testserver.Fault{Do: status(501)},
		testserver.Fault{Times: testserver.Always, Do: status(502)},
	)
	for i, want := range []int{500, 500, 501, 502, 502} {
		mustDo(t, want, s.Client(), http.MethodHead, url, nil)
		if i == 0 {
			if diff := cmp.Diff([]int{1, 1, testserver.Always}, times(s)); diff != "" {
				t.Errorf("pending (-want +got):\n%s", diff)
			}
		}
	}
	if diff := cmp.Diff([]int{testserver.Always}, times(s)); diff != "" {
		t.Errorf("pending (-want +got):\n%s", diff)
	}
}

// Match selects the requests of a fault.
func TestFaultMatch(t *testing.T) {
	t.Parallel()
	s := testserver.New(t, testserver.Config{})
	a, b := create(t, s, 10), create(t, s, 10)
	s.Inject(testserver.Fault{
		Match: func(r *http.Request) bool { return strings.HasSuffix(b, r.URL.Path) },
		Do:    status(500),
	})
	mustDo(t, http.StatusOK, s.Client(), http.MethodHead, a, nil)
	mustDo(t, http.StatusInternalServerError, s.Client(), http.MethodHead, b, nil)
	mustDo(t, http.StatusOK, s.Client(), http.MethodHead, b, nil)
}

// A fault matches the method of X-HTTP-Method-Override.
func TestFaultMethodOverride(t *testing.T) {
	t.Parallel()
	s := testserver.New(t, testserver.Config{})
	url := create(t, s, 10)
	s.Inject(testserver.Fault{Method: http.MethodDelete, Do: status(500)})
	for _, want := range []int{http.StatusInternalServerError, http.StatusNoContent} {
		mustDo(t, want, s.Client(), http.MethodPost, url, nil, protocol.HeaderMethodOverride, http.MethodDelete)
		if got := last(t, s).Method; got != http.MethodDelete {
			t.Errorf("got method %s, want DELETE", got)
		}
	}
}

// A fault without an action uses up one request and changes nothing.
func TestFaultWithoutAction(t *testing.T) {
	t.Parallel()
	s := testserver.New(t, testserver.Config{})
	url := create(t, s, 10)
	s.Inject(testserver.Fault{})
	head(t, s, url)
	if got := s.Pending(); len(got) != 0 {
		t.Errorf("got %d faults pending, want none", len(got))
	}
}

// Concurrent requests use a fault exactly Times times.
func TestFaultConcurrentRequests(t *testing.T) {
	t.Parallel()
	s := testserver.New(t, testserver.Config{})
	url := create(t, s, 10)
	s.Inject(testserver.Fault{Times: 7, Do: status(http.StatusTeapot)})
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		fired int
	)
	for range 20 {
		wg.Go(func() {
			r, err := do(t.Context(), s.Client(), http.MethodOptions, url, nil)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			if r.status == http.StatusTeapot {
				fired++
			}
		})
	}
	wg.Wait()
	if fired != 7 {
		t.Errorf("got %d faults, want 7", fired)
	}
}

// The first action of a Chain is the outermost one.
func TestChain(t *testing.T) {
	t.Parallel()
	s := testserver.New(t, testserver.Config{})
	data := content(10)
	url := create(t, s, len(data))
	s.Inject(testserver.Fault{Method: http.MethodPatch, Do: testserver.Chain(
		testserver.SetHeader("X-Order", "outer"),
		testserver.SetHeader("X-Order", "inner"),
		testserver.OffsetDelta(-3),
	)})
	r, err := patch(t.Context(), s, url, 0, data)
	if err != nil {
		t.Fatal(err)
	}
	// The outer action edits the answer after the inner one.
	if got := r.header.Get("X-Order"); got != "outer" {
		t.Errorf("got X-Order %q, want outer", got)
	}
	if got := r.offset(t); got != 7 {
		t.Errorf("got offset %d, want 7", got)
	}
	want := `Chain(SetHeader("X-Order", "outer"), SetHeader("X-Order", "inner"), OffsetDelta(-3))`
	if got := last(t, s).Fault; got != want {
		t.Errorf("got fault %s, want %s", got, want)
	}
}

// unnamedAction is an action without a String method.
type unnamedAction struct{}

func (unnamedAction) Serve(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
	w.WriteHeader(http.StatusNoContent)
}

// Request.Fault shows the name and the arguments of an action.
func TestActionNames(t *testing.T) {
	t.Parallel()
	for want, a := range map[string]testserver.Action{
		"ActionFunc":                    testserver.ActionFunc(unnamedAction{}.Serve),
		"testserver_test.unnamedAction": unnamedAction{},
		"Chain()":                       testserver.Chain(),
		"Status(503)":                   testserver.Status(503, nil, "x"),
		"Offset(7)":                     testserver.Offset(7),
		`OffsetHeader("x")`:             testserver.OffsetHeader("x"),
		"RewriteHeader":                 testserver.RewriteHeader(func(http.Header) {}),
		"Forget()":                      testserver.Forget(),
		"Throttle(1024)":                testserver.Throttle(1024),
		"EarlyAnswer(5, 401)":           testserver.EarlyAnswer(5, 401, nil, ""),
		"Locked(1m0s)":                  testserver.Locked(time.Minute),
		"LockTimeout()":                 testserver.LockTimeout(),
		"UntilTokenChanges()":           testserver.UntilTokenChanges(),
		"RetryAfter(429, 1s)":           testserver.RetryAfter(429, time.Second),
		"RetryAfterDate(503, 1s)":       testserver.RetryAfterDate(503, time.Second),
		"Redirect(308, /x)":             testserver.Redirect(308, "/x"),
		"Location(path)":                testserver.Location(testserver.LocationPath),
		`LocationQuery("a=b")`:          testserver.LocationQuery("a=b"),
		"LocationOrigin(http://x)":      testserver.LocationOrigin("http://x/"),
		"RewindTo(5)":                   testserver.RewindTo(5),
		"Buffer()":                      testserver.Buffer(),
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			s := testserver.New(t, testserver.Config{})
			s.Inject(testserver.Fault{Do: a})
			c := *s.Client()
			c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
			if _, err := do(t.Context(), &c, http.MethodOptions, s.URL(), nil); err != nil {
				t.Fatal(err)
			}
			if got := last(t, s).Fault; got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}

// Each applied fault is logged at info level, without the query of the URL.
func TestFaultLog(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	s := testserver.New(t, testserver.Config{
		Logger: slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelInfo})),
	})
	url := create(t, s, 10)
	s.Inject(testserver.Fault{Method: http.MethodHead, Do: status(500)})
	mustDo(t, http.StatusInternalServerError, s.Client(), http.MethodHead, url+"?secret", nil)
	head(t, s, url)
	s.Close()
	want := " level=INFO msg=fault method=HEAD path=" + strings.TrimPrefix(url, strings.TrimSuffix(s.URL(), "/files/")) + " fault=Status(500)\n"
	if got := out.String(); !strings.HasSuffix(got, want) || strings.Count(got, "\n") != 1 {
		t.Errorf("got log %q, want one line with %q", got, want)
	}
}
