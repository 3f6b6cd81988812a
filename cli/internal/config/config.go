// Package config reads the config file of the command line: YAML, with defaults
// for flags at the top level and named endpoints below the key "endpoints".
package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Key says what may stand behind a key.
type Key struct {
	// List allows more than one value.
	List bool

	// Separator allows a mapping too, of which each pair becomes one value of
	// the list, joined by it. "" does not.
	Separator string
}

// Setting is what a file has for one key.
type Setting struct {
	// Values is one value, or those of a list, which may be empty.
	Values []string

	// Line is that of the key, counted from 1.
	Line int
}

// Settings are those of one level of a file, by key.
type Settings map[string]Setting

// Endpoint is a server that the file has a name for.
type Endpoint struct {
	Name     string
	URL      string
	Line     int
	Settings Settings
}

// File is what a config file says. The zero File says nothing.
type File struct {
	// Path is where the file was read from.
	Path string

	// Defaults are for all commands and endpoints.
	Defaults Settings

	// Endpoints are found by their names.
	Endpoints map[string]Endpoint
}

// Error is something wrong with a file, or with a line of it.
type Error struct {
	Path string
	Line int // 0: the file as a whole
	Err  error

	// Meant is the key that an unknown one is most like; "" for none.
	Meant string
}

// Error gives path, line and cause.
func (e *Error) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("config file %s: %v", e.Path, e.Err)
	}
	return fmt.Sprintf("config file %s:%d: %v", e.Path, e.Line, e.Err)
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// most is more than anybody writes by hand.
const most = 1 << 20

var errTooLong = errors.New("it is longer than 1 MiB")

// Read reads the file at path, whose keys are those of known. Errors are *Error;
// they are fs.ErrNotExist where there is no file, and hold an *AccessError where
// somebody else can change it.
func Read(path string, known map[string]Key) (*File, error) {
	text, err := readAll(path)
	if err != nil {
		if inner := new(os.PathError); errors.As(err, &inner) {
			err = inner.Err
		}
		return nil, &Error{Path: path, Err: err}
	}
	return Parse(path, text, known)
}

func readAll(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err == nil {
		err = checkInfo(info)
	}
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && len(text) > most {
		err = errTooLong
	}
	return text, err
}

// DefaultPath is where people keep the file on a system: on every one below
// $XDG_CONFIG_HOME where that is set, to an absolute path as the XDG Base
// Directory Specification demands. It is "" for those who have no home.
func DefaultPath(goos string, lookup func(string) (string, bool)) string {
	if base, ok := lookup("XDG_CONFIG_HOME"); ok && filepath.IsAbs(base) {
		return filepath.Join(base, "tusker", "config.yaml")
	}
	variable, below := "HOME", ".config"
	switch goos {
	case "windows":
		variable, below = "AppData", ""
	case "darwin":
		below = filepath.Join("Library", "Application Support")
	}
	base, ok := lookup(variable)
	if !ok || !filepath.IsAbs(base) {
		return ""
	}
	return filepath.Join(base, below, "tusker", "config.yaml")
}
