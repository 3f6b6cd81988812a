package rufh

import "github.com/tusker-go/tusker/protocol"

// Creation is a request that creates an upload (-13, section 4.2.1). Its method is POST,
// PUT, PATCH or any other that can carry content.
//
// A careful creation is not Complete and has no content (section 10.2). An optimistic
// creation is Complete, and its content is the whole representation (section 10.1); the
// same fields upgrade an ordinary request to a resumable one (section 10.1.1).
type Creation struct {
	// Version is the version that the request declares.
	Version Version

	// Complete means that the content is the whole representation. Otherwise appends
	// follow.
	Complete bool

	// Length is the size of the representation. The zero value: it is not known yet. The
	// versions 3 to 5 cannot declare it.
	Length protocol.Length

	// Name is the name of the file, which Content-Disposition carries. "": none.
	Name string

	// Type is the media type of the representation, which Content-Type carries. "": none.
	Type string
}

// SetHeader writes the fields of the request.
//
// The error is a *protocol.HeaderError that Is protocol.ErrInvalidHeader, and h is
// unchanged then: the version is not Valid, the length is larger than [MaxSize], or Type
// has a control character.
func (c Creation) SetHeader(h Header) error {
	f := make(fields, 0, 4)
	f.addComplete(c.Version, completeness(c.Complete))
	if c.Version.edition().length {
		if err := f.addSize(HeaderUploadLength, c.Length, protocol.ErrInvalidHeader); err != nil {
			return err
		}
	}
	if c.Name != "" {
		f.add(headerDisposition, disposition(c.Name))
	}
	if err := f.addText(protocol.HeaderContentType, c.Type); err != nil {
		return err
	}
	if err := c.Version.SetHeader(h); err != nil {
		return err
	}
	f.set(h)
	return nil
}
