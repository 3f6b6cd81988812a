package advice

import (
	"strings"
	"testing"

	"github.com/tusker-go/tusker/cli/internal/exit"
	"github.com/tusker-go/tusker/cli/internal/usage"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/retry"
)

// Each way in which the upload of a stream ends early has its hint.
func TestLostStreamEnds(t *testing.T) {
	t.Parallel()
	result := &client.Result{URL: "http://h/1"}
	for _, err := range []error{exit.ErrInterrupted, exit.ErrTimeout, retry.ErrExhausted} {
		f := Ended(usage.Stdin, true, result, err, Invocation{})
		if f.Hint != lostStreamHint(result.URL, Invocation{}) || f.Resumable {
			t.Errorf("%v: hint %q, resumable %t, want Hint %q and Resumable false", err, f.Hint, f.Resumable, lostStreamHint(result.URL, Invocation{}))
		}
	}
}

// The hint never resumes a stream, and never shows a secret in the URL of an
// upload.
func TestLostStreamHint(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		url  string
		same Invocation
		want string // the end of the hint
	}{
		"plain":    {"http://h/1", Invocation{}, "to delete it: tusker terminate 'http://h/1'"},
		"endpoint": {"http://h/1", Invocation{Endpoint: "work"}, "to delete it: tusker terminate --as work 'http://h/1'"},
		"flags":    {"http://h/1", Invocation{NeedsFlags: true}, "to delete it, with the same flags: tusker terminate 'http://h/1'"},
		"query":    {"http://h/1?s3cret", Invocation{}, "its URL holds a secret and is not shown here, --json prints it"},
		"user":     {"http://me:s3cret@h/1", Invocation{}, "its URL holds a secret and is not shown here, --json prints it"},
		"none":     {"", Invocation{}, "nothing was uploaded yet: run the same command again"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := lostStreamHint(test.url, test.same)
			if !strings.HasSuffix(got, test.want) || strings.Contains(got, "s3cret") || strings.Contains(got, "tusker resume") {
				t.Errorf("hint %q, want %q at its end", got, test.want)
			}
		})
	}
}
