package advice

import (
	"fmt"
	"testing"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
)

func TestResumeHint(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		url, file string
		same      Invocation
		want      string
	}{
		"plain": {
			"http://h/files/1", "video.mp4",
			Invocation{},
			"resume with: tusker resume 'http://h/files/1' video.mp4",
		},
		"flags":       {"http://h/1", "-", Invocation{NeedsFlags: true}, "resume, with the same flags: tusker resume 'http://h/1' -"},
		"endpoint":    {"http://h/1", "a", Invocation{Endpoint: "work"}, "resume with: tusker resume --as work 'http://h/1' a"},
		"secret":      {"http://h/1?sig=a&b", "a", Invocation{}, "run the same command again; a new upload begins, because the URL of this one holds a secret and is not shown: --json prints it, for tusker resume"},
		"user":        {"http://u:p@h/1", "a", Invocation{}, "run the same command again; a new upload begins, because the URL of this one holds a secret and is not shown: --json prints it, for tusker resume"},
		"not created": {"", "video.mp4", Invocation{}, "nothing was uploaded yet: run the same command again"},
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
		if got := IsMisplaced(test.err); got != test.want {
			t.Errorf("%s: got %v, want %t", name, got, test.want)
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
		same   Invocation
		want   string
	}{
		"resume": {located, Invocation{}, "the server may have finished and moved it; " +
			"if it is really not there, tusker upload sends the file again; check: tusker info 'http://h/1'"},
		"flags": {located, Invocation{NeedsFlags: true}, "the server may have finished and moved it; " +
			"if it is really not there, tusker upload sends the file again; check, with the same flags: tusker info 'http://h/1'"},
		"parts": {parts, Invocation{}, "the server may have joined the parts and deleted them; if not, tusker upload sends the file again"},
	} {
		if got := Ended("a", false, test.result, client.ErrUncertain, test.same).Hint; got != test.want {
			t.Errorf("%s: hint %q, want %q", name, got, test.want)
		}
	}
}
