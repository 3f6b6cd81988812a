package app

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tusker-go/tusker/cli/internal/exit"
	"github.com/tusker-go/tusker/testserver"
)

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
		t.Errorf("code %d, %q, want %v and Len 0", code, stdout, exit.GaveUp)
	}
	for _, want := range []string{
		"tusker: sent 0 of 20 files, 0 B in ",
		", 3 failed, 17 not begun, ",
		"tusker: upload: stopped: the server cannot be reached: 3 of 20 files failed: ",
		"; 17 not begun\nhint: tusker doctor with the same URL finds problems ",
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
		t.Errorf("took %v, want at most %v", took, 20*time.Second)
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
		t.Errorf("code %d after %d tries, want %v and 1", code, n, exit.NotAllowed)
	}
	const want = "tusker: upload: stopped: the server does not accept the credentials: 1 of 20 files failed: "
	if !strings.Contains(stderr.String(), want) || strings.Count(stderr.String(), "hint: give credentials with ") != 2 {
		t.Errorf("says %q, want %q", stderr, want)
	}
}
