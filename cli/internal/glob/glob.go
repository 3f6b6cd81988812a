// Package glob matches the files and directories below a directory against the
// patterns of the command line, by the rules of .gitignore files:
//
//   - A pattern without a slash is matched against the name, at any depth.
//   - A pattern with a slash at its beginning or inside is matched against the path
//     below the directory. "./" at the beginning means the same as "/".
//   - A pattern with a slash at its end matches directories only.
//
// In a pattern, * and ? match everything but a slash, [a-z] and [!a-z] one
// character, {a,b} either of the two, and ** as a whole element any number of
// directories. A backslash takes the meaning of the character behind it away.
// Letters match in their own case only.
package glob

import (
	"errors"
	"path"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
	"golang.org/x/text/unicode/norm"
)

// Errors of Parse; test for them with errors.Is.
var (
	// ErrSyntax means that a bracket, a brace or an escape is not complete.
	ErrSyntax = errors.New("is not a glob")

	// ErrEmpty means that a pattern has nothing but slashes and dots.
	ErrEmpty = errors.New("names nothing below a directory")

	// ErrOutside means that a pattern contains "..", so it cannot match.
	ErrOutside = errors.New("has .. in it: patterns are for what is below a directory")
)

// Pattern is a pattern of the command line. It is not safe for concurrent use.
type Pattern struct {
	text     string
	glob     string // without the slashes at its ends
	whole    bool   // matches the path, not the name
	dirsOnly bool
	matched  bool
}

// Parse reads a pattern. On Windows, a backslash is a separator and escapes nothing.
func Parse(text string, windows bool) (*Pattern, error) {
	glob := text
	if windows {
		glob = strings.ReplaceAll(glob, `\`, "/")
	}
	p := &Pattern{text: text}
	trimmed := strings.TrimRight(glob, "/")
	p.dirsOnly = trimmed != glob
	elements := strings.Split(trimmed, "/")
	p.whole = len(elements) > 1
	elements = slices.DeleteFunc(elements, func(e string) bool { return e == "" || e == "." })
	if len(elements) == 0 {
		return nil, ErrEmpty
	}
	if slices.Contains(elements, "..") {
		return nil, ErrOutside
	}
	p.glob = norm.NFC.String(strings.Join(elements, "/"))
	if !doublestar.ValidatePattern(p.glob) {
		return nil, ErrSyntax
	}
	return p, nil
}

// String returns the text that was parsed.
func (p *Pattern) String() string { return p.text }

// Match reports whether the pattern matches the file or directory with this
// slash-separated path below the directory.
func (p *Pattern) Match(name string, isDir bool) bool {
	if p.dirsOnly && !isDir {
		return false
	}
	if !p.whole {
		name = path.Base(name)
	}
	// macOS and Linux write the same letter in different Unicode normal forms.
	ok := doublestar.MatchUnvalidated(p.glob, norm.NFC.String(name))
	p.matched = p.matched || ok
	return ok
}

// Set is a list of patterns. It is not safe for concurrent use.
type Set []*Pattern

// Match reports whether one of the patterns matches.
func (s Set) Match(name string, isDir bool) bool {
	matched := false
	for _, p := range s {
		// Each pattern is tried, so that Unmatched knows of all of them.
		matched = p.Match(name, isDir) || matched
	}
	return matched
}

// Unmatched returns the patterns that have not matched so far.
func (s Set) Unmatched() Set {
	return slices.DeleteFunc(slices.Clone(s), func(p *Pattern) bool { return p.matched })
}
