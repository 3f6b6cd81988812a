package download

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/internal/redact"
	"github.com/tusker-go/tusker/protocol"
)

// byteRange is a Content-Range: the positions of the first byte and of the one
// behind the last, and the length of the whole content if the server says it.
type byteRange struct {
	start, end int64
	whole      protocol.Length
}

// contentRange reads the header of that name: bytes first-last/length, where
// length may be "*" (RFC 9110, section 14.4). A response in several parts has its
// ranges inside its body, and is an error.
func contentRange(h http.Header) (byteRange, error) {
	value := h.Get("Content-Range")
	if strings.EqualFold(mediaType(h), "multipart/byteranges") {
		return byteRange{}, fmt.Errorf("%w: several ranges, but one was requested", failure.ErrContent)
	}
	if r, ok := parseRange(value); ok {
		return r, nil
	}
	return byteRange{}, fmt.Errorf("%w: Content-Range is %q", failure.ErrContent, redact.Shorten(value, redact.MaxText))
}

func parseRange(value string) (r byteRange, ok bool) {
	unit, rest, _ := strings.Cut(strings.TrimSpace(value), " ")
	span, whole, ok := strings.Cut(strings.TrimSpace(rest), "/")
	from, to, dash := strings.Cut(span, "-")
	if !ok || !dash || !strings.EqualFold(unit, "bytes") {
		return byteRange{}, false
	}
	first, err := parsePosition(from)
	if err != nil {
		return byteRange{}, false
	}
	last, err := parsePosition(to)
	if err != nil || last < first || last == 1<<63-1 {
		return byteRange{}, false
	}
	r = byteRange{start: first, end: last + 1}
	if whole == "*" {
		return r, true
	}
	n, err := parsePosition(whole)
	if err != nil || last >= n {
		return byteRange{}, false
	}
	r.whole = protocol.Known(n)
	return r, true
}

// parsePosition takes digits only.
func parsePosition(s string) (int64, error) {
	n, err := strconv.ParseUint(s, 10, 63)
	return int64(n), err
}
