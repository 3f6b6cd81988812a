package settings

import (
	"io/fs"
	"os"

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

// isExposed reports whether users who need not can read a regular file. Pipes and devices store
// nothing.
func isExposed(path string) bool {
	if path == "" {
		return false
	}
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		return false
	}
	owner, ok := ownerOf(info)
	return ok && exposes(info.Mode(), owner, os.Geteuid())
}

// exposes decides whether chmod 600 would keep users away from a file with this mode and owner,
// and not the user. A secret in Kubernetes belongs to root, and the user reads it as a member of
// its group.
func exposes(mode fs.FileMode, owner, user int) bool {
	const group, others = 0o070, 0o007
	return mode&others != 0 || mode&group != 0 && (user == owner || user == 0)
}
