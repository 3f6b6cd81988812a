package testserver_test

import (
	"os/exec"
	"strings"
	"testing"
)

// Programs link this package too: it must not register the flags of package
// testing, nor reach what it is there to test.
func TestImports(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	const ours = "github.com/tusker-go/tusker/"
	for dep := range strings.FieldsSeq(string(out)) {
		name, own := strings.CutPrefix(dep, ours)
		if dep == "testing" || own && name != "testserver" && name != "protocol" {
			t.Errorf("testserver imports %s", dep)
		}
	}
}
