package protocol

import (
	"errors"
	"fmt"
	"strings"
)

// Limits on the elements of one header. A header with more elements is an error
// that is [ErrTooManyElements], in both directions: no parser reads more and no
// encoder writes more. Elements that are invalid count too, empty ones do not.
// The limits are far above what servers send. They bound the memory that a
// hostile header of any size can cost.
const (
	// MaxMetadataPairs is the largest number of pairs in Upload-Metadata.
	MaxMetadataPairs = 4096

	// MaxConcatParts is the largest number of URLs in Upload-Concat. A header
	// of 1 MiB reaches it with URLs of 31 bytes.
	MaxConcatParts = 32768

	// MaxListElements is the largest number of elements in Tus-Version,
	// Tus-Extension and Tus-Checksum-Algorithm.
	MaxListElements = 256
)

// MaxErrorValue is the largest number of bytes of a header's value that a
// [HeaderError] keeps.
const MaxErrorValue = 1024

// maxReasons is the largest number of errors about single elements that are kept.
const maxReasons = 3

// reasons is the error about the elements of one header. It keeps the first few
// errors and counts the others, since their number is up to the server.
type reasons struct {
	kept []error
	more int
}

// add records the error about one element. It calls reason only if the error is
// kept.
func (r *reasons) add(reason func() error) {
	if len(r.kept) == maxReasons {
		r.more++
		return
	}
	r.kept = append(r.kept, reason())
}

// after returns err followed by the recorded errors. A nil err is left out, and
// no error at all gives nil.
func (r *reasons) after(err error) error {
	kept := r.kept
	if err != nil {
		kept = append([]error{err}, r.kept...)
	}
	switch len(kept) {
	case 0:
		return nil
	case 1:
		return kept[0]
	}
	return &reasons{kept: kept, more: r.more}
}

// Error shows the recorded errors on one line.
func (r *reasons) Error() string {
	var b strings.Builder
	for i, err := range r.kept {
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(err.Error())
	}
	if r.more > 0 {
		fmt.Fprintf(&b, "; and %d more", r.more)
	}
	return b.String()
}

// Unwrap returns the recorded errors.
func (r *reasons) Unwrap() []error { return r.kept }

// tooMany returns the error for a list of more than limit elements. It is both
// kind and ErrTooManyElements.
func tooMany(kind error, limit int, elements string) error {
	return invalid(errors.Join(kind, ErrTooManyElements), "more than %d %s", limit, elements)
}
