package protocol

import "strconv"

// Patch is a request that carries bytes of an upload (tus 1.0.0, Core
// Protocol, PATCH).
type Patch struct {
	Offset   int64    // where in the upload the body begins, in bytes
	Length   Length   // declares a length that the creation deferred; the zero value sends none
	Checksum Checksum // of the body; the zero value sends none
}

// SetHeader sets Tus-Resumable, Content-Type and Upload-Offset, and
// Upload-Length and Upload-Checksum where there is something to say. It leaves
// other headers as they are.
//
// The error is a *HeaderError, and h is untouched: ErrInvalidOffset for an
// offset that is negative or beyond the length, or ErrInvalidChecksum.
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

// checkOffset returns an error unless 0 <= offset <= length, where the length
// is known.
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
