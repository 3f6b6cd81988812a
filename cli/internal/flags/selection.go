package flags

import (
	"errors"
	"fmt"
	"io/fs"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/console"
	"github.com/tusker-go/tusker/cli/internal/glob"
	"github.com/tusker-go/tusker/cli/internal/settings"
)

// The names of flags with patterns.
const (
	flagInclude     = "include"
	flagExclude     = "exclude"
	flagExcludeFrom = "exclude-from"
)

// Selection holds the flags that select files.
type Selection struct {
	Filter

	// Recursive means that the files in directories are sent.
	Recursive bool
	// Follow means that symbolic links in directories are followed.
	Follow bool
	// FilesFrom is a file with names of files, or usage.Stdin. "": none.
	FilesFrom string
	// Null means that the names in FilesFrom end in NUL.
	Null bool

	include, exclude []string
	included         glob.Set // include, parsed
	excluded         glob.Set // exclude, parsed

	excludeFrom  []string
	excludedFrom glob.Set // the patterns in the files of excludeFrom

	apart fs.FileInfo // the folder of --move-to, whose files are not sent; nil: none
}

func (s *Selection) register(cmd *cobra.Command) {
	s.RegisterWalk(cmd)
	cmd.Flags().BoolVar(&s.Follow, "follow-symlinks", false, "follow symbolic links in directories; a link that is named as FILE is always followed")
	s.Filter.register(cmd)
}

// RegisterWalk adds the flags that select files in directories and name lists, without those
// that sort them or follow links.
func (s *Selection) RegisterWalk(cmd *cobra.Command) {
	f := cmd.Flags()
	f.BoolVarP(&s.Recursive, "recursive", "r", false, "send the files in directories and in all directories below them")
	List(f, &s.include, flagInclude, "", "send only those files in directories that match `glob`, or are below a directory that does (repeat)")
	List(f, &s.exclude, flagExclude, "", "leave out files and directories in directories that match `glob` (repeat); wins over --include")
	List(f, &s.excludeFrom, flagExcludeFrom, "", "leave out what matches a glob in `file`, one on each line; # begins a comment (repeat)")
	f.StringVar(&s.FilesFrom, "files-from", "", "also send the files whose names are in `file`, one on each line; - is standard input")
	f.BoolVarP(&s.Null, "null", "0", false, "names in the file of --files-from end in NUL, as those of find -print0")
	s.registerSizes(cmd)
}

// CheckWalk finds errors of the flags of RegisterWalk for these arguments.
func (s *Selection) CheckWalk(from *settings.Settings, files []string) error {
	s.ifEmpty = emptyAllow
	return s.checkFiles(from, files)
}

// checkFiles finds errors of the flags for these arguments. A pattern without
// --recursive is an error only on the command line, because the settings of the
// config file and of the environment are for all uploads.
func (s *Selection) checkFiles(from *settings.Settings, files []string) error {
	for _, name := range []string{flagInclude, flagExclude, flagExcludeFrom} {
		if from.FromCommandLine(name) && !s.Recursive {
			return fmt.Errorf("--%s is for the files in directories: it needs --recursive", name)
		}
	}
	if err := s.parse(); err != nil {
		return err
	}
	if err := s.check(); err != nil {
		return err
	}
	switch {
	case s.Follow && from.FromCommandLine("follow-symlinks") && !s.Recursive:
		return errors.New("--follow-symlinks is for those in directories: it needs --recursive")
	case s.Null && from.FromCommandLine("null") && s.FilesFrom == "":
		return errors.New("--null is for --files-from")
	case len(files) == 0 && s.FilesFrom == "":
		return errors.New("want ENDPOINT and one or more FILE")
	}
	return nil
}

// parse reads the patterns.
func (s *Selection) parse() error {
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
	s.excludedFrom = nil
	for _, file := range s.excludeFrom {
		patterns, err := patternsIn(file)
		if err != nil {
			return fmt.Errorf("--%s: %w", flagExcludeFrom, err)
		}
		s.excludedFrom = append(s.excludedFrom, patterns...)
	}
	return nil
}

// Selects reports whether the patterns include or exclude a file or directory with
// that slash-separated path in a folder. An excluded directory is left out with its
// content. A file is sent if it is included, or if it is below an included
// directory.
func (s *Selection) Selects(name string, isDir bool) (included, excluded bool) {
	// Both sets are evaluated, so that patterns without any match are known.
	included, excluded = s.included.Match(name, isDir), s.excluded.Match(name, isDir)
	return included || len(s.included) == 0, excluded || s.excludedFrom.Match(name, isDir)
}

// Key identifies what the flags of RegisterWalk select in directories and by sizes and ages. Two
// commands with the same flags have the same key.
func (s *Selection) Key() string {
	return fmt.Sprintf("%q %q %q %d %d %q", s.included, s.excluded, s.excludedFrom, int64(s.minSize), int64(s.maxSize), s.newerThan.String())
}

// WarnUnmatched reports the patterns of the command line that matched nothing.
// Patterns of the config file and the environment are for other uploads, too.
func (s *Selection) WarnUnmatched(con *console.Console, from *settings.Settings) {
	for _, flag := range []struct {
		name     string
		patterns glob.Set
	}{{flagInclude, s.included}, {flagExclude, s.excluded}} {
		if !from.FromCommandLine(flag.name) {
			continue
		}
		for _, p := range flag.patterns.Unmatched() {
			con.Say("--%s %q matches nothing", flag.name, p)
		}
	}
}
