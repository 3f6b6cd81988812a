package advice

import (
	"net/http"
	"strings"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
)

const (
	methodHint = "a firewall may allow only GET, HEAD and POST: try --method-override"
	chunkHint  = "a smaller --chunk-size may pass"
)

// Method returns what to do if something refused a method, or the body of a PATCH, after the
// upload was created. A page with 400 or 403 and without a header of the protocol is that of
// a firewall or a proxy, which rarely says what it refuses.
func Method(e *client.Error) string {
	if e == nil || e.Op != protocol.OpPatch && e.Op != protocol.OpTerminate {
		return ""
	}
	switch e.StatusCode {
	case http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return methodHint
	case http.StatusBadRequest, http.StatusForbidden:
	default:
		return ""
	}
	switch {
	case !e.Unmarked, e.Op == protocol.OpPatch && isTooLong(e):
		return ""
	case e.Op == protocol.OpPatch && mentionsSize(e.Body):
		return chunkHint
	case !isPage(e.Body):
		return "" // the server gives its reason in words, or none
	case e.Op == protocol.OpPatch:
		return methodHint + "; or it may limit the size of a request: " + chunkHint
	}
	return methodHint
}

// isPage reports whether a body is a page of HTML.
func isPage(body string) bool { return strings.HasPrefix(strings.TrimSpace(body), "<") }

// mentionsSize reports whether a text is about the size of a request.
func mentionsSize(text string) bool {
	text = strings.ToLower(text)
	for _, phrase := range []string{"too large", "too big", "body size", "body limit", "request size", "content length", "content-length", "size limit", "exceed"} {
		if strings.Contains(text, phrase) {
			return true
		}
	}
	return false
}
