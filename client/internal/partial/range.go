// Package partial reads what the answer to a request for a range says about the content: its
// validators (RFC 9110, section 8.8) and its Content-Range (section 14.4).
package partial

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/internal/redact"
	"github.com/tusker-go/tusker/protocol"
)

// Range is a Content-Range.
type Range struct {
	// Start is the position of the first byte, and End the position behind the last one.
	Start, End int64

	// Whole is the length of the whole content. The zero value: the server does not say it.
	Whole protocol.Length
}

// ContentRange reads the header of that name: bytes first-last/length. The length may be
// "*" (RFC 9110, section 14.4). A response in several parts has its ranges inside its body,
// and is an error. Errors are failure.ErrContent.
func ContentRange(h http.Header) (Range, error) {
	value := h.Get("Content-Range")
	if strings.EqualFold(MediaType(h), "multipart/byteranges") {
		return Range{}, fmt.Errorf("%w: several ranges, but one was requested", failure.ErrContent)
	}
	if r, ok := parseRange(value); ok {
		return r, nil
	}
	return Range{}, fmt.Errorf("%w: Content-Range is %q", failure.ErrContent, redact.Shorten(value, redact.MaxText))
}

func parseRange(value string) (r Range, ok bool) {
	unit, rest, _ := strings.Cut(strings.TrimSpace(value), " ")
	span, whole, ok := strings.Cut(strings.TrimSpace(rest), "/")
	from, to, dash := strings.Cut(span, "-")
	if !ok || !dash || !strings.EqualFold(unit, "bytes") {
		return Range{}, false
	}
	first, err := parsePosition(from)
	if err != nil {
		return Range{}, false
	}
	last, err := parsePosition(to)
	if err != nil || last < first || last == 1<<63-1 {
		return Range{}, false
	}
	r = Range{Start: first, End: last + 1}
	if whole == "*" {
		return r, true
	}
	n, err := parsePosition(whole)
	if err != nil || last >= n {
		return Range{}, false
	}
	r.Whole = protocol.Known(n)
	return r, true
}

// parsePosition takes digits only.
func parsePosition(s string) (int64, error) {
	n, err := strconv.ParseUint(s, 10, 63)
	return int64(n), err
}

// Unsatisfied returns the length of the whole content that an answer with status 416 names:
// bytes */length.
func Unsatisfied(h http.Header) protocol.Length {
	unit, rest, _ := strings.Cut(strings.TrimSpace(h.Get("Content-Range")), " ")
	whole, ok := strings.CutPrefix(strings.TrimSpace(rest), "*/")
	n, err := parsePosition(whole)
	if !ok || err != nil || !strings.EqualFold(unit, "bytes") {
		return protocol.Length{}
	}
	return protocol.Known(n)
}
