package protocol

import "strings"

// ParseList reads a header that is a comma-separated list (Tus-Version,
// Tus-Extension, Tus-Checksum-Algorithm), in order. Spaces and tabs around an
// element are removed. Elements that [FormatList] would refuse are skipped:
// they name nothing. No element gives nil.
func ParseList(s string) []string {
	var list []string
	for element := range strings.SplitSeq(s, ",") {
		element = trim(element)
		if wordFlaw(element) == "" {
			list = append(list, element)
		}
	}
	return list
}

// FormatList returns the elements of list separated by commas; "" for none.
// An element that is empty, or not visible ASCII without commas, is an error,
// which is ErrInvalidHeader.
func FormatList[S ~string](list []S) (string, error) {
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
