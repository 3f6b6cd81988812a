package app

import (
	"errors"
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/glob"
)

// The names of flags with patterns.
const (
	flagInclude = "include"
	flagExclude = "exclude"
)

// selecting holds the flags that select files.
type selecting struct {
	recursive, follow bool
	include, exclude  []string
	included          glob.Set // include, parsed
	excluded          glob.Set // exclude, parsed
	filesFrom         string
	null              bool
}

func (s *selecting) register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.BoolVarP(&s.recursive, "recursive", "r", false, "send the files in directories, and in those below them")
	f.StringArrayVar(&s.include, flagInclude, nil, "of the files in directories, send only those that match `glob`, or are below a directory that does (repeat)")
	f.StringArrayVar(&s.exclude, flagExclude, nil, "leave out files and directories in directories that match `glob` (repeat); wins over --include")
	f.BoolVar(&s.follow, "follow-symlinks", false, "follow the symbolic links in directories; those named as FILE always are")
	f.StringVar(&s.filesFrom, "files-from", "", "send also the files whose names are in `file`, one a line; - for standard input")
	f.BoolVarP(&s.null, "null", "0", false, "the names in --files-from end in NUL, as those of find -print0")
}

// check finds errors of the flags for these arguments. A pattern without
// --recursive is an error only on the command line, because the settings of the
// config file and of the environment are for all uploads.
func (s *selecting) check(from *settings, files []string) error {
	for _, name := range []string{flagInclude, flagExclude} {
		if from.byFlag(name) && !s.recursive {
			return fmt.Errorf("--%s is for the files in directories: it needs --recursive", name)
		}
	}
	if err := s.parse(); err != nil {
		return err
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

// parse reads the patterns.
func (s *selecting) parse() error {
	for _, flag := range []struct {
		name     string
		texts    []string
		patterns *glob.Set
	}{{flagInclude, s.include, &s.included}, {flagExclude, s.exclude, &s.excluded}} {
		*flag.patterns = nil
		for _, text := range flag.texts {
			p, err := glob.Parse(text, runtime.GOOS == "windows")
			if err != nil {
				return fmt.Errorf("--%s %q %w", flag.name, text, err)
			}
			*flag.patterns = append(*flag.patterns, p)
		}
	}
	return nil
}

// selects reports whether the patterns include or exclude a file or directory with
// that slash-separated path in a folder. An excluded directory is left out with its
// content. A file is sent if it is included, or if it is below an included
// directory.
func (s *selecting) selects(name string, isDir bool) (included, excluded bool) {
	// Both sets are evaluated, so that patterns without any match are known.
	included, excluded = s.included.Match(name, isDir), s.excluded.Match(name, isDir)
	return included || len(s.included) == 0, excluded
}

// warnUnmatched reports the patterns of the command line that matched nothing.
// Patterns of the config file and the environment are for other uploads, too.
func (a *app) warnUnmatched(s *selecting) {
	for _, flag := range []struct {
		name     string
		patterns glob.Set
	}{{flagInclude, s.included}, {flagExclude, s.excluded}} {
		if !a.settings.byFlag(flag.name) {
			continue
		}
		for _, p := range flag.patterns.Unmatched() {
			a.say("--%s %q has matched nothing", flag.name, p)
		}
	}
}
