package settings

import (
	"os"
	"runtime"

	"github.com/tusker-go/tusker/cli/internal/console"
	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/cli/internal/shell"
)

// WarnOfSecrets warns if others can read the secrets in the config file.
func (s *Settings) WarnOfSecrets() {
	file := s.file
	if file == nil {
		return
	}
	if line, ok := file.Secret(); ok && isExposed(file.Path) {
		s.console.Say("the secret at %s:%d can be read by others: chmod 600 %s",
			output.Escape(file.Path), line, shell.QuotePath(output.Escape(file.Path)))
	}
}

// WarnOfReaders warns once in a run if others can read a file that contains a secret.
func WarnOfReaders(con *console.Console, kind, path string) {
	if isExposed(path) {
		con.SayOnce("the %s %s can be read by others: chmod 600 %s",
			kind, output.Escape(path), shell.QuotePath(output.Escape(path)))
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
