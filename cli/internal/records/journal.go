// Package records has the records of unfinished uploads, and of finished ones, that the program
// keeps between its runs.
package records

import (
	"context"
	"iter"
	"log/slog"
	"slices"
	"sync"

	"github.com/tusker-go/tusker/cli/internal/remote"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/filestore"
)

// Journal is the store of one run. It creates the folder when the first upload is
// recorded, because many files are too small for a record. If the folder is not
// usable, uploads continue without records. A nil journal contains no records.
type Journal struct {
	log     *slog.Logger
	dir     string // "": there is no folder
	open    func() client.Store
	lasting bool // records are stored in a folder; set by open
	inParts func()
	taken   keyLock
	names   remote.Names

	mu   sync.Mutex
	urls map[string][]string // URLs of the stored records and of their parts, by key
	keys map[string]string   // keys of the stored records, by URL
}

// New returns the store of one run in the folder dir. If err is not nil, there is no
// folder. InParts is called when a record of an upload in parts is loaded, from any goroutine.
func New(log *slog.Logger, dir string, err error, inParts func()) *Journal {
	j := &Journal{log: log, dir: dir, inParts: inParts, urls: make(map[string][]string), keys: make(map[string]string)}
	j.open = sync.OnceValue(func() client.Store { return j.openOrMake(dir, err) })
	return j
}

// openOrMake returns the store in the folder dir, or a store in memory.
func (j *Journal) openOrMake(dir string, err error) client.Store {
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

// Keeps reports whether a later run finds the record of an upload or of its parts.
func (j *Journal) Keeps(result *client.Result) bool {
	return j.KeyOf(result) != ""
}

// ShortKey returns the beginning of a key for a hint. It is enough to identify the record.
func ShortKey(key string) string {
	const digits = 12
	return key[:min(len(key), digits)]
}

// KeyOf returns the key of the record that a later run finds, or "" if it finds none.
func (j *Journal) KeyOf(result *client.Result) string {
	if j == nil {
		return ""
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, r := range slices.Concat(result.Parts, []*client.Result{result}) {
		if key := j.keys[r.URL]; key != "" && j.lasting {
			return key
		}
	}
	return ""
}

// Load implements client.Store.
func (j *Journal) Load(ctx context.Context, key string) (*client.Record, error) {
	r, err := j.open().Load(ctx, key)
	if err == nil {
		j.note(key, r)
		if len(r.Parts) > 0 {
			j.inParts()
		}
	}
	return r, err
}

// Save implements client.Store. It stores an absolute path, because users may list
// records from another working directory.
func (j *Journal) Save(ctx context.Context, r *client.Record) error {
	saved := withPath(&j.names, r)
	err := j.open().Save(ctx, saved)
	if err == nil {
		r.Revision = saved.Revision
		j.note(r.Key, r)
	}
	return err
}

// ListSuffix implements client.SuffixLister.
func (j *Journal) ListSuffix(ctx context.Context, suffix string) iter.Seq2[*client.Record, error] {
	store, ok := j.open().(client.SuffixLister)
	if !ok {
		return func(func(*client.Record, error) bool) {}
	}
	return store.ListSuffix(ctx, suffix)
}

func (j *Journal) note(key string, r *client.Record) {
	urls := []string{r.URL}
	for _, part := range r.Parts {
		urls = append(urls, part.URL)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.forget(key)
	j.urls[key] = urls
	for _, url := range urls {
		if url != "" {
			j.keys[url] = key
		}
	}
}

// forget removes what is known of a record. It is called with the lock held.
func (j *Journal) forget(key string) {
	for _, url := range j.urls[key] {
		if j.keys[url] == key {
			delete(j.keys, url)
		}
	}
	delete(j.urls, key)
}

// Delete implements client.Store.
func (j *Journal) Delete(ctx context.Context, key, revision string) error {
	err := j.open().Delete(ctx, key, revision)
	if err == nil {
		j.mu.Lock()
		defer j.mu.Unlock()
		j.forget(key)
	}
	return err
}

// Lock implements client.Store. A file that is named twice is uploaded twice, one
// upload after the other. Lock does not wait for other processes.
func (j *Journal) Lock(ctx context.Context, key string) (func() error, error) {
	unlockKey, err := j.taken.lock(ctx, key)
	if err != nil {
		return nil, err
	}
	unlock, err := j.open().Lock(ctx, key)
	if err != nil {
		unlockKey()
		return nil, err
	}
	return func() error {
		defer unlockKey()
		return unlock()
	}, nil
}
