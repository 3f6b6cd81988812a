package app

import (
	"context"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tusker-go/tusker/cli/internal/download"
	"github.com/tusker-go/tusker/cli/internal/exit"
	"github.com/tusker-go/tusker/testserver"
)

// partly passes on the first bytes of an answer's body, and calls end.
type partly struct {
	http.ResponseWriter
	left int
	end  func()
}

func (w *partly) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *partly) Write(p []byte) (int, error) {
	n, err := w.ResponseWriter.Write(p[:min(len(p), w.left)])
	w.left -= n
	if n < len(p) && err == nil {
		_ = http.NewResponseController(w.ResponseWriter).Flush()
		w.end()
		panic(http.ErrAbortHandler)
	}
	return n, err
}

// cutAnswer ends the connection of a GET after n bytes, once end has returned.
func cutAnswer(n int, end func(r *http.Request)) testserver.Fault {
	return testserver.Fault{Method: http.MethodGet, Do: testserver.ActionFunc(
		func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			next.ServeHTTP(&partly{ResponseWriter: w, left: n, end: func() { end(r) }}, r)
		})}
}

// stored uploads size bytes and gives the upload's URL and the bytes.
func stored(t *testing.T, s *testserver.Server, size int) (url, content string) {
	t.Helper()
	b := make([]byte, size)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(b)
	std, stdout, stderr := streamsFor(t)
	if code := Run(t.Context(), []string{"upload", "--no-resume", s.URL(), tempFile(t, string(b))}, std); code != exit.OK {
		t.Fatalf("code %d, want %v: %s", code, exit.OK, stderr)
	}
	return strings.TrimSpace(stdout.String()), string(b)
}

// fetch runs download and gives its code and what it said.
func fetch(ctx context.Context, t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	std, out, said := streamsFor(t)
	code = Run(ctx, append([]string{"download", "--retry-max-wait", "5ms"}, args...), std)
	return code, out.String(), said.String()
}

func wantFile(t *testing.T, name, want string) {
	t.Helper()
	got, err := os.ReadFile(name)
	if err != nil || string(got) != want {
		t.Errorf("%s has %d bytes of %d, or others: %v", name, len(got), len(want), err)
	}
}

// withETag has an answer carry a strong ETag, as tusd does not.
func withETag(f testserver.Fault) testserver.Fault {
	do := f.Do
	f.Do = testserver.ActionFunc(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		w.Header().Set("ETag", `"v1"`)
		do.Serve(w, r, next)
	})
	return f
}

// whole is an answer without a fault.
func whole() testserver.Fault {
	return testserver.Fault{Method: http.MethodGet, Do: testserver.ActionFunc(
		func(w http.ResponseWriter, r *http.Request, next http.Handler) { next.ServeHTTP(w, r) })}
}

// A download survives lost connections. With a strong validator, it asks for what is
// missing.
func TestDownloadOverCuts(t *testing.T) {
	t.Parallel()
	s := testserver.New(t, testserver.Config{})
	url, content := stored(t, s, 1<<20)
	for _, target := range []string{filepath.Join(t.TempDir(), "b"), "-"} {
		for _, strong := range []bool{true, false} {
			faults := []testserver.Fault{
				cutAnswer(300_000, func(*http.Request) {}), cutAnswer(0, func(*http.Request) {}),
				cutAnswer(400_000, func(*http.Request) {}), whole(),
			}
			if strong {
				for i, f := range faults {
					faults[i] = withETag(f)
				}
			}
			s.ResetRequests()
			s.Inject(faults...)
			code, stdout, stderr := fetch(t.Context(), t, "--force", "-o", target, url)
			if code != exit.OK {
				t.Fatalf("code %d, want %v: %s", code, exit.OK, stderr)
			}
			if target == "-" && stdout != content {
				t.Errorf("%d bytes on standard output, or others, want the %d of the upload", len(stdout), len(content))
			}
			if target != "-" {
				wantFile(t, target, content)
			}
			ranged := 0
			for _, r := range s.Requests() {
				if r.Header.Get("Range") != "" {
					ranged++
				}
			}
			// A reset may destroy the bytes that were on their way.
			if strong && (ranged < 2 || ranged > 3) || !strong && ranged > 0 {
				t.Errorf("%d requests for a range, strong %t, want 2 or 3 if strong, else none", ranged, strong)
			}
		}
	}
}

// The command that an interrupted download names resumes it. Without a validator,
// one response is both compared and continued.
func TestDownloadInterrupted(t *testing.T) {
	t.Parallel()
	s := testserver.New(t, testserver.Config{})
	// More than the buffers of a connection hold, so that some has arrived.
	const size, sent = 48 << 20, 47 << 20
	url, content := stored(t, s, size)
	target := filepath.Join(t.TempDir(), "b.bin")
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	s.Inject(cutAnswer(sent, func(r *http.Request) {
		cancel(exit.ErrInterrupted)
		<-r.Context().Done()
	}))
	code, _, stderr := fetch(ctx, t, "-o", target, url)
	if code != exit.Interrupted {
		t.Fatalf("code %d, want %v: %s", code, exit.Interrupted, stderr)
	}
	for _, want := range []string{"interrupted, ", " of 48 MiB are here\n", "hint: resume with: tusker download -o " + target + " '" + url + "'\n"} {
		if !strings.Contains(stderr, want) {
			t.Errorf("%q does not hold %q", stderr, want)
		}
	}
	if _, err := os.Stat(target); err == nil {
		t.Error("the file has its name already")
	}
	part, err := os.ReadFile(target + download.Suffix)
	if err != nil || len(part) == 0 || !strings.HasPrefix(content, string(part)) {
		t.Fatalf("%d bytes kept, or others: %v, want some, no error and the prefix %q", len(part), err, string(part))
	}

	s.ResetRequests()
	code, _, stderr = fetch(t.Context(), t, "-o", target, url)
	if code != exit.OK || !strings.Contains(stderr, "resuming "+target+" at ") {
		t.Errorf("code %d: %s, want %v and %q in it", code, stderr, exit.OK, "resuming "+target+" at ")
	}
	wantFile(t, target, content)
	if got := s.Count(http.MethodGet); got != 1 {
		t.Errorf("%d requests, want one", got)
	}
}

// A file that appears meanwhile is not replaced, and the bytes are kept.
func TestDownloadOverNewFile(t *testing.T) {
	t.Parallel()
	s := testserver.New(t, testserver.Config{})
	url, content := stored(t, s, 100_000)
	target := filepath.Join(t.TempDir(), "b")
	s.Inject(cutAnswer(1000, func(*http.Request) {
		if err := os.WriteFile(target, []byte("mine"), 0o600); err != nil {
			t.Error(err)
		}
	}))
	code, _, stderr := fetch(t.Context(), t, "-o", target, url)
	if code != exit.Failed || !strings.Contains(stderr, "file exists\nhint: --force") {
		t.Errorf("code %d: %s, want %v and %q in it", code, stderr, exit.Failed, "file exists\nhint: --force")
	}
	wantFile(t, target, "mine")
	if code, _, stderr = fetch(t.Context(), t, "--force", "-o", target, url); code != exit.OK {
		t.Errorf("code %d, want %v: %s", code, exit.OK, stderr)
	}
	wantFile(t, target, content)
}
