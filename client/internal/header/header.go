// Package header limits how much of a header is kept.
package header

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/tusker-go/tusker/client/failure"
)

// Size returns how many bytes the fields of h have in HTTP/1.1.
func Size(h http.Header) int {
	total := 0
	for name, values := range h {
		total += fieldSize(name, values)
	}
	return total
}

// Keep returns the fields of h that are kept: h itself if it is small enough.
func Keep(h http.Header) http.Header {
	if Size(h) <= failure.MaxKeptHeader {
		return h
	}
	names := slices.SortedFunc(maps.Keys(h), func(a, b string) int {
		return cmp.Or(fieldSize(a, h[a])-fieldSize(b, h[b]), strings.Compare(a, b))
	})
	kept, size := make(http.Header), 0
	for _, name := range names {
		if size += fieldSize(name, h[name]); size > failure.MaxKeptHeader {
			break
		}
		kept[name] = slices.Clone(h[name])
	}
	return kept
}

// fieldSize returns how many bytes the lines of a field have in HTTP/1.1.
func fieldSize(name string, values []string) int {
	size := 0
	for _, v := range values {
		size += len(name) + len(": ") + len(v) + len("\r\n")
	}
	return size
}
