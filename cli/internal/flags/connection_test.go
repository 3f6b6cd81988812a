package flags

import (
	"testing"

	"github.com/spf13/cobra"
)

// TestNoSendfile guards the way out for folders that the system has other bytes of.
func TestNoSendfile(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{nil, {"--no-sendfile"}} {
		var c Connection
		cmd := &cobra.Command{Use: "upload ENDPOINT"}
		c.Register(cmd)
		if err := cmd.ParseFlags(args); err != nil {
			t.Fatal(err)
		}
		config, err := c.network()
		if want := args != nil; err != nil || config.NoSendfile != want {
			t.Errorf("%v: %t, %v, want %t and no error", args, config.NoSendfile, err, want)
		}
	}
}
