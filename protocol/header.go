package protocol

import "strings"

// Version is the protocol version of this package.
const Version = "1.0.0"

// ContentType is the media type of a body with bytes of an upload.
const ContentType = "application/offset+octet-stream"

// The names of the headers, as in the specification.
const (
	HeaderResumable         = "Tus-Resumable"
	HeaderVersion           = "Tus-Version"
	HeaderExtension         = "Tus-Extension"
	HeaderMaxSize           = "Tus-Max-Size"
	HeaderChecksumAlgorithm = "Tus-Checksum-Algorithm"
	HeaderUploadOffset      = "Upload-Offset"
	HeaderUploadLength      = "Upload-Length"
	HeaderUploadDeferLength = "Upload-Defer-Length"
	HeaderUploadMetadata    = "Upload-Metadata"
	HeaderUploadConcat      = "Upload-Concat"
	HeaderUploadChecksum    = "Upload-Checksum"
	HeaderUploadExpires     = "Upload-Expires"
	HeaderMethodOverride    = "X-HTTP-Method-Override"
	HeaderLocation          = "Location"
	HeaderContentType       = "Content-Type"
)

// Header is a set of header fields. net/http.Header implements it.
//
// Get returns the first value of the field, or "" if the field is missing. Set replaces
// all values of the field. The package calls both with the names above.
//
// A Header can also have the method Values(key string) []string, as net/http.Header
// has. The headers that are lists (Tus-Version, Tus-Extension, Tus-Checksum-Algorithm,
// Upload-Metadata) are then read from all values of the field, and a number with different
// values is invalid.
type Header interface {
	Get(key string) string
	Set(key, value string)
}

// SetVersion sets Tus-Resumable to [Version] (tus 1.0.0, Tus-Resumable). HEAD and DELETE
// requests need no other header. The SetHeader methods of this package call it.
func SetVersion(h Header) {
	h.Set(HeaderResumable, Version)
}

// listValue returns the value of a list header. Several fields are joined by commas.
func listValue(h Header, name string) string {
	if v, ok := h.(interface{ Values(key string) []string }); ok {
		return strings.Join(v.Values(name), ",")
	}
	return h.Get(name)
}

// fields collects the headers of a SetHeader method, so that a method that fails has
// written nothing.
type fields [][2]string

func (f *fields) add(name, value string) {
	*f = append(*f, [2]string{name, value})
}

func (f fields) set(h Header) {
	SetVersion(h)
	for _, field := range f {
		h.Set(field[0], field[1])
	}
}
