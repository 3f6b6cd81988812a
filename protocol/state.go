package protocol

import (
	"strconv"
	"strings"
	"time"
)

// State is the state of an upload on the server, from the headers of an answer.
type State struct {
	Location string    // of the answer to POST, absolute or relative, not resolved; "" for others
	Offset   int64     // number of bytes that the server has
	Length   Length    // of the answer to HEAD; the zero value: unknown
	Metadata Metadata  // of the answer to HEAD; nil: none
	Concat   Concat    // of the answer to HEAD
	Expires  time.Time // when the server removes the unfinished upload, in UTC; the zero time: unknown

	// Warnings are errors about the optional headers Upload-Defer-Length,
	// Upload-Metadata, Upload-Concat and Upload-Expires. The fields above have all
	// that could be parsed. nil: none.
	Warnings []*HeaderError
}

// Complete reports whether the length is known and the server has all bytes. It returns
// false for a final upload of more than 0 bytes if the answer had no Upload-Offset.
func (s State) Complete() bool {
	n, known := s.Length.Int64()
	return known && s.Offset == n
}

// Warning returns the *HeaderError about the header with this name, or nil if there is
// none. The case of letters does not matter.
func (s State) Warning(name string) error {
	for _, w := range s.Warnings {
		if strings.EqualFold(w.Name, name) {
			return w
		}
	}
	return nil
}

// ParseCreated parses a successful answer to POST (tus 1.0.0, Creation and Creation With
// Upload): Location, Upload-Offset (0 if it is missing) and Upload-Expires.
//
// The error is a *HeaderError: ErrMissingHeader without Location, ErrInvalidHeader for a
// Location with a control character, ErrInvalidOffset for a malformed Upload-Offset. The
// State returned with the error has all that could be parsed, so that the upload is not
// lost.
func ParseCreated(h Header) (State, error) {
	var s State
	s.readExpires(h)
	offset, _, offsetErr := readInt(h, HeaderUploadOffset, ErrInvalidOffset)
	s.Offset = offset

	location := trim(h.Get(HeaderLocation))
	switch {
	case location == "":
		return s, missing(HeaderLocation)
	case hasControl(location):
		return s, invalidValue(HeaderLocation, location, errControl())
	}
	s.Location = location
	if offsetErr != nil {
		return s, offsetErr
	}
	return s, nil
}

// ParseHead parses a successful answer to HEAD (tus 1.0.0, Core Protocol, HEAD).
// Upload-Offset is required, except for a final upload: without it, the offset is 0. If
// a server sends both Upload-Length and Upload-Defer-Length, Upload-Length applies.
//
// The error is a *HeaderError: ErrMissingHeader without Upload-Offset, ErrInvalidOffset
// for an Upload-Offset that is malformed or beyond Upload-Length, ErrInvalidHeader for a
// malformed Upload-Length. The State returned with the error has all that could be
// parsed.
func ParseHead(h Header) (State, error) {
	var s State
	s.readExpires(h)
	s.readUpload(h)
	length, lengthPresent, lengthErr := readInt(h, HeaderUploadLength, ErrInvalidHeader)
	if lengthPresent && lengthErr == nil {
		s.Length = Known(length)
	}
	offset, present, offsetErr := readInt(h, HeaderUploadOffset, ErrInvalidOffset)
	s.Offset = offset
	switch {
	case offsetErr != nil:
		return s, offsetErr
	case !present && s.Concat.Kind != ConcatFinal:
		return s, missing(HeaderUploadOffset)
	case lengthErr != nil:
		return s, lengthErr
	}
	return s, checkOffset(s.Offset, s.Length)
}

// ParsePatched parses a successful answer to PATCH (tus 1.0.0, Core Protocol, PATCH, and
// Expiration): Upload-Offset, which is required, and Upload-Expires. Use [Range.Accept]
// to check whether the offset is possible.
//
// The error is a *HeaderError: ErrMissingHeader or ErrInvalidOffset.
func ParsePatched(h Header) (State, error) {
	var s State
	s.readExpires(h)
	offset, present, err := readInt(h, HeaderUploadOffset, ErrInvalidOffset)
	switch {
	case err != nil:
		return s, err
	case !present:
		return s, missing(HeaderUploadOffset)
	}
	s.Offset = offset
	return s, nil
}

func (s *State) readExpires(h Header) {
	value := h.Get(HeaderUploadExpires)
	if trim(value) == "" {
		return
	}
	t, ok := parseExpires(value)
	if !ok {
		s.warn(HeaderUploadExpires, value, invalid(ErrInvalidHeader, "it is no date"))
		return
	}
	s.Expires = t
}

// readUpload parses the headers that only the answer to HEAD has, without numbers.
func (s *State) readUpload(h Header) {
	var err error
	value := listValue(h, HeaderUploadMetadata)
	if s.Metadata, err = ParseMetadata(value); err != nil {
		s.warn(HeaderUploadMetadata, value, err)
	}
	value = h.Get(HeaderUploadConcat)
	if s.Concat, err = ParseConcat(value); err != nil {
		s.warn(HeaderUploadConcat, value, err)
	}
	value = h.Get(HeaderUploadDeferLength)
	if trim(value) != "" && ParseDeferLength(value) != nil {
		s.warn(HeaderUploadDeferLength, value, invalid(ErrInvalidHeader, "it is not 1"))
	}
}

func (s *State) warn(name, value string, err error) {
	s.Warnings = append(s.Warnings, invalidValue(name, value, err))
}

// SetHeader writes the headers of a server's answer to HEAD: Tus-Resumable and
// Upload-Offset; Upload-Length, or Upload-Defer-Length if the length is unknown; and
// Location, Upload-Metadata, Upload-Concat and Upload-Expires if the fields are set. The
// answer for a final upload has no Upload-Defer-Length, and no Upload-Offset if the
// offset is 0 and the upload is not complete. Warnings are not written.
//
// The error is a *HeaderError, and h is unchanged then: ErrInvalidOffset for an offset
// that is negative or beyond the length, ErrInvalidHeader for a Location with a control
// character, ErrInvalidMetadata or ErrInvalidConcat.
func (s State) SetHeader(h Header) error {
	if err := checkOffset(s.Offset, s.Length); err != nil {
		return err
	}
	f := make(fields, 0, 6)
	if hasControl(s.Location) {
		return invalidValue(HeaderLocation, s.Location, errControl())
	}
	if s.Location != "" {
		f.add(HeaderLocation, s.Location)
	}
	final := s.Concat.Kind == ConcatFinal
	if !final || s.Offset > 0 || s.Complete() {
		f.add(HeaderUploadOffset, strconv.FormatInt(s.Offset, 10))
	}
	if _, known := s.Length.Int64(); known {
		f.add(HeaderUploadLength, s.Length.String())
	} else if !final {
		f.add(HeaderUploadDeferLength, "1")
	}
	if err := f.addUpload(s.Metadata, s.Concat); err != nil {
		return err
	}
	if !s.Expires.IsZero() {
		f.add(HeaderUploadExpires, FormatExpires(s.Expires))
	}
	f.set(h)
	return nil
}

func errControl() error { return invalid(ErrInvalidHeader, "it holds a control character") }
