package protocol

import "strings"

// Version is the protocol version that this package speaks.
const Version = "1.0.0"

// ContentType is the media type of a body that carries bytes of an upload.
const ContentType = "application/offset+octet-stream"

// The names of the headers, as the specification writes them.
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

// Header is what this package needs of a set of header fields;
// net/http.Header satisfies it.
//
// Get returns the first value of the field, or "" where there is none. Set
// replaces every value of the field. Both are given the names above.
//
// Where the value also has a method Values(key string) []string, as
// net/http.Header has, the headers that are lists (Tus-Version, Tus-Extension,
// Tus-Checksum-Algorithm, Upload-Metadata) may be spread over several fields.
type Header interface {
	Get(key string) string
	Set(key, value string)
}

// SetVersion sets Tus-Resumable to [Version] (tus 1.0.0, Tus-Resumable). HEAD
// and DELETE requests need nothing else; the SetHeader methods of this package
// do it themselves.
func SetVersion(h Header) {
	h.Set(HeaderResumable, Version)
}

// listValue returns the value of a list header, its fields joined by commas.
func listValue(h Header, name string) string {
	if v, ok := h.(interface{ Values(key string) []string }); ok {
		return strings.Join(v.Values(name), ",")
	}
	return h.Get(name)
}

// fields collects what a SetHeader method is going to write, so that a method
// that fails half way has written nothing.
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
