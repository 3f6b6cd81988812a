package flags

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/units"
)

// The values of --if-empty.
const (
	emptyAllow = "allow"
	emptyFail  = "fail"
)

// Filter holds the flags that select and sort regular files by what the system knows of them.
type Filter struct {
	// Order is the order in which the files are sent.
	Order Order

	minSize, maxSize units.Size  // 0: no limit
	newerThan        units.Since // zero: files of every age
	ifEmpty          string
}

func (f *Filter) register(cmd *cobra.Command) {
	s := cmd.Flags()
	s.Var(&f.Order, "order-by", "send the files in the order of `key`: size, name or mtime, the smallest, first or oldest one first; ,desc reverses this, as in size,desc")
	s.StringVar(&f.ifEmpty, "if-empty", emptyAllow, "the `rule` for empty files and a run without any file: allow, or fail")
}

// registerSizes adds the flags that select files by their sizes and ages.
func (f *Filter) registerSizes(cmd *cobra.Command) {
	s := cmd.Flags()
	s.Var(&f.minSize, "min-size", "send no file that is smaller than `size`")
	s.Var(&f.maxSize, "max-size", "send no file that is larger than `size` (0: no limit)")
	s.Var(&f.newerThan, "newer-than", "send no file that was modified before that `time`: an age such as 12h or 30d, or a date such as 2026-01-31")
}

func (f *Filter) check() error {
	switch {
	case f.maxSize > 0 && f.minSize > f.maxSize:
		return errors.New("--min-size is above --max-size: no file has such a size")
	case f.ifEmpty != emptyAllow && f.ifEmpty != emptyFail:
		return fmt.Errorf("--if-empty %q is neither allow nor fail", f.ifEmpty)
	}
	return nil
}

// RefusesEmpty reports whether an empty file, and a run without any file, are errors.
func (f *Filter) RefusesEmpty() bool { return f.ifEmpty == emptyFail }

// Admits reports whether a regular file has a size and a time of modification that the flags
// ask for. A file that was modified at the given time is admitted.
func (f *Filter) Admits(info fs.FileInfo, now time.Time) bool {
	size := info.Size()
	return size >= int64(f.minSize) && (f.maxSize == 0 || size <= int64(f.maxSize)) &&
		!info.ModTime().Before(f.newerThan.Time(now))
}
