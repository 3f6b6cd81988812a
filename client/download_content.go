package client

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/tusker-go/tusker/protocol"
)

// Content is what a server offers in answer to a GET of an upload.
type Content struct {
	// Length is its size in bytes, the zero value where the server does not
	// say it beforehand.
	Length protocol.Length

	// Version is the same for the same bytes at the same URL, as far as the
	// server can tell, and may be kept to go on with a download later. It is
	// "" where nothing tells two states of the content apart.
	Version string

	// Upload is what the server says of the upload by HEAD: its metadata, for
	// one. It is nil where the server does not answer as a tus server.
	Upload *protocol.State

	// Header is that of the answer. It may be a server's own choice: what it
	// says of a name, for one, is not to be trusted.
	Header http.Header

	unchanged string // for If-Range, "": there is nothing to ask by
}

// contentOf reads the answer to a GET for all of an upload.
func contentOf(resp *http.Response, upload *protocol.State) Content {
	c := Content{Upload: upload, Header: resp.Header}
	switch {
	case resp.StatusCode == http.StatusNoContent:
		c.Length = protocol.Known(0)
	case resp.ContentLength >= 0:
		c.Length = protocol.Known(resp.ContentLength)
	case upload != nil:
		c.Length = upload.Length
	}
	c.vouch()
	return c
}

// vouch sets what the content is known by: a strong ETag, a date that is one, or
// that a complete upload does not change any more.
func (c *Content) vouch() {
	if _, known := c.Length.Int64(); !known {
		return
	}
	etag, modified := strongETag(c.Header), lastModified(c.Header, c.Upload != nil)
	switch {
	case etag != "":
		c.unchanged = etag
		c.Version = fmt.Sprintf("length %s, etag %s", c.Length, etag)
	case modified != "":
		c.unchanged = modified
		c.Version = fmt.Sprintf("length %s, last modified %s", c.Length, modified)
	case c.Upload != nil:
		c.Version = fmt.Sprintf("length %s, complete", c.Length)
	}
}

// strongETag is "" for a weak one, which two contents may share (RFC 9110,
// section 8.8.3).
func strongETag(h http.Header) string {
	if etag := h.Get("Etag"); strings.HasPrefix(etag, `"`) {
		return etag
	}
	return ""
}

// lastModified is "" where the content may have changed again within the same
// second (RFC 9110, section 8.8.2.2). What is final cannot.
func lastModified(h http.Header, final bool) string {
	value := h.Get("Last-Modified")
	modified, err := http.ParseTime(value)
	if err != nil {
		return ""
	}
	date, err := http.ParseTime(h.Get("Date"))
	if !final && (err != nil || date.Sub(modified) < time.Second) {
		return ""
	}
	return value
}

// differs says in what another answer for the same URL belongs to another
// content, "" for nothing. Length is what that answer says of the whole.
func (c *Content) differs(h http.Header, length protocol.Length) string {
	ours, known := c.Length.Int64()
	if theirs, said := length.Int64(); known && said && ours != theirs {
		return fmt.Sprintf("its length was %d and is %d", ours, theirs)
	}
	for _, name := range []string{"Etag", "Last-Modified"} {
		was, is := c.Header.Get(name), h.Get(name)
		if was != "" && is != "" && was != is {
			return fmt.Sprintf("%s was %q and is %q", name, shortened(was, maxWords), shortened(is, maxWords))
		}
	}
	return ""
}

// contentRange reads the header of that name: bytes first-last/length, where
// length may be "*", which is not known (RFC 9110, section 14.4).
func contentRange(h http.Header) (first int64, length protocol.Length, err error) {
	value := h.Get("Content-Range")
	fail := func() (int64, protocol.Length, error) {
		return 0, protocol.Length{}, fmt.Errorf("%w: Content-Range is %q", ErrContent, shortened(value, maxWords))
	}
	unit, rest, _ := strings.Cut(strings.TrimSpace(value), " ")
	span, whole, ok := strings.Cut(strings.TrimSpace(rest), "/")
	from, to, dash := strings.Cut(span, "-")
	if !ok || !dash || !strings.EqualFold(unit, "bytes") {
		return fail()
	}
	first, err = parsePosition(from)
	if err != nil {
		return fail()
	}
	last, err := parsePosition(to)
	if err != nil || last < first {
		return fail()
	}
	if whole == "*" {
		return first, protocol.Length{}, nil
	}
	n, err := parsePosition(whole)
	if err != nil || last >= n {
		return fail()
	}
	return first, protocol.Known(n), nil
}

// parsePosition takes digits only.
func parsePosition(s string) (int64, error) {
	n, err := strconv.ParseUint(s, 10, 63)
	return int64(n), err
}
