package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/advice"
	"github.com/tusker-go/tusker/cli/internal/flags"
	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/cli/internal/records"
	"github.com/tusker-go/tusker/cli/internal/usage"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/filestore"
)

func uploadsRemoveCommand(a *app) *cobra.Command {
	stateDir := ""
	cmd := &cobra.Command{
		Use:   "rm [flags] KEY...",
		Short: "Remove records of unfinished uploads and batches",
		Long: `Removes the records of uploads, so that the files are uploaded again from the
beginning. Without its record, a batch sends all its files again. KEY is a key,
or the beginning of only one key. Records of running uploads stay.

The uploads on the server are not deleted; use "tusker terminate URL" for that.`,
		Example: `  tusker uploads rm 3f9a1c2b
  tusker uploads rm 3f9a 77e0`,
		Args: usage.Arguments(1, 0, "one or more KEY"),
		RunE: func(cmd *cobra.Command, args []string) error { return runUploadsRemove(a, cmd, stateDir, args) },
	}
	flags.RegisterStateDir(cmd, &stateDir)
	cmd.ValidArgsFunction = func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		return completeKeys(cmd.Context(), a, stateDir), cobra.ShellCompDirectiveNoFileComp
	}
	return cmd
}

// completeKeys returns the keys of all records as a list shows them, each with its
// source.
func completeKeys(ctx context.Context, a *app, stateDir string) []string {
	store, err := records.Open(stateDir, a.console.LookupEnv)
	if err != nil {
		return nil
	}
	var all []packed
	// Records that cannot be listed are left out of the completions.
	_ = records.Each(ctx, a.console.Log, store, func(r *client.Record) { all = append(all, pack(newUnfinished(r))) })
	var keys []string
	for _, p := range abbreviate(all) {
		keys = append(keys, p.shortKey()+"\t"+output.Escape(p.unpack().source))
	}
	return keys
}

func runUploadsRemove(a *app, cmd *cobra.Command, stateDir string, keys []string) error {
	ctx := cmd.Context()
	if slices.Contains(keys, "") {
		return usage.Error(errors.New("KEY is empty"))
	}
	store, err := records.Open(stateDir, a.console.LookupEnv)
	if err != nil {
		return err
	}
	found, err := findRecords(ctx, a, store, keys)
	if err != nil {
		return err
	}
	errs := make([]error, len(keys))
	for i, f := range found {
		key, err := f.only()
		if err == nil {
			err = removeRecord(ctx, store, key)
		}
		if err != nil {
			errs[i] = &advice.Failure{Subject: keys[i], Err: err, Hint: f.hint()}
			if len(keys) > 1 {
				a.console.Complain(cmd, errs[i], "")
			}
		}
	}
	if len(keys) == 1 {
		return errs[0]
	}
	return advice.Verdict("keys", keys, errs)
}

// removeRecord keeps records that are in use.
func removeRecord(ctx context.Context, store *filestore.Store, key string) error {
	if err := store.RemoveBatch(key); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	unlock, err := store.Lock(ctx, key)
	if errors.Is(err, client.ErrBusy) {
		return errors.New("it is being uploaded")
	}
	if err != nil {
		return err
	}
	return errors.Join(store.Remove(ctx, key), unlock())
}

// foundKeys are at most two keys that begin with the argument.
type foundKeys []string

func (f foundKeys) only() (string, error) {
	switch len(f) {
	case 0:
		return "", errors.New("no such record")
	case 1:
		return f[0], nil
	}
	return "", usage.Error(fmt.Errorf("it stands for several records, such as %s and %s", f[0], f[1]))
}

func (f foundKeys) hint() string {
	if len(f) == 0 {
		return "tusker uploads lists them"
	}
	return ""
}

// findRecords finds the record of each key or prefix of a key. A complete key names
// its own record, even if other keys begin with it, and even if the record cannot
// be read.
func findRecords(ctx context.Context, a *app, store *filestore.Store, given []string) ([]foundKeys, error) {
	found := make([]foundKeys, len(given))
	if store == nil {
		return found, nil
	}
	exact := make([]bool, len(given))
	for i, key := range given {
		if client.CheckKey(key) != nil {
			continue
		}
		_, err := store.Load(ctx, key)
		switch {
		case err == nil, errors.Is(err, client.ErrRecordDamaged), errors.Is(err, client.ErrRecordVersion):
			found[i], exact[i] = foundKeys{key}, true
		case !errors.Is(err, client.ErrNoRecord):
			return nil, err
		}
	}
	if !slices.Contains(exact, false) {
		return found, nil
	}
	match := func(key string) {
		for i, beginning := range given {
			if !exact[i] && len(found[i]) < 2 && strings.HasPrefix(key, beginning) && !slices.Contains(found[i], key) {
				found[i] = append(found[i], key)
			}
		}
	}
	for _, b := range incompleteBatches(ctx, a, store) {
		match(b.Key)
	}
	for i, beginning := range given {
		if exact[i] {
			continue
		}
		if err := records.EachOf(ctx, a.console.Log, store.ListPrefix(ctx, beginning), func(r *client.Record) { match(r.Key) }); err != nil {
			return nil, err
		}
	}
	return found, nil
}
