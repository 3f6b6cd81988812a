package flags

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"
)

// defaultSettle is the default of --watch-settle.
const defaultSettle = 5 * time.Second

// FolderWatch holds the flags of a command that does not end.
type FolderWatch struct {
	// Watching means that the command sends the files of directories, and then those that
	// come later.
	Watching bool
	// Settle is the time without a change after which a file is sent.
	Settle time.Duration
}

func (w *FolderWatch) register(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&w.Watching, "watch", false, "with -r, send also files that come later, until the command is interrupted; implies --skip-sent=local and --refuse-in-use")
	cmd.Flags().DurationVar(&w.Settle, "watch-settle", defaultSettle, "with --watch, send a file after that `time` without a change")
}

// checkWatch finds flags that do not fit a command that does not end.
func (u *Upload) checkWatch(files []string) error {
	if !u.Watching {
		return nil
	}
	switch {
	case u.Settle <= 0:
		return errors.New("--watch-settle is not above 0")
	case !u.Recursive:
		return errors.New("--watch is for directories: it needs --recursive")
	case u.FilesFrom != "":
		return errors.New("--watch is for directories, and --files-from is read once")
	case u.DryRun:
		return errors.New("--watch and --dry-run exclude each other")
	case u.Snapshot:
		return errors.New("--watch sends files that no longer change, and --snapshot those that do")
	case u.NoResume:
		return errors.New("--watch goes by records of what was sent, and --no-resume keeps none")
	}
	for _, file := range files {
		info, err := os.Stat(file)
		if err != nil {
			return fmt.Errorf("--watch: %w", err)
		}
		if !info.IsDir() {
			return fmt.Errorf("--watch is for directories, and %s is none", file)
		}
	}
	if u.SkipSent == SkipNone {
		u.SkipSent = SkipLocal
	}
	u.refuseInUse = true
	return nil
}
