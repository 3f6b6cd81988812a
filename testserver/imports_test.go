package testserver_test

import (
	"os/exec"
	"strings"
	"testing"
)

// Programs link this package, so it must not import package testing, which
// registers flags, nor the packages that it exists to test.
func TestImports(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	const prefix = "github.com/tusker-go/tusker/"
	for dep := range strings.FieldsSeq(string(out)) {
		name, inWorkspace := strings.CutPrefix(dep, prefix)
		if dep == "testing" || inWorkspace && name != "protocol" && name != "testserver" && !strings.HasPrefix(name, "testserver/internal/") {
			t.Errorf("testserver imports %s", dep)
		}
	}
}
