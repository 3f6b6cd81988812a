package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"

	"golang.org/x/term"

	"github.com/tusker-go/tusker/cli/internal/textfile"
)

// namesFrom returns the names in a list, without empty ones. The list may be of another
// system, see textfile.Names. Errors are of usage, because nothing was sent, or the cause of
// ctx.
func (a *app) namesFrom(ctx context.Context, list string, null bool) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		in, err := a.openList(list)
		if err != nil {
			yield("", usage(fmt.Errorf("--files-from: %w", err)))
			return
		}
		names := textfile.Names(in.until(ctx), null)
		defer in.close()
		for names.Scan() {
			name := names.Text()
			switch name {
			case "":
				continue
			case stdin:
				// In a list, the name is that of a file: the list comes from a listing of files.
				name = "." + string(filepath.Separator) + stdin
			}
			if !yield(name, nil) {
				return
			}
		}
		switch err := names.Err(); {
		case err == nil:
		case ctx.Err() != nil:
			yield("", context.Cause(ctx))
		default:
			yield("", usage(fmt.Errorf("--files-from: %w", err)))
		}
	}
}

// openList opens a list. Its first Read opens a pipe, which may wait for a writer.
func (a *app) openList(list string) (*patientReader, error) {
	if list == stdin {
		if isTerminal(a.in) {
			return nil, errTerminal
		}
		return &patientReader{r: a.in}, nil
	}
	if isStream(list) {
		return &patientReader{r: &lazyFile{name: list}}, nil
	}
	f, err := os.Open(list)
	if err != nil {
		return nil, err
	}
	return &patientReader{r: f, closer: f}, nil
}

// errTerminal is for people who have forgotten something.
var errTerminal = errors.New("standard input is a terminal: pipe something into it")

// isTerminal reports whether people type what is read from in.
func isTerminal(in io.Reader) bool {
	f, ok := in.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
