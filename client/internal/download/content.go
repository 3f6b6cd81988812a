package download

import (
	"fmt"
	"net/http"
	"time"

	"github.com/tusker-go/tusker/client/internal/partial"
	"github.com/tusker-go/tusker/client/internal/redact"
	"github.com/tusker-go/tusker/client/internal/tus"
	"github.com/tusker-go/tusker/protocol"
)

// Content describes the content in the answer to a GET of an upload.
type Content struct {
	// Length is the size in bytes. The zero value means that the server does not
	// say it beforehand.
	Length protocol.Length

	// Version is the same for the same bytes at the same URL. Keep it beside the
	// bytes of a download to resume it later. It is "" if the response has no
	// strong validator (RFC 9110, section 8.8.1); see [PrefixSummer].
	Version string

	// Sender is the same for all responses that this kind of server sends for an upload: "tus"
	// for a tus server, or else the media type, after "type ".
	Sender string

	// Upload is the answer to HEAD, with the metadata of the upload. It is nil if
	// the server does not answer HEAD as a tus server.
	Upload *protocol.State

	// Header is that of the response. The server chooses it: do not trust a file
	// name in it. In a DownloadResult it has at most MaxKeptHeader bytes.
	Header http.Header

	validator validator // strong; the zero value means none
}

// contentOf reads the first response to a GET of an upload. Size is its Content-Length, or
// negative if there is none.
func contentOf(status int, h http.Header, size int64, upload *protocol.State) Content {
	c := Content{Sender: senderOf(h, upload), Upload: upload, Header: h, validator: validatorOf(h)}
	switch {
	case status == http.StatusNoContent:
		c.Length = protocol.Known(0)
	case size >= 0:
		c.Length = protocol.Known(size)
	case upload != nil:
		c.Length = upload.Length
	}
	c.Version = c.validator.version()
	if _, known := c.Length.Int64(); known && c.Version != "" {
		c.Version = fmt.Sprintf("length %s, %s", c.Length, c.Version)
	}
	return c
}

// senderOf returns the Sender of a content.
func senderOf(h http.Header, upload *protocol.State) string {
	if _, version := tus.SentBy(h); version != "" || upload != nil {
		return "tus"
	}
	return "type " + redact.Shorten(partial.MediaType(h), redact.MaxText)
}

// validator is a strong validator of a response: two responses for one URL that
// have it carry the same bytes (RFC 9110, section 8.8.1). The zero value means
// that a response has none.
type validator struct{ field, value string }

const (
	fieldETag     = "ETag"
	fieldModified = "Last-Modified"
	fieldType     = "Content-Type"
)

// dateMargin is how much older than the response a Last-Modified has to be. RFC
// 9110, section 8.8.2.2, wants more than a second, and enough to rule out that
// two clocks disagree.
const dateMargin = time.Minute

// validatorOf reads the strong validator of a response. A date does not count
// beside an entity tag, even beside a weak one (RFC 9110, section 13.1.5).
func validatorOf(h http.Header) validator {
	if len(h.Values(fieldETag)) > 0 {
		if etag := partial.StrongETag(h); etag != "" {
			return validator{fieldETag, etag}
		}
		return validator{}
	}
	modified, err := http.ParseTime(h.Get(fieldModified))
	if err != nil {
		return validator{}
	}
	date, err := http.ParseTime(h.Get("Date"))
	if err != nil || date.Sub(modified) < dateMargin {
		return validator{}
	}
	return validator{fieldModified, h.Get(fieldModified)}
}

// isIn reports whether a response has the validator. The zero value is in none.
func (v validator) isIn(h http.Header) bool {
	return v.field != "" && len(h.Values(v.field)) == 1 && h.Get(v.field) == v.value
}

// version is the text of the validator for Content.Version.
func (v validator) version() string {
	switch v.field {
	case fieldETag:
		return "etag " + v.value
	case fieldModified:
		return "last modified " + v.value
	}
	return ""
}
