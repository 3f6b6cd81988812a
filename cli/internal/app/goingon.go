package app

import (
	"errors"
	"slices"

	"github.com/tusker-go/tusker/client"
)

// goOn is the hint for an upload that can be gone on with by the same command,
// "" for one that cannot.
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
	return hint + ": it goes on from there"
}

// useless are errors after which there is nothing to go on with, or nothing that
// a rerun would do better.
var useless = []error{
	client.ErrSourceChanged, client.ErrSourceWindow, client.ErrLengthMismatch,
	client.ErrIntegrity, client.ErrDifferent, client.ErrUncertain, client.ErrRefused,
}

// mended tells whether an upload that failed by err goes on once somebody has
// done something about the cause: a file system that did not answer, credentials,
// a server's rules.
func mended(err error) bool {
	return !slices.ContainsFunc(useless, func(target error) bool { return errors.Is(err, target) })
}
