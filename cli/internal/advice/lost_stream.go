package advice

import (
	"errors"
	"runtime"

	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/cli/internal/shell"
)

// lostStreamHint says what to do about a stream whose upload ended early. The rest
// of a new stream does not continue what the server has. A URL with a secret is not
// shown.
func lostStreamHint(url string, same Invocation) string {
	if url == "" {
		return nothingYetHint
	}
	hint := "a stream cannot be resumed once the program has ended: run the same command again from the start of the stream; " +
		"what the server has stays there until it expires"
	if output.HasSecret(url) {
		return hint + " or tusker terminate deletes it: its URL holds a secret and is not shown here, --json prints it"
	}
	hint += "; to delete it"
	if same.NeedsFlags {
		hint += ", with the same flags"
	}
	return hint + ": " + same.Command("terminate") + shell.Quote(url, runtime.GOOS)
}

// ErrOtherStream means that an upload has bytes which nobody can compare with
// those of a stream.
var ErrOtherStream = errors.New("it is not known whether this is the stream that the upload was begun with")

const otherStreamHint = "tusker upload sends the stream from its start, as another upload; " +
	"if it begins with the same bytes that were sent before, --same-stream resumes this upload"
