package app

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/filestore"
)

func (a *app) uploadsCommand() *cobra.Command {
	cmd := a.uploadsListCommand()
	cmd.Use = "uploads [flags]"
	cmd.Example = `  tusker uploads
  tusker uploads rm 3f9a1c2b
  tusker uploads prune --older-than 7d`
	cmd.Args = noSuchCommand
	cmd.AddCommand(a.uploadsListCommand(), a.uploadsRemoveCommand(), a.uploadsPruneCommand())
	return cmd
}

// records returns the store of a folder, or nil if the folder does not exist: only
// an upload creates it.
func (a *app) records(given string) (*filestore.Store, error) {
	dir, err := a.stateDir(given)
	if err != nil {
		return nil, usage(err)
	}
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) || isAbsent(err) && given == "" {
		return nil, nil
	}
	return filestore.New(dir)
}

// eachRecord calls fn for the records in store. A nil store has no records. It
// reports unreadable records and skips them. The error is the first error that is
// not about a single record.
func (a *app) eachRecord(ctx context.Context, store *filestore.Store, fn func(*client.Record)) error {
	if store == nil {
		return nil
	}
	var first error
	for r, err := range store.List(ctx) {
		switch {
		case err == nil:
			fn(r)
		case first == nil && !errors.Is(err, client.ErrRecordDamaged) && !errors.Is(err, client.ErrRecordVersion):
			first = err
		default:
			a.log.WarnContext(ctx, "record left out", "err", err)
		}
	}
	return first
}
