package advice

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
)

const (
	// longHeader is a size in bytes from which on a 400 may be about the headers of a request.
	longHeader = 4 << 10

	// longJoin is the same for a request that joins parts, most of which is the list of the
	// parts.
	longJoin = 2 << 10
)

// lengthHint is for a request that a server or a proxy may have refused because its headers or
// its URL are too long. "": there is nothing to say.
func lengthHint(cmd *cobra.Command, e *client.Error) string {
	if e == nil || e.Op == protocol.OpConcat {
		return joinHint(cmd, e)
	}
	if !isTooLong(e) {
		return ""
	}
	if e.StatusCode == http.StatusRequestURITooLong {
		return fmt.Sprintf("the URL has %d bytes, more than the server or a proxy in front of it takes", len(e.URL))
	}
	return fmt.Sprintf("the headers of the request have %d bytes, which is too long for the server or a proxy in front of it: "+
		"shorten the metadata (--metadata, --no-default-metadata) or --header", e.HeaderSize)
}

// joinHint is for a request that joins parts.
func joinHint(cmd *cobra.Command, e *client.Error) string {
	if e == nil || e.Class != client.ClassFinal && e.Class != client.ClassGone {
		return ""
	}
	concat := cmd.Name() == "concat"
	switch e.StatusCode {
	case 0, http.StatusUnauthorized, http.StatusForbidden, http.StatusProxyAuthRequired:
		return ""
	case http.StatusBadRequest, http.StatusRequestURITooLong, http.StatusRequestHeaderFieldsTooLarge:
		if e.StatusCode == http.StatusBadRequest && e.HeaderSize < longJoin && !isTooLong(e) {
			break // the answer is about something else than the size
		}
		text := fmt.Sprintf("the request that names all parts has %d bytes of headers, which may be too long for the server or a proxy in front of it: ", e.HeaderSize)
		if concat {
			return text + "join fewer files"
		}
		return text + "--recreate always with a smaller --parallel sends the file again in fewer parts"
	}
	if concat {
		return "the server does not join the parts: tusker upload sends the files as separate uploads"
	}
	return noJoinHint
}

// noJoinHint is for parts that the server does not join, or no longer joins.
const noJoinHint = "the server does not join the parts: --recreate always sends the file again, without --parallel in one piece"

// isTooLong reports whether an answer says that the headers or the URL of its request are too
// long. nginx and others answer 400, and say in a page why.
func isTooLong(e *client.Error) bool {
	switch e.StatusCode {
	case http.StatusRequestURITooLong, http.StatusRequestHeaderFieldsTooLarge:
		return true
	case http.StatusBadRequest:
		text := strings.ToLower(e.Body)
		return strings.Contains(text, "header") && (strings.Contains(text, "large") || strings.Contains(text, "long") || strings.Contains(text, "size")) ||
			e.HeaderSize > longHeader && (text == "" || strings.HasPrefix(strings.TrimSpace(text), "<"))
	}
	return false
}
