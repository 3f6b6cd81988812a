package protocol

import "strings"

// ParseList parses a comma-separated list (Tus-Version, Tus-Extension,
// Tus-Checksum-Algorithm) and keeps its order. Spaces and tabs around an
// element are removed. Elements that are not visible ASCII are skipped: they
// cannot name anything. No element gives nil.
//
// The error is ErrTooManyElements, for more than [MaxListElements] elements. The
// first of them are returned with the error.
func ParseList(s string) ([]string, error) {
	var list []string
	count := 0
	for element := range strings.SplitSeq(s, ",") {
		element = trim(element)
		if element == "" {
			continue
		}
		if count++; count > MaxListElements {
			return list, errElements()
		}
		if wordFlaw(element) == "" {
			list = append(list, element)
		}
	}
	return list, nil
}

func errElements() error { return tooMany(ErrInvalidHeader, MaxListElements, "elements") }

// FormatList returns the elements of list separated by commas, or "" for an empty list.
//
// The error is ErrInvalidHeader, for an element that is empty or not visible ASCII
// without commas. The error for more than [MaxListElements] elements is
// ErrTooManyElements as well.
func FormatList[S ~string](list []S) (string, error) {
	if len(list) > MaxListElements {
		return "", errElements()
	}
	var b strings.Builder
	for i, element := range list {
		if flaw := wordFlaw(string(element)); flaw != "" {
			return "", invalid(ErrInvalidHeader, "element %d %s %s", i+1, quote(string(element)), flaw)
		}
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(string(element))
	}
	return b.String(), nil
}
