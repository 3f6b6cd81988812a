package app

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/filestore"
)

// resuming holds the flags about earlier runs.
type resuming struct {
	stateDir string
	noResume bool
	skipSent bool
	recreate string
	account  string
}

// recreates are the values of --recreate.
var recreates = map[string]client.Recreate{
	"gone": client.RecreateGone, "never": client.RecreateNever, "always": client.RecreateAlways,
}

func (r *resuming) register(cmd *cobra.Command) {
	registerStateDir(cmd, &r.stateDir)
	cmd.Flags().StringVar(&r.account, "account", "",
		"use and keep records of this account only, a `name` that is no secret (default: the login, or the name of the endpoint)")
	cmd.Flags().BoolVar(&r.noResume, "no-resume", false, "begin anew, and keep no record for a later run")
	cmd.Flags().BoolVar(&r.skipSent, "skip-sent", false, "leave out files that an earlier run with this flag has sent, where the server still has them")
	cmd.Flags().StringVar(&r.recreate, "recreate", "gone",
		"begin anew `when` the server no longer has the upload of an earlier run (gone), never, or always")
}

// journal adds a journal to config, unless the flags disable it.
func (a *app) journal(r *resuming, config *client.Config) (*journal, error) {
	recreate, ok := recreates[r.recreate]
	if !ok {
		return nil, usage(fmt.Errorf("--recreate %q is none of gone, never and always", r.recreate))
	}
	if err := r.checkSkipping(); err != nil {
		return nil, usage(err)
	}
	if r.noResume {
		return nil, nil
	}
	j := &journal{log: a.log, urls: make(map[string][]string)}
	j.open = sync.OnceValue(func() client.Store { return j.openOrMake(a.stateDir(r.stateDir)) })
	config.Store, config.Recreate = j, recreate
	if r.skipSent {
		config.Ledger = &sentJournal{journal: j}
	}
	return j, nil
}

// journal is the store of one run. It creates the folder when the first upload is
// recorded, because many files are too small for a record. If the folder is not
// usable, uploads continue without records. A nil journal contains no records.
type journal struct {
	log     *slog.Logger
	open    func() client.Store
	lasting bool // records are stored in a folder; set by open
	turns   turns

	mu   sync.Mutex
	urls map[string][]string // URLs of the stored records and of their parts, by key
}

// openOrMake returns the store in the folder dir, or a store in memory.
func (j *journal) openOrMake(dir string, err error) client.Store {
	if err == nil {
		var store *filestore.Store
		if store, err = filestore.New(dir); err == nil {
			j.lasting = true
			return store
		}
	}
	j.log.Warn("uploads cannot be resumed by a later run", "err", err)
	return new(client.MemoryStore)
}

// kept reports whether a later run finds the record of an upload or of its parts.
func (j *journal) kept(result *client.Result) bool {
	return j.keyOf(result) != ""
}

// keyOf returns the key of that record, or "" without a record.
func (j *journal) keyOf(result *client.Result) string {
	if j == nil {
		return ""
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	for key, known := range j.urls {
		for _, r := range slices.Concat(result.Parts, []*client.Result{result}) {
			if r.URL != "" && slices.Contains(known, r.URL) && j.lasting {
				return key
			}
		}
	}
	return ""
}

// Load implements client.Store.
func (j *journal) Load(ctx context.Context, key string) (*client.Record, error) {
	r, err := j.open().Load(ctx, key)
	if err == nil {
		j.note(key, r)
	}
	return r, err
}

// Save implements client.Store. It stores an absolute path, because users may list
// records from another working directory.
func (j *journal) Save(ctx context.Context, r *client.Record) error {
	saved := *r
	if path, err := filepath.Abs(r.Source); err == nil && r.Source != "" {
		saved.Source = path
	}
	err := j.open().Save(ctx, &saved)
	if err == nil {
		r.Revision = saved.Revision
		j.note(r.Key, r)
	}
	return err
}

// ListSuffix implements client.SuffixLister.
func (j *journal) ListSuffix(ctx context.Context, suffix string) iter.Seq2[*client.Record, error] {
	store, ok := j.open().(client.SuffixLister)
	if !ok {
		return func(func(*client.Record, error) bool) {}
	}
	return store.ListSuffix(ctx, suffix)
}

func (j *journal) note(key string, r *client.Record) {
	urls := []string{r.URL}
	for _, part := range r.Parts {
		urls = append(urls, part.URL)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.urls[key] = urls
}

// Delete implements client.Store.
func (j *journal) Delete(ctx context.Context, key, revision string) error {
	err := j.open().Delete(ctx, key, revision)
	if err == nil {
		j.mu.Lock()
		defer j.mu.Unlock()
		delete(j.urls, key)
	}
	return err
}

// Lock implements client.Store. A file that is named twice is uploaded twice, one
// upload after the other. Lock does not wait for other processes.
func (j *journal) Lock(ctx context.Context, key string) (func() error, error) {
	give, err := j.turns.take(ctx, key)
	if err != nil {
		return nil, err
	}
	unlock, err := j.open().Lock(ctx, key)
	if err != nil {
		give()
		return nil, err
	}
	return func() error {
		defer give()
		return unlock()
	}, nil
}

// isGone reports whether an upload failed because an earlier upload is gone and the
// flags forbid a new one.
func (r *resuming) isGone(result *client.Result, err error) bool {
	exchange, ok := errors.AsType[*client.Error](err)
	return ok && !r.noResume && recreates[r.recreate] == client.RecreateNever && result.CreationHeader == nil &&
		exchange.Class == client.ClassGone && !errors.Is(err, client.ErrUncertain)
}
