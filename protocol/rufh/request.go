package rufh

import "github.com/tusker-go/tusker/protocol"

// Request is what the fields of a request say to a server. A server that receives it at an
// upload resource reads an append, and a creation elsewhere.
type Request struct {
	// Version is the version that the client declares. 0: none, or one that is not Valid.
	// A server must not send a 104 then (-13, appendix B).
	Version Version

	// Offset is the position of the content. The zero value: the field is missing or void.
	Offset protocol.Length

	// Length is the size of the representation. The zero value: the field is missing or
	// void.
	Length protocol.Length

	// Complete tells whether the content is the end of the representation.
	Complete Completeness

	// Void has the names of the fields that are ignored, because their values have a wrong
	// type. nil: none.
	Void []string
}

// ParseRequest parses the fields of a request, by the version that it declares, and by that
// of [Newest] if it declares none.
func ParseRequest(h Header) Request {
	r := reader{h: h}
	q := Request{Version: r.version()}
	q.Offset = r.size(HeaderUploadOffset)
	q.Length = r.size(HeaderUploadLength)
	q.Complete = r.complete(q.Version)
	q.Void = r.void
	return q
}
