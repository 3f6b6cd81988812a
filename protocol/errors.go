package protocol

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Errors about header values; test for them with errors.Is.
//
// ErrInvalidMetadata, ErrInvalidConcat, ErrInvalidChecksum, ErrInvalidOffset and
// ErrTooManyElements are ErrInvalidHeader as well. ErrMissingHeader is not.
var (
	ErrMissingHeader         = errors.New("missing header")
	ErrInvalidHeader         = errors.New("invalid header")
	ErrInvalidMetadata error = &sentinel{"invalid metadata", ErrInvalidHeader}
	ErrInvalidConcat   error = &sentinel{"invalid concatenation", ErrInvalidHeader}
	ErrInvalidChecksum error = &sentinel{"invalid checksum", ErrInvalidHeader}
	ErrInvalidOffset   error = &sentinel{"invalid offset", ErrInvalidHeader}

	// ErrTooManyElements means that a list is longer than [MaxMetadataPairs],
	// [MaxConcatParts] or [MaxListElements].
	ErrTooManyElements error = &sentinel{"too many elements", ErrInvalidHeader}
)

// HeaderError is the error about a header that is missing, or that could not be parsed
// or written.
type HeaderError struct {
	Name  string // one of the constants Header*
	Value string // the first MaxErrorValue bytes of its value; "": there is no value
	Err   error  // the reason; wraps one of this package's errors
}

// Error returns the name of the header, the first 100 bytes of its value, and the
// reason.
func (e *HeaderError) Error() string {
	if e.Value == "" {
		return fmt.Sprintf("header %s: %v", e.Name, e.Err)
	}
	return fmt.Sprintf("header %s: invalid value %s: %v", e.Name, quote(e.Value), e.Err)
}

// Unwrap returns the reason.
func (e *HeaderError) Unwrap() error { return e.Err }

// invalidValue returns the error for a value that cannot be parsed or written. The
// error holds a copy of a long value's beginning, so that it does not keep the
// rest in memory.
func invalidValue(name, value string, err error) *HeaderError {
	if len(value) > MaxErrorValue {
		value = strings.Clone(value[:MaxErrorValue])
	}
	return &HeaderError{Name: name, Value: value, Err: err}
}

// missing returns the error for a required header that is missing.
func missing(name string) *HeaderError {
	return &HeaderError{Name: name, Err: invalid(ErrMissingHeader, "missing")}
}

// sentinel is an error that is also a more general one.
type sentinel struct {
	text   string
	parent error
}

func (s *sentinel) Error() string { return s.text }
func (s *sentinel) Unwrap() error { return s.parent }

// reason is an error with its own text. Callers test for its kind.
type reason struct {
	kind error
	text string
}

func (r *reason) Error() string { return r.text }
func (r *reason) Unwrap() error { return r.kind }

func invalid(kind error, format string, args ...any) error {
	return &reason{kind: kind, text: fmt.Sprintf(format, args...)}
}

// quote quotes the first 100 bytes of s.
func quote(s string) string {
	const limit = 100
	if len(s) > limit {
		return strconv.Quote(s[:limit]) + "..."
	}
	return strconv.Quote(s)
}
