package doctor_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tusker-go/tusker/cli/internal/doctor"
)

// docs/faults.md has a table of all faults that a run finds.
func TestDocs(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "faults.md"))
	if os.IsNotExist(err) {
		t.Skip("the module is not in its repository")
	}
	if err != nil {
		t.Fatal(err)
	}
	var want strings.Builder
	for _, c := range doctor.Classes() {
		flag := c.Flag
		if strings.HasPrefix(flag, "-") {
			flag = "`" + flag + "`"
		}
		fmt.Fprintf(&want, "| %s | `%s` | %s |\n", c.Fault, c.Check, flag)
	}
	if got := strings.ReplaceAll(string(text), "\r\n", "\n"); !strings.Contains(got, "\n"+want.String()+"\n") {
		t.Errorf("docs/faults.md does not have this table:\n%s", want.String())
	}
}
