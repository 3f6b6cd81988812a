package protocol

// Creation is a request to create an upload (tus 1.0.0, Creation, POST). The
// zero value asks for an upload whose length is named later.
type Creation struct {
	Length   Length   // not known: deferred, which takes [ExtensionCreationDeferLength]
	Metadata Metadata // nil or empty: none
	Concat   Concat   // the zero value: an ordinary upload
	WithBody bool     // the request carries bytes, which takes [ExtensionCreationWithUpload]
}

// SetHeader sets Tus-Resumable; Upload-Length, or Upload-Defer-Length where
// the length is not known, and neither for a final upload; Upload-Metadata,
// Upload-Concat and Content-Type where there is something to say. It leaves
// other headers as they are.
//
// The error is a *HeaderError, and h is untouched: ErrInvalidMetadata, or
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

// addUpload adds what a creation and the answer to HEAD have in common.
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
