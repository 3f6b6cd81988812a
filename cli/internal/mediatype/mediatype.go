// Package mediatype knows the media types of common files. Package mime asks
// the machine's own tables too, so that the same file would be announced
// differently by two machines.
package mediatype

import (
	_ "embed" // The table.
	"path/filepath"
	"strings"
	"sync"
)

//go:embed types.txt
var table string

var types = sync.OnceValue(func() map[string]string {
	m := make(map[string]string)
	for line := range strings.Lines(table) {
		extension, mediaType, _ := strings.Cut(strings.TrimSpace(line), " ")
		m[extension] = mediaType
	}
	return m
})

// ByName returns the media type, without parameters, of files that are called
// like name, by extension in any case of letters; "" where it is not known.
func ByName(name string) string {
	extension := strings.TrimPrefix(filepath.Ext(name), ".")
	return types()[strings.ToLower(extension)]
}
