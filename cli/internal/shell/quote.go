// Package shell writes words for the shell of the user, and runs commands in it.
package shell

import (
	"runtime"
	"strings"
)

// QuoteIfNeeded returns s as one word for the shells of that system, see runtime.GOOS. A word
// without special characters stays as it is.
func QuoteIfNeeded(s, goos string) string {
	plain := s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("_-./:@%+=,", r)
	})
	if plain {
		return s
	}
	return Quote(s, goos)
}

// Quote returns s in quotes, as one word for the shells of that system.
func Quote(s, goos string) string {
	if goos == "windows" {
		return `"` + s + `"`
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// QuotePath returns path as one word of a command. A path that begins with a dash gets "./",
// so that no command takes it for a flag. A lone dash is standard input or output.
func QuotePath(path string) string {
	if len(path) > 1 && strings.HasPrefix(path, "-") {
		path = "./" + path
	}
	return QuoteIfNeeded(path, runtime.GOOS)
}
