package protocol

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Errors about header values; test for them with errors.Is.
//
// ErrInvalidMetadata, ErrInvalidConcat, ErrInvalidChecksum and
// ErrInvalidOffset are ErrInvalidHeader as well. ErrMissingHeader is not.
var (
	ErrMissingHeader         = errors.New("missing header")
	ErrInvalidHeader         = errors.New("invalid header")
	ErrInvalidMetadata error = &sentinel{"invalid metadata", ErrInvalidHeader}
	ErrInvalidConcat   error = &sentinel{"invalid concatenation", ErrInvalidHeader}
	ErrInvalidChecksum error = &sentinel{"invalid checksum", ErrInvalidHeader}
	ErrInvalidOffset   error = &sentinel{"invalid offset", ErrInvalidHeader}
)

// HeaderError says which header was missing, could not be read, or could not
// be written.
type HeaderError struct {
	Name  string // the header's name, as the constants have it
	Value string // its value as received, or "" where there is none
	Err   error  // the reason; wraps one of this package's errors
}

// Error names the header and the reason, and quotes the first 100 bytes of the
// value.
func (e *HeaderError) Error() string {
	if e.Value == "" {
		return fmt.Sprintf("header %s: %v", e.Name, e.Err)
	}
	return fmt.Sprintf("header %s: invalid value %s: %v", e.Name, quote(e.Value), e.Err)
}

// Unwrap returns the reason.
func (e *HeaderError) Unwrap() error { return e.Err }

// missing returns the error for a required header that is not there.
func missing(name string) *HeaderError {
	return &HeaderError{Name: name, Err: invalid(ErrMissingHeader, "missing")}
}

// A sentinel is an error that is also a more general one.
type sentinel struct {
	text   string
	parent error
}

func (s *sentinel) Error() string { return s.text }
func (s *sentinel) Unwrap() error { return s.parent }

// A reason says in words of its own what is wrong, and is of a kind that
// callers test for.
type reason struct {
	kind error
	text string
}

func (r *reason) Error() string { return r.text }
func (r *reason) Unwrap() error { return r.kind }

func invalid(kind error, format string, args ...any) error {
	return &reason{kind: kind, text: fmt.Sprintf(format, args...)}
}

// reasons are several errors on one line.
type reasons struct{ errs []error }

func (r *reasons) Unwrap() []error { return r.errs }

// Error shows the first few only: their number is up to the server.
func (r *reasons) Error() string {
	const show = 3
	var b strings.Builder
	for i, err := range r.errs {
		if i == show {
			fmt.Fprintf(&b, "; and %d more", len(r.errs)-show)
			break
		}
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(err.Error())
	}
	return b.String()
}

// join returns nil for no error, and the error itself for one.
func join(errs []error) error {
	switch len(errs) {
	case 0:
		return nil
	case 1:
		return errs[0]
	default:
		return &reasons{errs}
	}
}

// quote quotes the first 100 bytes of s.
func quote(s string) string {
	const limit = 100
	if len(s) > limit {
		return strconv.Quote(s[:limit]) + "..."
	}
	return strconv.Quote(s)
}
