package app

import (
	"errors"
	"fmt"
	"path"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/spf13/cobra"
)

// selecting holds the flags that say which files are meant.
type selecting struct {
	recursive, follow bool
	include, exclude  []string
	filesFrom         string
	null              bool
}

func (s *selecting) register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.BoolVarP(&s.recursive, "recursive", "r", false, "send the files in directories, and in those below them")
	f.StringArrayVar(&s.include, "include", nil, "of the files in directories, send only those that match `glob` (repeat)")
	f.StringArrayVar(&s.exclude, "exclude", nil, "leave out files and directories in directories that match `glob` (repeat); wins over --include")
	f.BoolVar(&s.follow, "follow-symlinks", false, "follow the symbolic links in directories; those named as FILE always are")
	f.StringVar(&s.filesFrom, "files-from", "", "send also the files whose names are in `file`, one a line; - for standard input")
	f.BoolVarP(&s.null, "null", "0", false, "the names in --files-from end in NUL, as those of find -print0")
}

// check finds what is wrong with the flags, given the arguments. What the config
// file or the environment says is for every upload, and not all are of directories:
// only of the command line is it a mistake where it has no use.
func (s *selecting) check(from *settings, files []string) error {
	for _, flag := range []struct {
		name  string
		globs []string
	}{{"include", s.include}, {"exclude", s.exclude}} {
		if from.byFlag(flag.name) && !s.recursive {
			return fmt.Errorf("--%s is for the files in directories: it needs --recursive", flag.name)
		}
		for _, glob := range flag.globs {
			if !doublestar.ValidatePattern(glob) {
				return fmt.Errorf("--%s %q is not a glob", flag.name, glob)
			}
		}
	}
	switch {
	case s.follow && from.byFlag("follow-symlinks") && !s.recursive:
		return errors.New("--follow-symlinks is for those in directories: it needs --recursive")
	case s.null && from.byFlag("null") && s.filesFrom == "":
		return errors.New("--null is for --files-from")
	case len(files) == 0 && s.filesFrom == "":
		return errors.New("want ENDPOINT and one or more FILE")
	}
	return nil
}

// excludes tells whether what is called name, a slash-separated path below a
// directory, is left out.
func (s *selecting) excludes(name string) bool { return matchesAny(s.exclude, name) }

// includes tells the same of a file, of what it has to be.
func (s *selecting) includes(name string) bool {
	return len(s.include) == 0 || matchesAny(s.include, name)
}

// matchesAny tries the whole path and its last part.
func matchesAny(globs []string, name string) bool {
	for _, glob := range globs {
		if doublestar.MatchUnvalidated(glob, name) || doublestar.MatchUnvalidated(glob, path.Base(name)) {
			return true
		}
	}
	return false
}
