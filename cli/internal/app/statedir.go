package app

import (
	"errors"
	"path/filepath"
	"runtime"

	"github.com/spf13/cobra"
)

// registerStateDir adds the flag for the folder of records.
func registerStateDir(cmd *cobra.Command, dir *string) {
	cmd.Flags().StringVar(dir, "state-dir", "",
		"`folder` of the records of unfinished uploads (default "+stateDirText(runtime.GOOS)+")")
}

// stateDirText is the text for people about the default of stateDir.
func stateDirText(goos string) string {
	switch goos {
	case "windows":
		return `%LocalAppData%\tusker\state`
	case "darwin":
		return "~/Library/Application Support/tusker/state"
	}
	return "$XDG_STATE_HOME/tusker, or else ~/.local/state/tusker"
}

var errNoStateDir = errors.New("no home folder to keep records in; name one with --state-dir")

// stateDir returns the folder of the system for the state of programs. On each
// system, $XDG_STATE_HOME has precedence if it is an absolute path, as the XDG Base
// Directory Specification requires.
func stateDir(goos string, lookup func(string) (string, bool)) (string, error) {
	if base, ok := lookup("XDG_STATE_HOME"); ok && filepath.IsAbs(base) {
		return filepath.Join(base, "tusker"), nil
	}
	variable, below := "HOME", filepath.Join(".local", "state", "tusker")
	switch goos {
	case "windows":
		variable, below = "LocalAppData", filepath.Join("tusker", "state")
	case "darwin":
		below = filepath.Join("Library", "Application Support", "tusker", "state")
	}
	base, ok := lookup(variable)
	if !ok || !filepath.IsAbs(base) {
		return "", errNoStateDir
	}
	return filepath.Join(base, below), nil
}

// stateDir returns the folder that the flag names, or the default of the system.
func (a *app) stateDir(given string) (string, error) {
	if given != "" {
		return given, nil
	}
	return stateDir(runtime.GOOS, a.lookupEnv)
}
