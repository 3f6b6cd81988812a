// Package download keeps a download under a temporary name until it is complete.
package download

import (
	"mime"
	"net/url"
	"path"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tusker-go/tusker/client"
)

// Name is the file name for a content: the one in the upload's metadata, in
// Content-Disposition, or at the end of the URL. Whatever they say, it is a safe
// name of one file, see SafeName.
func Name(rawURL string, content client.Content) string {
	var candidates []string
	if content.Upload != nil {
		candidates = append(candidates, content.Upload.Metadata["filename"], content.Upload.Metadata["name"])
	}
	// What cannot be parsed names nothing.
	if _, params, err := mime.ParseMediaType(content.Header.Get("Content-Disposition")); err == nil {
		candidates = append(candidates, params["filename"])
	}
	if u, err := url.Parse(rawURL); err == nil {
		candidates = append(candidates, path.Base(u.Path))
	}
	for _, candidate := range candidates {
		if name := SafeName(candidate); name != "" {
			return name
		}
	}
	return "download"
}

const (
	maxName      = 200 // bytes; file systems take 255, and the temporary name is longer
	maxExtension = 20
)

// SafeName makes of a name that somebody else chose one that can stand in the
// current folder, the same on every system: the last element of a path, without
// control characters, leading dots and dashes, names that mean a device, and those
// that parts have. It is "" where nothing is left.
func SafeName(name string) string {
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	name = strings.Map(func(r rune) rune {
		if strings.ContainsRune(`<>:"|?*`, r) || !unicode.IsPrint(r) || r == utf8.RuneError {
			return '_'
		}
		return r
	}, name)
	name = trim(name)
	if isNothing(name) {
		return ""
	}
	if strings.ContainsRune(".-~", rune(name[0])) {
		name = "_" + strings.TrimLeft(name, ".-~")
	}
	if isDevice(name) {
		name = "_" + name
	}
	name = shorten(ours.ReplaceAllStringFunc(name, func(s string) string { return "_" + s[1:] }))
	if isNothing(name) {
		return ""
	}
	return name
}

// isNothing tells whether a name has nothing in it to know a file by.
func isNothing(name string) bool { return strings.Trim(name, "._-~ ") == "" }

// ours finds what the names of parts and of their records have in them. A server
// that could choose such a name would lay down the beginning of another download.
var ours = regexp.MustCompile("(?i)" + regexp.QuoteMeta(Suffix))

// trim takes away what Windows does not keep at the end of a name.
func trim(name string) string { return strings.TrimRight(strings.TrimSpace(name), ". ") }

// isDevice tells the names that are devices on Windows, in any folder and with
// any extension.
func isDevice(name string) bool {
	base, _, _ := strings.Cut(name, ".")
	base = strings.ToUpper(strings.TrimSpace(base))
	switch base {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$":
		return true
	}
	number, ok := strings.CutPrefix(base, "COM")
	if !ok {
		number, ok = strings.CutPrefix(base, "LPT")
	}
	return ok && utf8.RuneCountInString(number) == 1 && strings.ContainsAny(number, "0123456789¹²³")
}

// shorten cuts a name that is too long, and keeps its extension.
func shorten(name string) string {
	if len(name) <= maxName {
		return name
	}
	extension := path.Ext(name)
	if len(extension) > maxExtension {
		extension = ""
	}
	cut := maxName - len(extension)
	for !utf8.RuneStart(name[cut]) {
		cut--
	}
	return trim(name[:cut]) + extension
}
