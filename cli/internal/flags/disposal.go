package flags

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/usage"
)

// Disposal holds the flags about what happens to files that were sent.
type Disposal struct {
	// DeleteAfter means that a file is removed after its upload.
	DeleteAfter bool
	// MoveTo is the directory to which a file is moved after its upload. "": none.
	MoveTo string
	// Exec is a shell command that is run after each upload. "": none.
	Exec string
}

func (d *Disposal) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&d.Exec, "exec", "", "run this shell `command` after each upload, with TUSKER_FILE, TUSKER_URL, TUSKER_SIZE and TUSKER_HEADER_NAME in its environment; if it fails, the file fails")
	cmd.Flags().BoolVar(&d.DeleteAfter, "delete-after", false, "delete each file after its upload, if it has not changed; implies --skip-sent")
	cmd.Flags().StringVar(&d.MoveTo, "move-to", "", "move each file to `folder` after its upload, if it has not changed; replaces no file; implies --skip-sent")
}

// Disposes reports whether files that were sent leave their place.
func (d *Disposal) Disposes() bool { return d.DeleteAfter || d.MoveTo != "" }

// checkDisposal finds flags that do not fit a file that leaves its place.
func (u *Upload) checkDisposal(files []string) error {
	if !u.Disposes() {
		return nil
	}
	name := "--delete-after"
	if u.MoveTo != "" {
		name = "--move-to"
	}
	switch {
	case u.DeleteAfter && u.MoveTo != "":
		return errors.New("--delete-after and --move-to exclude each other")
	case u.Follow:
		return fmt.Errorf("%s is for files, and --follow-symlinks sends the targets of links", name)
	case u.Snapshot:
		return fmt.Errorf("%s is for files that do not change, and --snapshot is for those that do", name)
	case slices.Contains(files, usage.Stdin):
		return fmt.Errorf("%s is for files, and standard input has none", name)
	}
	// A run that ends between an upload and the removal is finished by the next one.
	if u.SkipSent == SkipNone && !u.NoResume && u.Recreate != recreateAlways {
		u.SkipSent = SkipAsked
	}
	return nil
}

// OpenMoveTo returns the folder of --move-to, which is created if it does not exist, or nil
// without the flag. The files in it are not selected. The caller closes it.
func (u *Upload) OpenMoveTo() (*os.Root, error) {
	if u.MoveTo == "" {
		return nil, nil
	}
	if !u.DryRun {
		if err := os.MkdirAll(u.MoveTo, 0o777); err != nil { //nolint:gosec // The umask of the user decides.
			return nil, fmt.Errorf("--move-to: %w", err)
		}
	}
	root, err := os.OpenRoot(u.MoveTo)
	switch {
	case u.DryRun && errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("--move-to: %w", err)
	}
	if u.apart, err = root.Stat("."); err != nil {
		return nil, errors.Join(fmt.Errorf("--move-to: %w", err), root.Close())
	}
	return root, nil
}

// IsApart reports whether info is about the folder of --move-to, whose files are not sent.
func (s *Selection) IsApart(info fs.FileInfo) bool {
	return s.apart != nil && os.SameFile(s.apart, info)
}
