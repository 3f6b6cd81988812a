package protocol

import "strings"

// ConcatKind is the role of an upload in a concatenation.
type ConcatKind uint8

// The kinds of uploads. The zero value is an upload without concatenation.
const (
	ConcatNone    ConcatKind = iota // an ordinary upload
	ConcatPartial                   // a part of a final upload
	ConcatFinal                     // consists of partial uploads
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

// Concat is the role of an upload in a concatenation, with the parts of a final upload
// (tus 1.0.0, Concatenation, Upload-Concat). The zero value is an ordinary upload.
type Concat struct {
	Kind ConcatKind
	// Parts are the URLs of the partial uploads in the order of their bytes,
	// absolute or relative. A URL can occur several times. Only a final upload has
	// parts, and it has at least one.
	Parts []string
}

// Encode returns the value of Upload-Concat. It returns "" for the zero value: do not
// send the header then. Parts are written unchanged.
//
// The error is ErrInvalidConcat, for parts of an upload that is not final, a final
// upload without parts, a part that is empty or has a space or a control character,
// and an unknown kind. The error for more than [MaxConcatParts] parts is
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

// ParseConcat parses the value of Upload-Concat; "" gives the zero value. The keyword
// can have capital letters, and spaces and tabs can surround the semicolon and each
// part.
//
// The error is ErrInvalidConcat. The Concat returned with it has all that could be
// parsed: the kind if the keyword is valid, and the parts that [Concat.Encode] accepts. The error
// for more than [MaxConcatParts] parts is ErrTooManyElements as well: only the first parts are read
// then.
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
