package protocol

import "strings"

// ConcatKind says which part an upload has in a concatenation.
type ConcatKind uint8

// The kinds of uploads. An upload that has nothing to do with concatenation
// is ConcatNone, the zero value.
const (
	ConcatNone    ConcatKind = iota // an ordinary upload
	ConcatPartial                   // a part of a final upload
	ConcatFinal                     // made of partial uploads
)

// String returns "none", "partial", "final", or "invalid" for any other value.
func (k ConcatKind) String() string {
	switch k {
	case ConcatNone:
		return "none"
	case ConcatPartial:
		return "partial"
	case ConcatFinal:
		return "final"
	default:
		return "invalid"
	}
}

// Concat says that an upload is a part of another, or made of others
// (tus 1.0.0, Concatenation, Upload-Concat). The zero value is an ordinary
// upload.
type Concat struct {
	Kind ConcatKind
	// Parts are the URLs of the partial uploads in the order of their bytes,
	// absolute or relative; the same one may occur repeatedly. Only a final
	// upload has parts, and it has at least one.
	Parts []string
}

// Encode returns the value of Upload-Concat: "" for the zero value, in which
// case the header is to be left out. Parts are written as they are.
//
// The error is ErrInvalidConcat: parts in anything but a final upload, a final
// upload without parts, an empty part or one with a space or a control
// character, or an unknown kind. The error for more than [MaxConcatParts] parts is
// ErrTooManyElements as well.
func (c Concat) Encode() (string, error) {
	if c.Kind != ConcatFinal && len(c.Parts) > 0 {
		return "", invalid(ErrInvalidConcat, "upload of kind %v with parts", c.Kind)
	}
	switch c.Kind {
	case ConcatNone:
		return "", nil
	case ConcatPartial:
		return "partial", nil
	case ConcatFinal:
	default:
		return "", invalid(ErrInvalidConcat, "unknown kind of upload %d", uint8(c.Kind))
	}
	if len(c.Parts) == 0 {
		return "", errNoParts()
	}
	if len(c.Parts) > MaxConcatParts {
		return "", errParts()
	}
	for i, part := range c.Parts {
		if flaw := urlFlaw(part); flaw != "" {
			return "", errPart(i, part, flaw)
		}
	}
	return "final;" + strings.Join(c.Parts, " "), nil
}

// ParseConcat reads the value of Upload-Concat; "" gives the zero value. The
// keyword may be in capitals, and spaces and tabs may surround the semicolon
// and each part.
//
// The error is ErrInvalidConcat. The Concat returned along with it holds what
// could be read: the kind where the keyword was understood, and the parts that
// [Concat.Encode] would accept. The error for more than [MaxConcatParts] parts is
// ErrTooManyElements as well: only the first parts are read then.
func ParseConcat(s string) (Concat, error) {
	s = trim(s)
	if s == "" {
		return Concat{}, nil
	}
	keyword, list, hasList := strings.Cut(s, ";")
	keyword = trim(keyword)
	switch {
	case strings.EqualFold(keyword, "partial"):
		if hasList {
			return Concat{Kind: ConcatPartial}, invalid(ErrInvalidConcat, "partial upload with parts")
		}
		return Concat{Kind: ConcatPartial}, nil
	case strings.EqualFold(keyword, "final"):
	default:
		return Concat{}, invalid(ErrInvalidConcat, "%s is neither partial nor final", quote(keyword))
	}

	c := Concat{Kind: ConcatFinal}
	var errs reasons
	count := 0
	for part := range strings.FieldsFuncSeq(list, isBlank) {
		if count++; count > MaxConcatParts {
			return c, errs.after(errParts())
		}
		if flaw := urlFlaw(part); flaw != "" {
			errs.add(func() error { return errPart(count-1, part, flaw) })
			continue
		}
		c.Parts = append(c.Parts, part)
	}
	if count == 0 {
		return c, errNoParts()
	}
	return c, errs.after(nil)
}

func errParts() error { return tooMany(ErrInvalidConcat, MaxConcatParts, "parts") }

func errNoParts() error {
	return invalid(ErrInvalidConcat, "final upload without parts")
}

func errPart(i int, part, flaw string) error {
	return invalid(ErrInvalidConcat, "part %d %s %s", i+1, quote(part), flaw)
}
