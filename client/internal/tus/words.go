package tus

import (
	"net/http"
	"strings"
	"unicode"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/internal/redact"
)

// classByText has texts of servers whose status does not tell the cause.
var classByText = []struct {
	status int
	says   func(text string) bool
	class  failure.Class
}{
	{http.StatusBadRequest, contains("request aborted due to lock acquired"), failure.ClassTransient},
	{http.StatusServiceUnavailable, mentionsLock, failure.ClassLocked},
	{http.StatusConflict, mentionsLock, failure.ClassLocked},
	{http.StatusConflict, contains("currently being updated"), failure.ClassLocked},
}

// lockTimeout is the complete text of some servers about a lock. It counts like a code.
const lockTimeout = "lock timeout"

// classifyText returns the class that the server's text gives. HTML bodies are ignored.
// A 503 with Retry-After means throttling, even if its text mentions a lock.
func classifyText(e *failure.Error) (failure.Class, bool) {
	if e.Body == "" || redact.IsPage(e.Body) {
		return 0, false
	}
	text := strings.ToLower(e.Body)
	if e.StatusCode == http.StatusServiceUnavailable && asksToWait(e) && strings.TrimSpace(text) != lockTimeout {
		return 0, false
	}
	for _, row := range classByText {
		if e.StatusCode == row.status && row.says(text) {
			return row.class, true
		}
	}
	return 0, false
}

// asksToWait reports whether the answer has a Retry-After.
func asksToWait(e *failure.Error) bool {
	_, ok := e.RetryAfter()
	return ok
}

func contains(phrase string) func(string) bool {
	return func(text string) bool { return strings.Contains(text, phrase) }
}

// mentionsLock reports whether a text has a lock as a word: "clock" and "blocked" do
// not count.
func mentionsLock(text string) bool {
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return !unicode.IsLetter(r) }) {
		switch word {
		case "lock", "locks", "locked":
			return true
		}
	}
	return false
}
