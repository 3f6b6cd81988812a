package app

import (
	"os"
	"runtime"

	"github.com/tusker-go/tusker/cli/internal/config"
	"github.com/tusker-go/tusker/cli/internal/output"
)

// warnOfSecrets warns if others can read the secrets in the config file.
func (a *app) warnOfSecrets(file *config.File) {
	if line, ok := file.Secret(); ok && isExposed(file.Path) {
		a.say("the secret at %s:%d can be read by others: chmod 600 %s",
			output.Escape(file.Path), line, quotePath(output.Escape(file.Path)))
	}
}

// warnOfReaders warns if others can read a file that contains a secret.
func (a *app) warnOfReaders(kind, path string) {
	if isExposed(path) {
		a.say("the %s %s can be read by others: chmod 600 %s",
			kind, output.Escape(path), quotePath(output.Escape(path)))
	}
}

// isExposed reports whether the mode lets other users access a regular file. Pipes
// and devices store nothing. On Windows, access lists decide.
func isExposed(path string) bool {
	if runtime.GOOS == "windows" || path == "" {
		return false
	}
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o077 != 0
}
