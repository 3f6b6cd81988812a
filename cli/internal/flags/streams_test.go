package flags

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tusker-go/tusker/cli/internal/advice"
	"github.com/tusker-go/tusker/cli/internal/usage"
	"github.com/tusker-go/tusker/client"
)

// TestSizeIsNoAnswerForFiles guards against advice to give the --size of a file
// that changed.
func TestSizeIsNoAnswerForFiles(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "a.txt")
	if err := os.WriteFile(name, []byte("bytes"), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(name)
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
		if got := advice.Ended(usage.Stdin, new(Streams).IsLost(test.in, usage.Stdin), &client.Result{}, client.ErrSourceChanged, advice.Invocation{}).Hint; got != test.want {
			t.Errorf("%s: hint %q, want %q", name, got, test.want)
		}
	}
}
