//go:build unix

package advice

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/client"
)

// A hint for a full folder of temporary files names the folder, TMPDIR and --size.
func TestHintForFullTemporaryFolder(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	err := fmt.Errorf("%w: %w: %w", client.ErrSource, client.ErrSpool, &os.PathError{Op: "write", Path: dir + "/x", Err: syscall.ENOSPC})
	hint := For(&cobra.Command{}, err)
	for _, part := range []string{dir, "TMPDIR", "--size"} {
		if !strings.Contains(hint, part) {
			t.Errorf("%q does not name %s", hint, part)
		}
	}
}
