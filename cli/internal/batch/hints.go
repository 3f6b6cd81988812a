package batch

import (
	"errors"
	"slices"

	"github.com/tusker-go/tusker/cli/internal/advice"
	"github.com/tusker-go/tusker/cli/internal/flags"
	"github.com/tusker-go/tusker/cli/internal/records"
	"github.com/tusker-go/tusker/client"
)

// ended prepares an error of an upload for its message, with a hint how to resume
// if there is a record.
func (b *Batch) ended(e entry, result *client.Result, err error) error {
	out := advice.Ended(e.path(), b.IsLost(b.Console.In, e.path()), result, err, b.Again)
	out.Subject = b.shownName(e)
	goOn := b.goOn(result)
	switch {
	case advice.IsNotStarted(err):
		out.Err = advice.NotStarted(out.Err)
	case errors.Is(err, errDirectory):
		out.Hint = recursiveHint
	case advice.IsMisplaced(err) && !out.Resumable:
	case b.IsGone(result, err):
		out.Hint = "to upload it again, use tusker upload without --recreate never"
	case errors.Is(err, client.ErrUncertain) && !out.Resumable:
		out.Hint = advice.Uncertain(result, b.repeatText(result), b.Again)
	case errors.Is(err, client.ErrRefused):
		out.Hint = b.startOver(result)
	case errors.Is(err, client.ErrIntegrity):
		out.Hint = "while the server claims these bytes, only " + b.repeatText(result)
	case out.Resumable && goOn != "":
		out.Hint = goOn
	case goOn != "" && isMendable(err) && b.hint(out) == "":
		out.Hint = "after you have corrected this, " + goOn
	}
	return out.Before(advice.Undelivered(result, err))
}

// repeatText returns the text that tells how to upload a file again that may be complete.
func (b *Batch) repeatText(result *client.Result) string {
	if !b.Records.Keeps(result) {
		return "the same command sends the file again"
	}
	text := "--recreate always"
	if b.SkipSent != flags.SkipNone {
		text += " without --skip-sent"
	}
	text += " sends the file again"
	if b.List.Len() > 1 {
		text += ": name it alone"
	}
	return text
}

// startOver returns the text that tells how to upload a file again that the server
// refused.
func (b *Batch) startOver(result *client.Result) string {
	key := b.Records.KeyOf(result)
	switch {
	case key != "":
		return "later runs report this too; to start over, " + b.repeatText(result) + "; tusker uploads rm " +
			records.ShortKey(key) + " forgets the refusal"
	case b.SkipSent != flags.SkipNone && result.CreationHeader == nil:
		return "later runs report this too; to start over, --recreate always without --skip-sent sends the file again"
	}
	return b.repeatText(result)
}

// goOn returns the hint for an upload that the same command can resume, and "" for
// others.
func (b *Batch) goOn(result *client.Result) string {
	if !b.Records.Keeps(result) {
		return ""
	}
	hint := "run the same command again"
	if flags.Recreates[b.Recreate] == client.RecreateAlways {
		hint += " without --recreate always"
	}
	if b.List.Len() > 1 && b.Sent == nil {
		hint += " for this file alone"
	}
	return hint + ": it resumes the upload"
}

// finalErrors are errors after which a run with the same command cannot resume.
var finalErrors = []error{
	client.ErrSourceChanged, client.ErrSourceWindow, client.ErrLengthMismatch,
	client.ErrIntegrity, client.ErrDifferent, client.ErrUncertain, client.ErrRefused,
}

// isMendable reports whether an upload that failed with err can be resumed after the user
// has fixed the cause: a file system that did not answer, credentials, or rules of
// the server.
func isMendable(err error) bool {
	return !slices.ContainsFunc(finalErrors, func(target error) bool { return errors.Is(err, target) })
}
