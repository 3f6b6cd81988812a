package app

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/tusker-go/tusker/cli/internal/exit"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
)

func TestResumeHint(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		url, file string
		same      again
		want      string
	}{
		"plain": {
			"http://h/files/1", "video.mp4",
			again{},
			"resume with: tusker resume 'http://h/files/1' video.mp4",
		},
		"flags":       {"http://h/1", "-", again{flags: true}, "go on, with the same flags: tusker resume 'http://h/1' -"},
		"endpoint":    {"http://h/1", "a", again{as: "work"}, "resume with: tusker resume --as work 'http://h/1' a"},
		"secret":      {"http://h/1?sig=a&b", "a", again{}, "run the same command again; a new upload begins, because the URL of this one holds a secret and is not shown: --json prints it, for tusker resume"},
		"user":        {"http://u:p@h/1", "a", again{}, "run the same command again; a new upload begins, because the URL of this one holds a secret and is not shown: --json prints it, for tusker resume"},
		"not created": {"", "video.mp4", again{}, "nothing was uploaded yet: run the same command again"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := resumeHint(test.url, test.file, test.same); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestQuote(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ text, want, windows string }{
		"plain":     {"dir/a-b_1.mp4", "dir/a-b_1.mp4", "dir/a-b_1.mp4"},
		"space":     {"a b", "'a b'", `"a b"`},
		"quote":     {"it's", `'it'\''s'`, `"it's"`},
		"dollar":    {"$HOME", "'$HOME'", `"$HOME"`},
		"empty":     {"", "''", `""`},
		"ampersand": {"a&b", "'a&b'", `"a&b"`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := quoteWhereNeeded(test.text, "linux"); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
			if got := quoteWhereNeeded(test.text, "windows"); got != test.windows {
				t.Errorf("on windows got %s, want %s", got, test.windows)
			}
		})
	}
}

// The error of a refused certificate may be ErrMisplaced, too, if no byte was sent before the
// refusal came. The hint does not depend on that.
func TestIsMisplaced(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		err  error
		want bool
	}{
		"not found":           {fmt.Errorf("%w: %w", client.ErrMisplaced, protocol.ErrNotFound), true},
		"refused certificate": {fmt.Errorf("%w: %w", client.ErrMisplaced, client.ErrUntrusted), false},
		"not misplaced":       {client.ErrUntrusted, false},
	} {
		if got := isMisplaced(test.err); got != test.want {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

// TestUncertainHint guards against a hint that leads in a circle: what the server
// has no longer can be sent again.
func TestUncertainHint(t *testing.T) {
	t.Parallel()
	located, parts := &client.Result{URL: "http://h/1"}, &client.Result{Parts: []*client.Result{{URL: "http://h/2"}}}
	for name, test := range map[string]struct {
		result *client.Result
		same   again
		want   string
	}{
		"resume": {located, again{}, "the server may have finished and moved it; " +
			"if it is really not there, tusker upload sends the file again; check: tusker info 'http://h/1'"},
		"flags": {located, again{flags: true}, "the server may have finished and moved it; " +
			"if it is really not there, tusker upload sends the file again; check, with the same flags: tusker info 'http://h/1'"},
		"parts": {parts, again{}, "the server may have joined the parts and deleted them; if not, tusker upload sends the file again"},
	} {
		a := &app{again: test.same}
		if got := a.ended("a", test.result, client.ErrUncertain).hint; got != test.want {
			t.Errorf("%s: hint %q, want %q", name, got, test.want)
		}
	}
}

// TestProxyWantsCredentials guards against a bare 407.
func TestProxyWantsCredentials(t *testing.T) {
	t.Parallel()
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusProxyAuthRequired)
	}))
	defer proxy.Close()
	for _, endpoint := range []string{"http://tus.test/files/", "https://tus.test/files/"} {
		std, _, stderr := streamsFor(t)
		code := Run(t.Context(), []string{"options", "--proxy", proxy.URL, endpoint}, std)
		if want := "hint: give the proxy's credentials with it: --proxy http://USER:PASSWORD@HOST:PORT\n"; code != exit.Refused || !strings.Contains(stderr.String(), want) {
			t.Errorf("%s: code %d and %q, want %q", endpoint, code, stderr, want)
		}
	}
}

// TestSizeIsNoAnswerForFiles guards against advice to give the --size of a file
// that changed.
func TestSizeIsNoAnswerForFiles(t *testing.T) {
	t.Parallel()
	file, err := os.Open(tempFile(t, "bytes"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	for name, test := range map[string]struct {
		in   io.Reader
		want string
	}{
		"a stream": {strings.NewReader("bytes"), "--size has to be the number of bytes that come"},
		"a file":   {file, ""},
	} {
		a := &app{in: test.in}
		if got := a.ended(stdin, &client.Result{}, client.ErrSourceChanged).hint; got != test.want {
			t.Errorf("%s: hint %q, want %q", name, got, test.want)
		}
	}
}
