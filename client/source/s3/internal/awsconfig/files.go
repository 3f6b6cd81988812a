package awsconfig

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
)

// files are the config file and the credentials file.
type files struct {
	profiles, sessions, services map[string]section

	names      []string // of both files; none if there is no home folder
	unreadable error    // of files that exist, nil: none
}

// Names of properties.
const (
	keyID     = "aws_access_key_id"
	secretKey = "aws_secret_access_key"
	keyToken  = "aws_session_token"
)

// readFiles reads both files. A file that cannot be read is empty, as it is for the SDK: the
// credentials may be elsewhere.
func readFiles() *files {
	f := &files{profiles: map[string]section{}, sessions: map[string]section{}, services: map[string]section{}}
	config := f.read("AWS_CONFIG_FILE", "config")
	for name, s := range config {
		kind, rest, typed := strings.Cut(name, " ")
		switch {
		case typed && kind == "profile":
			f.profiles[rest] = s
		case typed && kind == "sso-session":
			f.sessions[rest] = s
		case typed && kind == "services":
			f.services[rest] = s
		}
	}
	// [profile default] wins.
	if s, ok := config["default"]; ok && f.profiles["default"] == nil {
		f.profiles["default"] = s
	}
	for name, s := range f.read("AWS_SHARED_CREDENTIALS_FILE", "credentials") {
		if !strings.HasPrefix(name, "profile ") {
			f.profiles[name] = merge(f.profiles[name], s)
		}
	}
	return f
}

// read returns the sections of the file that a variable names, or else of a file in ~/.aws.
func (f *files) read(variable, name string) map[string]section {
	path := cmp.Or(os.Getenv(variable), inHome(name))
	if path == "" {
		return nil
	}
	f.names = append(f.names, path)
	text, err := os.ReadFile(path) //nolint:gosec // The user names the file.
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		f.unreadable = errors.Join(f.unreadable, err)
	}
	return parse(string(text), path)
}

// inHome returns the path of a file in ~/.aws, or "".
func inHome(name ...string) string {
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return filepath.Join(append([]string{home, ".aws"}, name...)...)
}

// merge adds the properties of a later file, which win. An access key is one unit: its parts are
// those of one file.
func merge(s, later section) section {
	merged := section{}
	maps.Copy(merged, s)
	if later.has(keyID) || later.has(secretKey) {
		delete(merged, keyID)
		delete(merged, secretKey)
		delete(merged, keyToken)
	}
	maps.Copy(merged, later)
	return merged
}

// String returns the names of both files.
func (f *files) String() string { return cmp.Or(strings.Join(f.names, " and "), "~/.aws") }

func (s section) has(key string) bool {
	_, ok := s[key]
	return ok
}

// find returns a profile, and an error if there is none.
func (f *files) find(name string) (profile, error) {
	s, ok := f.profiles[name]
	if !ok {
		err := fmt.Errorf("there is no profile %q in %s: run aws configure --profile %s, or set AWS_PROFILE", name, f, name)
		return profile{name: name}, errors.Join(err, f.unreadable)
	}
	return profile{name: name, section: s}, nil
}

// profile is a profile of the files.
type profile struct {
	name string
	section
}

// get returns the text of a property, or "".
func (p profile) get(key string) string { return p.section[key].text }

// where returns the words for the profile in a message about one of its properties.
func (p profile) where(key string) string {
	if file := p.section[key].file; file != "" {
		return fmt.Sprintf("profile %q in %s", p.name, file)
	}
	return fmt.Sprintf("profile %q", p.name)
}

// fail returns an error about a property of the profile.
func (p profile) fail(key string, err error) error {
	return fmt.Errorf("%s: %w", p.where(key), err)
}
