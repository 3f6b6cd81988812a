package httpsource

import (
	"net/http"

	"github.com/tusker-go/tusker/client/internal/partial"
)

// version names one state of an object. The zero value names none.
type version struct {
	etag     string // a strong entity tag
	modified string // the Last-Modified of an object without one
}

// versionOf reads the version in an answer.
func versionOf(h http.Header) version {
	if etag := partial.StrongETag(h); etag != "" {
		return version{etag: etag}
	}
	if modified := h.Get("Last-Modified"); isDate(modified) {
		return version{modified: modified}
	}
	return version{}
}

func isDate(value string) bool {
	_, err := http.ParseTime(value)
	return err == nil
}

// condition adds the condition that the object still has the version to a request.
func (v version) condition(h http.Header) {
	switch {
	case v.etag != "":
		h.Set("If-Match", v.etag)
	case v.modified != "":
		h.Set("If-Unmodified-Since", v.modified)
	}
}

// relation is how the version in an answer relates to an earlier one.
type relation uint8

const (
	relationSame    relation = iota
	relationUnnamed          // the answer names no version
	relationChanged          // the answer names another version
)

// compare compares the version of an object with that in a later answer.
func (v version) compare(h http.Header) relation {
	field, was := "ETag", v.etag
	if was == "" {
		field, was = "Last-Modified", v.modified
	}
	is := h.Get(field)
	switch {
	case is == was && is != "" && len(h.Values(field)) == 1:
		return relationSame
	// A proxy that changes the coding of an answer makes its entity tag weak.
	case is == "", is == "W/"+was, field == "Last-Modified" && !isDate(is):
		return relationUnnamed
	}
	return relationChanged
}

// String is the version as part of an identity.
func (v version) String() string {
	switch {
	case v.etag != "":
		return "etag " + v.etag
	case v.modified != "":
		return "modified " + v.modified
	}
	return ""
}
