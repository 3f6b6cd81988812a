package batch

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/text/unicode/norm"
)

// NameOnDisk returns the name of the file that name means. If there is no such file, and one
// whose name has the same characters in another Unicode normal form, it is that one. Systems
// differ in the form that they write.
func NameOnDisk(name string) string {
	if !isMissing(name) {
		return name
	}
	for _, form := range []norm.Form{norm.NFC, norm.NFD} {
		if other := form.String(name); other != name && !isMissing(other) {
			return other
		}
	}
	return name
}

func isMissing(name string) bool {
	_, err := os.Lstat(name)
	return errors.Is(err, fs.ErrNotExist)
}
