package client_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// A program that imports client downloads and builds few other packages.
func TestImports(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("the go command is not available")
	}
	tests := map[string]struct {
		args []string
		not  []string
		must string
	}{
		"packages": {
			[]string{"list", "-deps", "."},
			[]string{"github.com/tus/", "go.uber.org/", "github.com/spf13/", "github.com/hashicorp/", "github.com/google/", "github.com/tusker-go/tusker/testserver", "github.com/tusker-go/tusker/cli", "testing"},
			"github.com/tusker-go/tusker/protocol",
		},
		"packages of the tests": {
			[]string{"list", "-deps", "-test", "./..."},
			[]string{"github.com/tus/", "go.uber.org/zap", "github.com/spf13/", "github.com/hashicorp/", "github.com/tusker-go/tusker/testserver"},
			"go.uber.org/goleak",
		},
		"modules": {
			[]string{"list", "-m", "all"},
			[]string{"github.com/tus/", "go.uber.org/zap", "github.com/spf13/", "github.com/tusker-go/tusker/testserver", "github.com/tusker-go/tusker/cli"},
			"github.com/tusker-go/tusker/retry",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), "go", test.args...)
			cmd.Env = append(os.Environ(), "GOWORK=off")
			var stderr strings.Builder
			cmd.Stderr = &stderr
			out, err := cmd.Output()
			if err != nil {
				t.Fatalf("go %s: %v\n%s", strings.Join(test.args, " "), err, stderr.String())
			}
			found := false
			for line := range strings.Lines(string(out)) {
				line = strings.TrimSpace(line)
				found = found || strings.HasPrefix(line, test.must)
				for _, not := range test.not {
					if line == not || strings.HasSuffix(not, "/") && strings.HasPrefix(line, not) || strings.HasPrefix(line, not+" ") || strings.HasPrefix(line, not+"/") {
						t.Errorf("client depends on %s", line)
					}
				}
			}
			if !found {
				t.Errorf("%s is not in:\n%s", test.must, out)
			}
		})
	}
}
