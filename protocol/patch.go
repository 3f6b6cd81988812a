package protocol

import "strconv"

// Patch is a request that sends bytes of an upload (tus 1.0.0, Core Protocol, PATCH).
type Patch struct {
	Offset   int64    // of the first byte of the body in the upload
	Length   Length   // declares a length that the creation deferred; the zero value: not sent
	Checksum Checksum // of the body; the zero value: not sent
}

// SetHeader writes the headers of the request: Tus-Resumable, Content-Type and
// Upload-Offset, and Upload-Length and Upload-Checksum if the fields are set. It leaves
// other headers unchanged.
//
// The error is a *HeaderError, and h is unchanged then: ErrInvalidOffset for an offset
// that is negative or beyond the length, or ErrInvalidChecksum.
func (p Patch) SetHeader(h Header) error {
	if err := checkOffset(p.Offset, p.Length); err != nil {
		return err
	}
	f := make(fields, 0, 4)
	f.add(HeaderContentType, ContentType)
	f.add(HeaderUploadOffset, strconv.FormatInt(p.Offset, 10))
	if _, known := p.Length.Int64(); known {
		f.add(HeaderUploadLength, p.Length.String())
	}
	checksum, err := p.Checksum.Encode()
	if err != nil {
		return &HeaderError{Name: HeaderUploadChecksum, Err: err}
	}
	if checksum != "" {
		f.add(HeaderUploadChecksum, checksum)
	}
	f.set(h)
	return nil
}

// checkOffset returns an error if offset is negative, or larger than a known length.
func checkOffset(offset int64, length Length) error {
	var err error
	if offset < 0 {
		err = invalid(ErrInvalidOffset, "it is negative")
	} else if n, known := length.Int64(); known && offset > n {
		err = invalid(ErrInvalidOffset, "it is beyond the length %d", n)
	}
	if err != nil {
		return invalidValue(HeaderUploadOffset, strconv.FormatInt(offset, 10), err)
	}
	return nil
}
