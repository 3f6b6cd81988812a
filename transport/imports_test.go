package transport_test

import (
	"os/exec"
	"strings"
	"testing"
)

// Only package retryablehttp imports go-retryablehttp, and no package imports
// another module of the project.
func TestImports(t *testing.T) {
	tool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("the go command is not available")
	}
	const own = "github.com/tusker-go/tusker/transport"
	for _, c := range []struct {
		pkg       string
		hashicorp bool
	}{
		{".", false},
		{"./nethttp", false},
		{"./transporttest", false},
		{"./retryablehttp", true},
	} {
		out, err := exec.CommandContext(t.Context(), tool, "list", "-deps", c.pkg).Output()
		if err != nil {
			t.Fatal(err)
		}
		hashicorp := false
		for path := range strings.FieldsSeq(string(out)) {
			switch {
			case path == own, strings.HasPrefix(path, own+"/"):
			case strings.HasPrefix(path, "vendor/"), !strings.Contains(strings.Split(path, "/")[0], "."):
			case strings.HasPrefix(path, "github.com/hashicorp/"):
				hashicorp = true
			default:
				t.Errorf("%s depends on %s", c.pkg, path)
			}
		}
		if hashicorp != c.hashicorp {
			t.Errorf("%s depends on go-retryablehttp: %v, want %v", c.pkg, hashicorp, c.hashicorp)
		}
	}
}
