// Package mediatype has the media types of common files. Package mime also reads tables
// of the machine, so two machines can have different types for the same file.
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

// ByName returns the media type, without parameters, for the extension of name. The case
// of letters does not matter. "": the type is not known.
func ByName(name string) string {
	extension := strings.TrimPrefix(filepath.Ext(name), ".")
	return types()[strings.ToLower(extension)]
}
