// Package filestore keeps records of unfinished uploads in a folder, so that another
// process, or the same program after a restart, can resume them.
//
//	store, err := filestore.New("/home/me/.local/state/tusker")
//
// # Format
//
// Other programs may read the folder. For each upload it has:
//
//   - KEY.json, the record: a JSON object in UTF-8 of at most 1 MiB with the
//     number "version", which is 1, or 2 if the record has a "protocol", the string "revision", which is new each time
//     the record is saved, and the names that [journal.Record] documents.
//     Within a version, names may be added. Readers ignore names that they do not know.
//   - KEY.lock, an empty file, while a process works on the upload. The lock that
//     the process holds on the file counts, and not the file: if the process is killed,
//     the file stays and the lock ends.
//   - KEY.guard, an empty file, while a process creates a record, or on Windows also while it
//     changes or removes one. A process that is killed may leave it behind.
//   - KEY.json.damaged, a record that could not be read and was moved aside.
//   - PLACE.place, which lists the keys of the records of one place, one on each line:
//     those that end in a hyphen and PLACE, which is 16 hexadecimal digits. There may be
//     keys without a record.
//
// For each endpoint whose finished uploads a [journal.Ledger] keeps, it has:
//
//   - HASH.sent, where HASH is the SHA-256 of the endpoint without its query, in
//     64 hexadecimal digits. Each line is a record like those above, without a
//     revision, in UTF-8 and of at most 1 MiB. If several lines have one key, the
//     last one counts. Only [Store.Prune] removes lines; otherwise lines are only added.
//     Readers ignore lines that are damaged or of a newer version. Any line may be
//     missing at any time.
//
// For each batch that is not complete, see [Batch], it has:
//
//   - KEY.batch, where KEY is 64 hexadecimal digits. The first line is a JSON object with
//     "version", which is 1, and the object "batch" with "endpoint", "account", "names", the
//     first 16 of them, and "count", the number of all names. The other lines are records
//     like those of a HASH.sent.
//
// Names that end in ".tmp" are files that are being written. [Store.List] and
// [Store.Prune] remove those that a crash left behind after an hour.
//
//	{
//	  "version": 1,
//	  "revision": "ZZZZX5J3XQ2BKGTHXGXKPSKCZA",
//	  "key": "4f1d",
//	  "endpoint": "https://tus.example/files/",
//	  "url": "https://tus.example/files/24e5",
//	  "source": "/home/me/video.mp4",
//	  "length": 1048576,
//	  "offset": 524288,
//	  "created": "2026-01-02T03:04:05Z",
//	  "updated": "2026-01-02T03:04:06Z"
//	}
//
// Records name the source and the server, and the URL of an upload may be enough to write
// to it. Files have mode 0600, and a folder that New makes has mode 0700. On Windows the
// access list of the folder decides.
//
// # Locks
//
// A process that compares the revision of a record and then changes or removes the record holds a
// lock on KEY.json until it is done. It creates a record under a lock on KEY.guard, and on Windows
// it always locks that file. HASH.sent and HASH.sent.guard are locked in the same way. An upload
// that has its lock on KEY.lock waits for such a change before it uses the record.
//
// Locks are flock(2) on Linux, macOS and the BSDs, and LockFileEx on Windows. On systems
// with neither, such as js/wasm, they hold only between the goroutines of one process. On a
// network file system they are as reliable as its flock. Without working locks, two
// processes may both save a record that they loaded in the same revision.
package filestore

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tusker-go/tusker/client/journal"
)

// Store is a [journal.Store], [journal.Lister], [journal.SuffixLister] and [journal.Ledger]
// on a folder. [New] makes one; the zero value cannot be used. It is safe for concurrent use, and any number of
// Stores, in any number of processes, may share the folder. It has no open files between
// calls, so there is nothing to close.
type Store struct {
	dir  string
	sent sentFiles
}

var (
	_ journal.Store  = (*Store)(nil)
	_ journal.Lister = (*Store)(nil)
	_ journal.Ledger = (*Store)(nil)

	_ journal.SuffixLister = (*Store)(nil)
)

// New returns the Store of the folder dir. It makes the folder and its parents if they are
// missing. It fails if dir is not a folder or is not writable.
func New(dir string) (*Store, error) {
	if dir == "" {
		return nil, fmt.Errorf("filestore: no folder given: %w", fs.ErrInvalid)
	}
	// A later change of the working folder must not move the store.
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("filestore: %w", err)
	}
	if err := makeFolder(dir); err != nil {
		return nil, fmt.Errorf("filestore: make folder %s: %w", dir, err)
	}
	s := &Store{dir: dir}
	if err := s.probe(); err != nil {
		return nil, fmt.Errorf("filestore: folder %s is not writable: %w", dir, err)
	}
	return s, nil
}

// Dir returns the folder, as an absolute path.
func (s *Store) Dir() string { return s.dir }

// Load implements journal.Store. It renames a damaged record to KEY.json.damaged, in place
// of an earlier one. A record above 1 MiB, a file that is not regular, and the record of
// another key count as damaged.
func (s *Store) Load(ctx context.Context, key string) (*journal.Record, error) {
	root, err := s.begin(ctx, key)
	if err != nil {
		return nil, s.failed("load", key, err)
	}
	defer func() { _ = root.Close() }()
	r, _, err := read(root, key)
	if errors.Is(err, journal.ErrRecordDamaged) {
		r, err = s.loadDamaged(ctx, root, key, err)
	}
	if err != nil {
		return nil, s.failed("load", key, err)
	}
	return r, nil
}

// loadDamaged moves a record aside that cannot be read because of damage, unless there is a
// good one by now.
func (s *Store) loadDamaged(ctx context.Context, root *os.Root, key string, damage error) (*journal.Record, error) {
	g, unguarded := guardedRecord(root, key).wait(ctx)
	if unguarded != nil {
		return nil, fmt.Errorf("%w (and it cannot be moved aside: %w)", damage, unguarded)
	}
	defer g.release()
	return load(root, key)
}

// Save implements journal.Store. It writes a new file, flushes it to the disk
// and renames it. The error Is [journal.ErrInvalidRecord] for a record above
// 1 MiB, too. If the new file cannot be written, for example because the disk is full, the
// earlier record is still there.
func (s *Store) Save(ctx context.Context, r *journal.Record) error {
	if err := r.Validate(); err != nil {
		return fmt.Errorf("filestore: save record: %w", err)
	}
	revision := rand.Text()
	b, err := encode(r, revision)
	if err != nil {
		return s.failed("save", r.Key, err)
	}
	root, err := s.begin(ctx, r.Key)
	if err != nil {
		return s.failed("save", r.Key, err)
	}
	defer func() { _ = root.Close() }()
	if err := replace(ctx, root, r, b); err != nil {
		return s.failed("save", r.Key, err)
	}
	r.Revision = revision
	return nil
}

// replace makes b the content of the record of r.Key if that has the revision of r. At any
// time the file has either the old or the new content, and the new one survives a crash once
// replace has returned nil.
func replace(ctx context.Context, root *os.Root, r *journal.Record, b []byte) error {
	temp := newTempName()
	err := write(root, temp, b)
	if err == nil {
		err = replaceBy(ctx, root, r, temp)
	}
	if err != nil {
		_ = root.Remove(temp)
		return err
	}
	return syncFolder(root)
}

// replaceBy is replace by a file.
func replaceBy(ctx context.Context, root *os.Root, r *journal.Record, temp string) error {
	g, err := guardedRecord(root, r.Key).wait(ctx)
	if err != nil {
		return err
	}
	defer g.release()
	stored, err := revision(g.read(r.Key))
	if err == nil {
		err = conflict(stored, r.Revision)
	}
	if err != nil {
		return err
	}
	rename := func() error { return root.Rename(temp, recordName(r.Key)) }
	if stored != "" {
		return rename()
	}
	return addToPlace(ctx, root, r.Key, rename)
}

// Delete implements journal.Store. Finished uploads that were recorded before are on the
// disk when the record is removed, so a crash does not lose both. A damaged record stays.
func (s *Store) Delete(ctx context.Context, key, revision string) error {
	root, err := s.begin(ctx, key)
	if err != nil {
		return s.failed("delete", key, err)
	}
	defer func() { _ = root.Close() }()
	err = deleteRevision(ctx, root, key, revision)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, journal.ErrNoRecord), errors.Is(err, journal.ErrRecordDamaged):
		return nil
	case err == nil:
		err = syncFolder(root)
	}
	if err != nil {
		return s.failed("delete", key, err)
	}
	return nil
}

func deleteRevision(ctx context.Context, root *os.Root, key, revision string) error {
	g, err := guardedRecord(root, key).waitExisting(ctx)
	if err != nil {
		return err
	}
	defer g.release()
	r, err := g.read(key)
	if err == nil {
		err = conflict(r.Revision, revision)
	}
	if err == nil {
		err = flush(root, sentName(r.Endpoint))
	}
	if err != nil {
		return err
	}
	return removeRecord(ctx, root, key)
}

// Remove removes the file of a record whatever its revision, and even if it is damaged or
// of a newer version. It is for people who want to get rid of a record. A run that works on
// the upload ends with [journal.ErrConflict]; take the lock first to find out whether there
// is one. Remove returns nil if there is no record.
func (s *Store) Remove(ctx context.Context, key string) error {
	root, err := s.begin(ctx, key)
	if err != nil {
		return s.failed("remove", key, err)
	}
	defer func() { _ = root.Close() }()
	g, err := guardedRecord(root, key).waitExisting(ctx)
	if err == nil {
		err = removeRecord(ctx, root, key)
		g.release()
	}
	if err == nil {
		err = syncFolder(root)
	}
	if unlessGone(err) != nil {
		return s.failed("remove", key, err)
	}
	return nil
}

// removeRecord removes the file of a record. It is called with the guard of the record held.
func removeRecord(ctx context.Context, root *os.Root, key string) error {
	return removeFromPlace(ctx, root, key, func() error { return root.Remove(recordName(key)) })
}

// begin checks the arguments that methods have in common and opens the folder.
func (s *Store) begin(ctx context.Context, key string) (*os.Root, error) {
	if err := journal.CheckKey(key); err != nil {
		return nil, err
	}
	return s.open(ctx)
}

func (s *Store) open(ctx context.Context) (*os.Root, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return openFolder(s.dir)
}

// failed names the folder in an error, because errors of os.Root have only the last element
// of a path.
func (s *Store) failed(op, key string, err error) error {
	if journal.CheckKey(key) != nil {
		return fmt.Errorf("filestore: %s record: %w", op, err)
	}
	return fmt.Errorf("filestore: %s record %s in %s: %w", op, key, s.dir, err)
}
