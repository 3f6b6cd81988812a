package download

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/internal/partial"
	"github.com/tusker-go/tusker/client/internal/redact"
	"github.com/tusker-go/tusker/client/internal/tus"
	"github.com/tusker-go/tusker/protocol"
)

// match is how the content of a response relates to that of the first response.
type match uint8

const (
	// matchSame: the response has the strong validator of the first one.
	matchSame match = iota

	// matchUnproven: there is no strong validator, so only the bytes can tell.
	matchUnproven

	// matchUnnamed: a range that does not say of which content it is.
	matchUnnamed

	// matchChanged: the server names another content than before.
	matchChanged

	// matchOtherServer: the response lacks what the first one had, so something
	// between the client and the server sent it.
	matchOtherServer
)

// compare compares a later response with the first one. length is the length of the whole
// content in that response. The text names the difference; it is "" for matchSame and
// matchUnproven.
func (c *Content) compare(status int, h http.Header, length protocol.Length) (match, string) {
	ours, theirs := c.validator, validatorOf(h)
	partial := status == http.StatusPartialContent
	names := theirs.field == ours.field || ours.field == fieldModified && isDate(h.Get(fieldModified))
	switch {
	case ours.isIn(h):
		if what := c.otherLength(length); what != "" {
			return matchChanged, what
		}
		return matchSame, ""
	case partial && names:
		return matchChanged, otherValue(ours.field, ours.value, h)
	case partial:
		return matchUnnamed, otherValue(ours.field, ours.value, h)
	}
	what := c.otherSender(h)
	switch {
	case what != "":
		return matchOtherServer, what
	case ours == validator{}:
		if what := c.otherLength(length); what != "" {
			return matchChanged, what
		}
		return matchUnproven, ""
	case names:
		return matchChanged, otherValue(ours.field, ours.value, h)
	}
	return matchOtherServer, otherValue(ours.field, ours.value, h)
}

// otherLength says how the length of another response differs, "" if it does not.
func (c *Content) otherLength(length protocol.Length) string {
	was, known := c.Length.Int64()
	if is, said := length.Int64(); known && said && was != is {
		return fmt.Sprintf("its length was %d and is %d", was, is)
	}
	return ""
}

// otherValue says how a header field differs from what it was.
func otherValue(field, was string, h http.Header) string {
	was = redact.Shorten(was, redact.MaxText)
	if h.Get(field) == "" {
		return fmt.Sprintf("%s was %q and is missing", field, was)
	}
	return fmt.Sprintf("%s was %q and is %q", field, was, redact.Shorten(h.Get(field), redact.MaxText))
}

// otherSender returns the reason why another server must have sent the header, or "". The
// login page of a Wi-Fi network, for example, has no header of tus and another media type.
func (c *Content) otherSender(h http.Header) string {
	if field, was := tus.SentBy(c.Header); was != "" && h.Get(field) == "" {
		return otherValue(field, was, h)
	}
	if partial.MediaType(c.Header) != partial.MediaType(h) {
		return otherValue(fieldType, c.Header.Get(fieldType), h)
	}
	return ""
}

// isInterposed reports whether the refusal e is that of a portal or a proxy. Such an answer is
// a redirect that cannot be followed, a page of HTML, or one without the header that all answers
// of the server have. A refusal of the server itself has none of these.
func (c *Content) isInterposed(e *failure.Error) bool {
	if e.Class != failure.ClassFinal && e.Class != failure.ClassGone {
		return false
	}
	if isRedirected(e) {
		return true
	}
	if e.StatusCode/100 != 4 || e.StatusCode == http.StatusProxyAuthRequired {
		return false
	}
	field, was := tus.SentBy(c.Header)
	return was != "" && e.Header.Get(field) == "" ||
		partial.MediaType(e.Header) == partial.TypeHTML && partial.MediaType(c.Header) != partial.TypeHTML
}

// isRedirected reports whether an exchange ended with a redirect that cannot be followed.
func isRedirected(err error) bool {
	return errors.Is(err, failure.ErrRedirected) || errors.Is(err, protocol.ErrRedirect)
}

// isPage reports whether the first response to GET is a page in the place of the upload that
// a tus server described in its answer to HEAD. The page has no header of that server, its
// length is unknown or is not that of the upload, and the metadata of the upload name
// something else. Size is its Content-Length, or negative if there is none.
func (d *download) isPage(h http.Header, size int64) bool {
	if d.upload == nil || len(d.upload.Metadata) == 0 || partial.MediaType(h) != partial.TypeHTML {
		return false
	}
	if _, version := tus.SentBy(h); version != "" || size >= 0 && d.upload.Length == protocol.Known(size) {
		return false
	}
	for _, value := range d.upload.Metadata {
		if strings.Contains(strings.ToLower(value), "htm") {
			return false
		}
	}
	return true
}

func isDate(value string) bool {
	_, err := http.ParseTime(value)
	return err == nil
}
