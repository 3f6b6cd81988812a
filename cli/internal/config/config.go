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

// Key describes the values that a key may have.
type Key struct {
	// List allows more than one value.
	List bool

	// Separator allows a mapping as well. Each pair becomes one value of the list, joined
	// by the separator. "" allows no mapping.
	Separator string
}

// Setting is the value of one key in a file.
type Setting struct {
	// Values has one value, or the values of a list, which may be empty.
	Values []string

	// Line is the line of the key, counted from 1.
	Line int
}

// Settings are the settings of one level of a file, by key.
type Settings map[string]Setting

// Endpoint is a server that has a name in the file.
type Endpoint struct {
	Name     string
	URL      string
	Line     int
	Settings Settings
}

// File is the content of a config file. The zero File has no settings.
type File struct {
	// Path is the path of the file.
	Path string

	// Defaults apply to all commands and endpoints.
	Defaults Settings

	// DefaultEndpoint has the name or the URL of the endpoint of commands that are called
	// without one. Its Line is 0 if the file names none.
	DefaultEndpoint Setting

	// Endpoints has the endpoints by name.
	Endpoints map[string]Endpoint
}

// Error is an error in a file or in one of its lines.
type Error struct {
	Path string
	Line int // 0: the file as a whole
	Err  error

	// Meant is the key that is most similar to an unknown key. "": there is none.
	Meant string
}

// Error returns path, line and cause.
func (e *Error) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("config file %s: %v", e.Path, e.Err)
	}
	return fmt.Sprintf("config file %s:%d: %v", e.Path, e.Line, e.Err)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// most is the maximum size of a file. A file that is written by hand is smaller.
const most = 1 << 20

var errTooLong = errors.New("it is longer than 1 MiB")

// Read reads the file at path, which may have the keys of known. Errors are *Error. The
// error wraps fs.ErrNotExist if there is no file, and an *AccessError if another user can
// change the file.
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

// DefaultPath returns the usual path of the config file on a system. On every system, it
// is below $XDG_CONFIG_HOME if this is an absolute path (XDG Base Directory
// Specification). It is "" for users without a home folder.
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
