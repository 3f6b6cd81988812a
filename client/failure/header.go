package failure

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// MaxKeptHeader is the largest size in bytes of the headers of one answer that an [Error] and
// the results of package client keep, names and values together. If an answer has more,
// the smallest fields are kept that fit; a field is kept completely or not at all.
const MaxKeptHeader = 4 << 10

// HeaderSize returns how many bytes the fields of h have in HTTP/1.1.
func HeaderSize(h http.Header) int {
	total := 0
	for name, values := range h {
		total += fieldSize(name, values)
	}
	return total
}

// KeepHeader returns the fields of h that are kept: h itself if it is small enough.
func KeepHeader(h http.Header) http.Header {
	if HeaderSize(h) <= MaxKeptHeader {
		return h
	}
	names := slices.SortedFunc(maps.Keys(h), func(a, b string) int {
		return cmp.Or(fieldSize(a, h[a])-fieldSize(b, h[b]), strings.Compare(a, b))
	})
	kept, size := make(http.Header), 0
	for _, name := range names {
		if size += fieldSize(name, h[name]); size > MaxKeptHeader {
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
