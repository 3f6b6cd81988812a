package retry_test

import (
	"os/exec"
	"strings"
	"testing"
)

// The module does not depend on HTTP or tus.
func TestImports(t *testing.T) {
	tool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("the go command is not available")
	}
	out, err := exec.CommandContext(t.Context(), tool, "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	const own = "github.com/tusker-go/tusker/retry"
	for path := range strings.FieldsSeq(string(out)) {
		switch {
		case path == own, strings.HasPrefix(path, own+"/"):
		case path == "net" || strings.HasPrefix(path, "net/"):
			t.Errorf("retry depends on %s", path)
		case strings.Contains(strings.Split(path, "/")[0], "."):
			t.Errorf("retry depends on %s, which is not in the standard library", path)
		}
	}
}
