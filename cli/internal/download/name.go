// Package download stores a download under a temporary name until it is complete.
package download

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"mime"
	"net/url"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/tusker-go/tusker/client"
)

// Name returns the file name for a content: the name in the metadata of the upload,
// in Content-Disposition, or at the end of the URL. The result is always a safe
// name of one file, see SafeName.
func Name(rawURL string, content client.Content) string {
	var candidates []string
	if content.Upload != nil {
		candidates = append(candidates, content.Upload.Metadata["filename"], content.Upload.Metadata["name"])
	}
	// A header that cannot be parsed is ignored.
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
	maxName      = 255 // bytes; the limit of most file systems
	maxExtension = 20
)

// SafeName turns a name from a server into a file name that is safe in the current
// folder, the same on every system: the last element of a path, without control
// characters, leading dots and dashes, device names, and the suffix of parts. It
// returns "" if no usable name remains.
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
	name = shorten(ours().ReplaceAllStringFunc(name, func(s string) string { return "_" + s[1:] }))
	if isNothing(name) {
		return ""
	}
	return name
}

// isNothing reports whether a name has no character that identifies a file.
func isNothing(name string) bool { return strings.Trim(name, "._-~ ") == "" }

// ours matches the suffix of the names of parts and of their records. A server that
// could choose such a name could create the beginning of another download.
var ours = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile("(?i)" + regexp.QuoteMeta(Suffix)) })

// trim removes characters that Windows drops from the end of a name.
func trim(name string) string { return strings.TrimRight(strings.TrimSpace(name), ". ") }

// isDevice reports whether Windows treats the name as a device, in any folder and
// with any extension.
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

// partName is the name of the part of target. If the name of its record were too long for
// a file system, the end of the target's name is replaced by a sum of that name.
func partName(target string) string {
	dir, name := filepath.Split(target)
	if len(name)+len(Suffix)+len(recordSuffix)+len(tempSuffix) <= maxName {
		return target + Suffix
	}
	sum := sha256.Sum256([]byte(name))
	end := "~" + hex.EncodeToString(sum[:8]) + Suffix
	cut := maxName - len(end) - len(recordSuffix) - len(tempSuffix)
	for cut > 0 && !utf8.RuneStart(name[cut]) {
		cut--
	}
	return dir + name[:cut] + end
}

// Numbered returns a name for the i-th file that has the same safe name, counted
// from 1: the name itself, then "name (2).ext". The result is a safe name.
func Numbered(name string, i int) string {
	if i == 1 {
		return name
	}
	stem, extension := splitName(name)
	end := fmt.Sprintf(" (%d)", i) + extension
	return cut(stem, maxName-len(end)) + end
}

// shorten cuts a name that is too long. It keeps the extension.
func shorten(name string) string {
	if len(name) <= maxName {
		return name
	}
	stem, extension := splitName(name)
	return cut(stem, maxName-len(extension)) + extension
}

// splitName separates the extension of a name. A long extension counts as part
// of the stem.
func splitName(name string) (stem, extension string) {
	extension = path.Ext(name)
	if len(extension) > maxExtension {
		extension = ""
	}
	return name[:len(name)-len(extension)], extension
}

// cut returns at most n bytes of a name, without a part of a character and
// without characters that Windows drops.
func cut(name string, n int) string {
	if len(name) > n {
		for !utf8.RuneStart(name[n]) {
			n--
		}
		name = name[:n]
	}
	return trim(name)
}
