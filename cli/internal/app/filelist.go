package app

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"

	"golang.org/x/term"
)

// longestName bounds the memory that a list of names takes. No system has longer
// paths.
const longestName = 1 << 20

// namesFrom gives the names in a list. Empty ones are left out. Errors are of
// usage: nothing was sent.
func (a *app) namesFrom(list string, null bool) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		in, end, err := a.openList(list)
		if err != nil {
			yield("", usage(fmt.Errorf("--files-from: %w", err)))
			return
		}
		defer end()
		names := bufio.NewScanner(in)
		names.Buffer(nil, longestName)
		names.Split(lines)
		if null {
			names.Split(nulls)
		}
		for names.Scan() {
			name := names.Text()
			switch name {
			case "":
				continue
			case stdin:
				// In a list it is a file: it came from a listing of files.
				name = "." + string(filepath.Separator) + stdin
			}
			if !yield(name, nil) {
				return
			}
		}
		if err := names.Err(); err != nil {
			yield("", usage(fmt.Errorf("--files-from: %w", err)))
		}
	}
}

func (a *app) openList(list string) (io.Reader, func(), error) {
	if list == stdin {
		if isTerminal(a.in) {
			return nil, nil, errTerminal
		}
		return a.in, func() {}, nil
	}
	f, err := os.Open(list)
	if err != nil {
		return nil, nil, err
	}
	return f, func() { _ = f.Close() }, nil
}

// errTerminal is for people who have forgotten something.
var errTerminal = errors.New("standard input is a terminal: pipe something into it")

// isTerminal tells whether people type what is read from in.
func isTerminal(in io.Reader) bool {
	f, ok := in.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// lines splits at line feeds, and takes away the carriage return that lists have
// that were made on Windows.
func lines(data []byte, atEnd bool) (int, []byte, error) {
	advance, line, err := split('\n', data, atEnd)
	return advance, bytes.TrimSuffix(line, []byte("\r")), err
}

func nulls(data []byte, atEnd bool) (int, []byte, error) { return split(0, data, atEnd) }

func split(separator byte, data []byte, atEnd bool) (int, []byte, error) {
	if i := bytes.IndexByte(data, separator); i >= 0 {
		return i + 1, data[:i], nil
	}
	if atEnd && len(data) > 0 {
		return len(data), data, nil
	}
	return 0, nil, nil
}
