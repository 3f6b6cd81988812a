package batch

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// NameOnDisk returns the name of the file that name means. If there is no such file, each
// missing element of the path is replaced by one with the same characters in another Unicode
// normal form, if there is one. Systems differ in the form that they write, and a path may
// have elements that were written by several systems.
func NameOnDisk(name string) string {
	if !isMissing(name) || norm.NFD.IsNormalString(name) && norm.NFC.IsNormalString(name) {
		return name
	}
	const separator = string(filepath.Separator)
	found := filepath.VolumeName(name)
	for element := range strings.SplitAfterSeq(name[len(found):], separator) {
		plain := strings.TrimSuffix(element, separator)
		other, ok := sameCharacters(found, plain)
		if !ok {
			return name
		}
		found += other + element[len(plain):]
	}
	return found
}

// sameCharacters returns the name in a folder that has the same characters as name. The name
// itself comes first, and then its normal forms. Folder is "", or ends with a separator.
func sameCharacters(folder, name string) (string, bool) {
	if name == "" || name == "." || name == ".." {
		return name, true
	}
	for _, other := range []string{name, norm.NFC.String(name), norm.NFD.String(name)} {
		if !isMissing(folder + other) {
			return other, true
		}
	}
	// One name may have characters of both forms.
	entries, _ := os.ReadDir(folder + ".")
	for _, entry := range entries {
		if norm.NFC.String(entry.Name()) == norm.NFC.String(name) {
			return entry.Name(), true
		}
	}
	return "", false
}

func isMissing(name string) bool {
	_, err := os.Lstat(name)
	return errors.Is(err, fs.ErrNotExist)
}
