package app

import (
	"errors"
	"slices"

	"github.com/tusker-go/tusker/client"
)

// goOn returns the hint for an upload that the same command can resume, and "" for
// others.
func (b *batch) goOn(result *client.Result) string {
	if !b.records.kept(result) {
		return ""
	}
	hint := "run the same command again"
	if recreates[b.recreate] == client.RecreateAlways {
		hint += " without --recreate always"
	}
	if len(b.list.entries) > 1 {
		hint += " for this file alone"
	}
	return hint + ": it resumes the upload"
}

// useless are errors after which a run with the same command cannot resume.
var useless = []error{
	client.ErrSourceChanged, client.ErrSourceWindow, client.ErrLengthMismatch,
	client.ErrIntegrity, client.ErrDifferent, client.ErrUncertain, client.ErrRefused,
}

// mended reports whether an upload that failed with err can be resumed after the user
// has fixed the cause: a file system that did not answer, credentials, or rules of
// the server.
func mended(err error) bool {
	return !slices.ContainsFunc(useless, func(target error) bool { return errors.Is(err, target) })
}
