package rufh

import "github.com/tusker-go/tusker/protocol"

// Append is a PATCH request to an upload resource (-13, section 4.4.1).
type Append struct {
	// Version is the version that the request declares.
	Version Version

	// Offset is the position of the content in the representation. It is the offset that
	// the server named last.
	Offset int64

	// Complete means that the content is the end of the representation. Empty content
	// that is Complete ends an upload whose bytes are all on the server.
	Complete bool

	// Length is the size of the representation, if it was not declared before. The zero
	// value: it was, or it is not known yet. The versions 3 to 6 cannot declare it here.
	Length protocol.Length
}

// SetHeader writes the fields of the request.
//
// The error is a *protocol.HeaderError, and h is unchanged then. It Is
// protocol.ErrInvalidOffset for an offset that is negative or larger than [MaxSize], and
// protocol.ErrInvalidHeader for a version that is not Valid and for a length that is larger
// than MaxSize.
func (a Append) SetHeader(h Header) error {
	f := make(fields, 0, 4)
	if a.Offset < 0 {
		return invalid(HeaderUploadOffset, format(a.Offset), protocol.ErrInvalidOffset, "it is negative")
	}
	if err := f.addSize(HeaderUploadOffset, protocol.Known(a.Offset), protocol.ErrInvalidOffset); err != nil {
		return err
	}
	f.addComplete(a.Version, completeness(a.Complete))
	if a.Version.edition().appendLength {
		if err := f.addSize(HeaderUploadLength, a.Length, protocol.ErrInvalidHeader); err != nil {
			return err
		}
	}
	if t := a.Version.MediaType(); t != "" {
		f.add(protocol.HeaderContentType, t)
	}
	if err := a.Version.SetHeader(h); err != nil {
		return err
	}
	f.set(h)
	return nil
}
