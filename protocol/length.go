package protocol

import (
	"errors"
	"strconv"
)

// Length is the size of an entire upload in bytes, or unknown (tus 1.0.0, Upload-Length
// and Upload-Defer-Length). The zero value is an unknown length. Lengths can be compared
// with ==.
type Length struct {
	n     int64
	known bool
}

// Known returns the Length of n bytes, and the zero Length for a negative n.
func Known(n int64) Length {
	if n < 0 {
		return Length{}
	}
	return Length{n: n, known: true}
}

// Int64 returns the number of bytes, and whether it is known. The number is 0 if it is
// not.
func (l Length) Int64() (n int64, ok bool) { return l.n, l.known }

// Equal reports whether l == other. Packages that compare by reflection, such as go-cmp,
// use it.
func (l Length) Equal(other Length) bool { return l == other }

// String returns the number in decimal, or "unknown".
func (l Length) String() string {
	if !l.known {
		return "unknown"
	}
	return strconv.FormatInt(l.n, 10)
}

// MarshalJSON encodes the number, or null if it is unknown.
func (l Length) MarshalJSON() ([]byte, error) {
	if !l.known {
		return []byte("null"), nil
	}
	return strconv.AppendInt(nil, l.n, 10), nil
}

// UnmarshalJSON decodes the result of MarshalJSON. The error is ErrInvalidHeader.
func (l *Length) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*l = Length{}
		return nil
	}
	n, err := ParseLength(string(b))
	if err != nil {
		return err
	}
	*l = n
	return nil
}

// ParseLength parses the value of Upload-Length or Tus-Max-Size: decimal digits, at most
// math.MaxInt64, with spaces and tabs around them. The error is ErrInvalidHeader.
func ParseLength(s string) (Length, error) {
	n, flaw := parseInt(s)
	if flaw != "" {
		return Length{}, invalid(ErrInvalidHeader, "length %s %s", quote(s), flaw)
	}
	return Known(n), nil
}

// ParseOffset parses the value of Upload-Offset by the rules of [ParseLength]. The error
// is ErrInvalidOffset.
func ParseOffset(s string) (int64, error) {
	n, flaw := parseInt(s)
	if flaw != "" {
		return 0, invalid(ErrInvalidOffset, "offset %s %s", quote(s), flaw)
	}
	return n, nil
}

// ParseDeferLength returns nil for "1", with spaces and tabs around it. It is the only
// valid value of Upload-Defer-Length. The error is ErrInvalidHeader.
func ParseDeferLength(s string) error {
	if trim(s) != "1" {
		return invalid(ErrInvalidHeader, "deferred length %s is not 1", quote(s))
	}
	return nil
}

// parseInt parses a non-negative integer. flaw is why s is not one, or "".
func parseInt(s string) (n int64, flaw string) {
	// 63 bits without a sign are the non-negative values of an int64.
	u, err := strconv.ParseUint(trim(s), 10, 63)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return 0, "is too large"
	case err != nil:
		return 0, "is not a decimal number"
	}
	return int64(u), ""
}

// readInt parses an optional header whose value is a non-negative integer. Several fields must have
// the same value.
func readInt(h Header, name string, kind error) (n int64, present bool, err *HeaderError) {
	value := h.Get(name)
	if v, ok := h.(interface{ Values(key string) []string }); ok {
		for _, other := range v.Values(name) {
			if trim(other) != trim(value) {
				return 0, true, invalidValue(name, listValue(h, name), invalid(kind, "it has several values"))
			}
		}
	}
	if trim(value) == "" {
		return 0, false, nil
	}
	n, flaw := parseInt(value)
	if flaw != "" {
		return 0, true, invalidValue(name, value, invalid(kind, "it %s", flaw))
	}
	return n, true, nil
}
