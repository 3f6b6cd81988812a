package protocol_test

import (
	"errors"
	"os/exec"
	"strings"
	"testing"
)

// The packages of the module depend neither on a network nor on an HTTP implementation.
func TestImports(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "./...").Output()
	if errors.Is(err, exec.ErrNotFound) {
		t.Skip("the go command is not available")
	}
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	const own = "github.com/tusker-go/tusker/protocol"
	seen := false
	for path := range strings.FieldsSeq(string(out)) {
		seen = seen || path == own
		first, rest, _ := strings.Cut(path, "/")
		switch {
		case path == own, strings.HasPrefix(path, own+"/"):
		case strings.Contains(first, "."):
			t.Errorf("protocol imports %s, which is not in the standard library", path)
		case first == "net", first == "log", first == "crypto":
			t.Errorf("protocol imports %s", path)
		case first == "vendor" && strings.HasPrefix(rest, "golang.org/x/net"):
			t.Errorf("protocol imports %s", path)
		}
	}
	if !seen {
		t.Errorf("go list does not name %s:\n%s", own, out)
	}
}
