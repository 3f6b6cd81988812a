package rufh

import "github.com/tusker-go/tusker/protocol"

// Response is what a response says, interim or final. [Judge] says what it means.
type Response struct {
	// Status is the status code. SetHeader ignores it.
	Status int

	// Version is the version that the response declares. 0: none, or one that is not
	// Valid. A client ignores a 104 with another version than its own (-13, appendix B).
	Version Version

	// Location is the URL in the field Location, absolute or relative, not resolved. "":
	// the field is missing, or its value has a control character.
	Location string

	// Offset is the number of bytes that the server has (-13, section 4.1.1). The zero
	// value: the field is missing or void. [Verdict.Offset] says whether it counts.
	Offset protocol.Length

	// Length is the size of the representation (-13, section 4.1.3). The zero value: the
	// field is missing or void.
	Length protocol.Length

	// Complete tells whether the upload is complete, and whether the response comes from
	// the resource that the creation was sent to (-13, section 4.1.2).
	Complete Completeness

	// Limits are the limits of the server (-13, section 4.1.4). nil: Upload-Limit is
	// missing or void.
	Limits *protocol.Limits

	// Contradiction is why no upload with bytes can meet the limits; it Is [ErrLimits].
	// nil: some can. SetHeader ignores it.
	Contradiction error

	// Tus means that the response has the field Tus-Resumable, so the server speaks tus.
	// SetHeader ignores it.
	Tus bool

	// Problem is the problem in the content of the response, if the caller parsed it with
	// [ParseProblem]. SetHeader ignores it.
	Problem Problem

	// Void has the names of the fields that are ignored, because their values have a wrong
	// type. nil: none. SetHeader ignores it.
	Void []string
}

// ParseResponse parses a response to a request of version v. It never fails: a receiver
// ignores what it cannot parse.
func (v Version) ParseResponse(status int, h Header) Response {
	r := reader{h: h}
	a := Response{Status: status, Version: r.version(), Location: r.location()}
	a.Offset = r.size(HeaderUploadOffset)
	a.Length = r.size(HeaderUploadLength)
	a.Complete = r.complete(v)
	a.Limits, a.Contradiction = r.limits(v)
	_, a.Tus = r.line(protocol.HeaderResumable)
	a.Void = r.void
	return a
}

// SetHeader writes the fields of a server's response to a request of version v. Fields that
// are not set in r are not written. r.Version is required for a 104 only.
//
// The error is a *protocol.HeaderError, and h is unchanged then: it Is
// protocol.ErrInvalidOffset for an offset that is larger than [MaxSize], and
// protocol.ErrInvalidHeader for a version that is not Valid, a Location with a control
// character, a length that is larger than MaxSize, and limits that cannot be written.
func (r Response) SetHeader(v Version, h Header) error {
	f := make(fields, 0, 5)
	if err := f.addText(protocol.HeaderLocation, r.Location); err != nil {
		return err
	}
	if err := f.addSize(HeaderUploadOffset, r.Offset, protocol.ErrInvalidOffset); err != nil {
		return err
	}
	if err := f.addSize(HeaderUploadLength, r.Length, protocol.ErrInvalidHeader); err != nil {
		return err
	}
	f.addComplete(v, r.Complete)
	if r.Limits != nil {
		value, err := v.FormatLimits(*r.Limits)
		if err != nil {
			return err
		}
		f.add(HeaderUploadLimit, value)
	}
	if r.Version != 0 {
		if err := r.Version.SetHeader(h); err != nil {
			return err
		}
	}
	f.set(h)
	return nil
}
