package client

import (
	"net/http"
	"strings"
	"unicode"
)

// classByWords is for servers that say in words what the status does not.
var classByWords = []struct {
	status int
	said   func(words string) bool
	class  Class
}{
	{http.StatusBadRequest, says("request aborted due to lock acquired"), ClassTransient},
	{http.StatusServiceUnavailable, saysLock, ClassLocked},
	{http.StatusConflict, saysLock, ClassLocked},
	{http.StatusConflict, says("currently being updated"), ClassLocked},
}

// lockTimeout is all that some servers say of a lock; it is as good as a code.
const lockTimeout = "lock timeout"

// classifyWords gives the class of what the server said. A page says nothing, and
// one who says when to come again has said what counts.
func classifyWords(e *Error) (Class, bool) {
	if e.Body == "" || isPage(e.Body) {
		return 0, false
	}
	words := strings.ToLower(e.Body)
	if e.StatusCode == http.StatusServiceUnavailable && e.After > 0 && strings.TrimSpace(words) != lockTimeout {
		return 0, false
	}
	for _, row := range classByWords {
		if e.StatusCode == row.status && row.said(words) {
			return row.class, true
		}
	}
	return 0, false
}

// isPage tells whether a body is one of HTML or XML.
func isPage(body string) bool { return strings.HasPrefix(strings.TrimSpace(body), "<") }

func says(phrase string) func(string) bool {
	return func(words string) bool { return strings.Contains(words, phrase) }
}

// saysLock tells whether a lock is spoken of, as a word of its own: there are
// clocks, and what is blocked, as well.
func saysLock(words string) bool {
	for word := range strings.FieldsFuncSeq(words, func(r rune) bool { return !unicode.IsLetter(r) }) {
		switch word {
		case "lock", "locks", "locked":
			return true
		}
	}
	return false
}
