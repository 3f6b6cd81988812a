package partial

import (
	"mime"
	"net/http"
)

// TypeHTML is the media type of a page.
const TypeHTML = "text/html"

// MediaType returns the Content-Type without parameters, or completely if it is malformed.
func MediaType(h http.Header) string {
	value := h.Get("Content-Type")
	if media, _, err := mime.ParseMediaType(value); err == nil {
		return media
	}
	return value
}
