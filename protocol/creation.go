package protocol

// Creation is a request to create an upload (tus 1.0.0, Creation, POST). The zero value
// creates an upload of unknown length.
type Creation struct {
	Length   Length   // unknown: deferred, which needs [ExtensionCreationDeferLength]
	Metadata Metadata // nil or empty: none
	Concat   Concat   // the zero value: an ordinary upload
	WithBody bool     // the request has a body, which needs [ExtensionCreationWithUpload]
}

// SetHeader writes the headers of the request: Tus-Resumable; Upload-Length, or
// Upload-Defer-Length if the length is unknown, and neither for a final upload;
// Upload-Metadata, Upload-Concat and Content-Type if the fields are set. It leaves
// other headers unchanged.
//
// The error is a *HeaderError, and h is unchanged then: ErrInvalidMetadata, or
// ErrInvalidConcat, also for a final upload with a length or a body.
func (c Creation) SetHeader(h Header) error {
	f := make(fields, 0, 4)
	switch _, known := c.Length.Int64(); {
	case c.Concat.Kind == ConcatFinal && known:
		return invalidValue(HeaderUploadLength, c.Length.String(),
			invalid(ErrInvalidConcat, "a final upload has the length of its parts"))
	case c.Concat.Kind == ConcatFinal && c.WithBody:
		return invalidValue(HeaderContentType, ContentType,
			invalid(ErrInvalidConcat, "a final upload has no body"))
	case c.Concat.Kind == ConcatFinal:
	case known:
		f.add(HeaderUploadLength, c.Length.String())
	default:
		f.add(HeaderUploadDeferLength, "1")
	}
	if err := f.addUpload(c.Metadata, c.Concat); err != nil {
		return err
	}
	if c.WithBody {
		f.add(HeaderContentType, ContentType)
	}
	f.set(h)
	return nil
}

// addUpload adds the headers that a creation and the answer to HEAD have in common.
func (f *fields) addUpload(m Metadata, c Concat) error {
	metadata, err := m.Encode()
	if err != nil {
		return &HeaderError{Name: HeaderUploadMetadata, Err: err}
	}
	if metadata != "" {
		f.add(HeaderUploadMetadata, metadata)
	}
	concat, err := c.Encode()
	if err != nil {
		return &HeaderError{Name: HeaderUploadConcat, Err: err}
	}
	if concat != "" {
		f.add(HeaderUploadConcat, concat)
	}
	return nil
}
