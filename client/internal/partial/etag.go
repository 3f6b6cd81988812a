package partial

import (
	"net/http"
	"strings"
)

// maxETag is the length in bytes of the longest entity tag that is used. A longer
// one does not fit into a record.
const maxETag = 4 << 10

// StrongETag returns the entity tag of an answer, which must be the only one. It is "" for a
// weak entity tag, which two contents may share (RFC 9110, section 8.8.3), and for an empty
// one.
func StrongETag(h http.Header) string {
	etag := h.Get("ETag")
	if len(h.Values("ETag")) != 1 || len(etag) <= 2 || len(etag) > maxETag || etag[0] != '"' || strings.IndexByte(etag[1:], '"') != len(etag)-2 {
		return ""
	}
	return etag
}
