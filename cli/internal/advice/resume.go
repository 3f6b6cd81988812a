package advice

import (
	"errors"
	"runtime"

	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/cli/internal/shell"
	"github.com/tusker-go/tusker/client"
)

// misplacedHint is the hint for an upload whose URL is unknown to the server.
func misplacedHint(err error) string {
	const hint = "correct the Location that the server sends, or the proxy in front of it, and run the same command again"
	e, _ := errors.AsType[*client.Error](err)
	if method := Method(e); method != "" {
		return hint + "; if the Location is right, " + method
	}
	return hint
}

// IsMisplaced reports whether the best advice for an error is about the Location. A refused
// certificate has advice of its own, even if its server is on an unusual origin.
func IsMisplaced(err error) bool {
	return errors.Is(err, client.ErrMisplaced) && !errors.Is(err, client.ErrUntrusted)
}

const nothingYetHint = "nothing was uploaded yet: run the same command again"

// orphanHint is the hint for a creation with all bytes that was not answered.
const orphanHint = "the server may have the file although it did not answer: check this before you run the same command again"

// NewUpload is the hint for parts without a record.
const NewUpload = "run the same command again; a new upload begins"

// resumeHint returns the command that resumes, quoted for a shell. It does not show
// a URL with a secret, which is only on standard output.
func resumeHint(url, file string, same Invocation) string {
	if url == "" {
		return nothingYetHint
	}
	if output.HasSecret(url) {
		return "run the same command again; a new upload begins, because the URL of this one holds a secret and is not shown: --json prints it, for tusker resume"
	}
	hint := "resume with: "
	if same.NeedsFlags {
		hint = "resume, with the same flags: "
	}
	return hint + same.Command("resume") + shell.Quote(url, runtime.GOOS) + " " + shell.QuotePath(file)
}

// Uncertain is the hint for an upload that may be complete, and must not be
// sent again without a decision of the user. The text about a new upload comes
// before the command, so that the command is easy to copy.
func Uncertain(result *client.Result, again string, same Invocation) string {
	if inParts(result) {
		return "the server may have joined the parts and deleted them; if not, " + again
	}
	hint := "the server may have finished and moved it; if it is really not there, " + again
	if output.HasSecret(result.URL) {
		return hint
	}
	hint += "; check"
	if same.NeedsFlags {
		hint += ", with the same flags"
	}
	return hint + ": " + same.Command("info") + shell.Quote(result.URL, runtime.GOOS)
}

// completeHint is for an upload that is complete and could not be verified.
func completeHint(url string) string {
	if output.HasSecret(url) {
		return "without --verify, it is complete; --json prints its URL, which holds a secret"
	}
	return "without --verify, it is complete: " + shell.Quote(url, runtime.GOOS)
}

// SameURL is an argument for a command in a hint: the URL that the user gave to this
// command, or the word URL in place of one that holds a secret.
func SameURL(url string) string {
	if output.HasSecret(url) {
		return "URL"
	}
	return shell.Quote(url, runtime.GOOS)
}
