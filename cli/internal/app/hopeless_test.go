package app

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/tusker-go/tusker/cli/internal/exit"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
	"github.com/tusker-go/tusker/testserver"
)

// A run ends early only if no other upload can succeed.
func TestProspects(t *testing.T) {
	t.Parallel()
	gaveUp := func(op protocol.Op, err error) error {
		return fmt.Errorf("%w: %w", retry.ErrExhausted, &client.Error{Op: op, Err: err})
	}
	dial := &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	refused := gaveUp(protocol.OpCreate, dial)
	unknown := gaveUp(protocol.OpHead, &net.DNSError{Name: "h", IsTemporary: true})
	answered := func(op protocol.Op, status int, err error) error {
		return &client.Error{Op: op, StatusCode: status, Err: err}
	}
	unauthorized := answered(protocol.OpPatch, 401, protocol.ErrUnauthorized)
	forbidden := answered(protocol.OpCreate, 403, protocol.ErrForbidden)
	untrusted := &client.Error{Op: protocol.OpCreate, Err: client.ErrUntrusted}
	event := func(kind client.EventKind, err error) client.Event { return client.Event{Kind: kind, Err: err} }
	created, done := event(client.EventCreated, nil), error(nil)
	tests := map[string]struct {
		what []any // events, and errors at the end of uploads
		want int   // exit code; OK: the run continues
	}{
		"refused":               {[]any{refused, refused, refused}, exit.GaveUp},
		"refused twice":         {[]any{refused, refused}, exit.OK},
		"by several ways":       {[]any{refused, unknown, gaveUp(protocol.OpCreate, client.ErrStalled)}, exit.GaveUp},
		"after a good one":      {[]any{created, done, refused, refused, refused}, exit.GaveUp},
		"a good one between":    {[]any{refused, refused, done, refused, refused}, exit.OK},
		"a sign of life":        {[]any{refused, refused, event(client.EventProgress, nil), refused}, exit.OK},
		"an answer":             {[]any{refused, refused, event(client.EventRetry, answered(protocol.OpCreate, 503, protocol.ErrServer)), refused}, exit.OK},
		"no answer":             {[]any{refused, event(client.EventRetry, refused), refused, event(client.EventFailed, refused), refused}, exit.GaveUp},
		"another failure":       {[]any{refused, refused, answered(protocol.OpCreate, 400, protocol.ErrBadRequest), refused}, exit.OK},
		"bad files":             {[]any{client.ErrSource, client.ErrSource, client.ErrSource}, exit.OK},
		"bad files between":     {[]any{refused, client.ErrSource, refused, client.ErrSource, refused}, exit.GaveUp},
		"it breaks off":         {[]any{gaveUp(protocol.OpPatch, io.EOF), gaveUp(protocol.OpPatch, io.EOF), gaveUp(protocol.OpPatch, io.EOF)}, exit.OK},
		"busy":                  {[]any{gaveUp(protocol.OpCreate, answered(protocol.OpCreate, 503, protocol.ErrServer)), refused, refused}, exit.OK},
		"stalls later":          {[]any{gaveUp(protocol.OpPatch, client.ErrStalled), refused, refused}, exit.OK},
		"unauthorized":          {[]any{unauthorized}, exit.NotAllowed},
		"unauthorized, later":   {[]any{created, done, unauthorized}, exit.NotAllowed},
		"untrusted":             {[]any{untrusted}, exit.NotAllowed},
		"untrusted, later":      {[]any{created, untrusted}, exit.OK},
		"forbidden":             {[]any{forbidden, forbidden, forbidden}, exit.NotAllowed},
		"one is forbidden":      {[]any{forbidden, created, done, forbidden, forbidden, forbidden}, exit.OK},
		"forbidden at its URL":  {[]any{answered(protocol.OpHead, 403, protocol.ErrForbidden), forbidden, forbidden}, exit.OK},
		"refused and forbidden": {[]any{refused, forbidden, refused, forbidden}, exit.OK},
		"ended by that":         {[]any{&hopeless{"x"}, refused, refused}, exit.OK},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var cause error
			p := &prospects{end: func(err error) { cause = err }}
			for _, what := range test.what {
				switch what := what.(type) {
				case client.Event:
					p.happened(what)
				case error:
					p.ended(what)
				case nil:
					p.ended(nil)
				}
			}
			if got := exit.Code(cause); got != test.want || isHopeless(cause) != (test.want != exit.OK) {
				t.Errorf("ends with %v (%d), want %d", cause, got, test.want)
			}
		})
	}
}

// numbered returns the names of n files.
func numbered(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("%02d", i)
	}
	return names
}

// When the server is down, the files of a folder do not each use up their retries.
func TestServerIsDown(t *testing.T) {
	t.Parallel()
	server := testserver.New(t, testserver.Config{})
	url := server.URL()
	server.Close()
	std, stdout, stderr := streamsFor(t)
	args := []string{"upload", "--no-resume", "--retries", "1", "--retry-max-wait", "1ms", "--concurrency", "1", "-r", url, filesIn(t, numbered(20)...)}
	code := Run(t.Context(), args, std)
	if code != exit.GaveUp || stdout.Len() > 0 {
		t.Errorf("code %d, %q", code, stdout)
	}
	for _, want := range []string{
		"tusker: sent 0 of 20 files, 0 B in ",
		", 3 failed, 17 not begun, ",
		"tusker: upload: stopped: the server cannot be reached: 3 of 20 files failed: ",
		"; 17 not begun\nhint: tusker doctor, with the same URL, finds out ",
	} {
		if !strings.Contains(stderr.String(), want) {
			t.Errorf("says %q, want %q", stderr, want)
		}
	}
}

// When the server goes down, the run does not wait for an upload that is still
// under way.
func TestServerGoesDown(t *testing.T) {
	t.Parallel()
	var held atomic.Bool
	var server *httptest.Server
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method != http.MethodPost:
			w.WriteHeader(http.StatusNoContent)
		case held.CompareAndSwap(false, true):
			_ = server.Listener.Close()
			<-r.Context().Done()
		default:
			panic(http.ErrAbortHandler) // The request uses an earlier connection.
		}
	}))
	defer server.Close()
	std, _, stderr := streamsFor(t)
	args := []string{"upload", "--no-resume", "--retries", "0", "--concurrency", "2", "-r", server.URL, filesIn(t, numbered(20)...)}
	began := time.Now()
	code := Run(t.Context(), args, std)
	// Without the early end, the held upload would stall after 30 s.
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("took %v", took)
	}
	if want := "stopped: the server cannot be reached: "; code != exit.GaveUp || !strings.Contains(stderr.String(), want) {
		t.Errorf("code %d and %q, want %q", code, stderr, want)
	}
}

// Refused credentials stop the run, so the server does not get a request for each
// file.
func TestCredentialsAreRefused(t *testing.T) {
	t.Parallel()
	server := testserver.New(t, testserver.Config{})
	server.Inject(testserver.Fault{Method: http.MethodPost, Times: testserver.Always, Do: testserver.Status(http.StatusUnauthorized, nil, "who?")})
	std, _, stderr := streamsFor(t)
	code := Run(t.Context(), []string{"upload", "--no-resume", "--json", "--concurrency", "1", "-r", server.URL(), filesIn(t, numbered(20)...)}, std)
	if n := server.Count(http.MethodPost); code != exit.NotAllowed || n != 1 {
		t.Errorf("code %d after %d tries", code, n)
	}
	const want = "tusker: upload: stopped: the server does not accept the credentials: 1 of 20 files failed: "
	if !strings.Contains(stderr.String(), want) || strings.Count(stderr.String(), "hint: give credentials with ") != 2 {
		t.Errorf("says %q, want %q", stderr, want)
	}
}
