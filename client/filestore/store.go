// Package filestore keeps records of unfinished uploads in a folder, so that
// another process, or the same program after a restart, can go on with them.
//
//	store, err := filestore.New("/home/me/.local/state/tusker")
//
// # Format
//
// Other programs may read the folder. It holds, for each upload:
//
//   - KEY.json, the record: a JSON object in UTF-8 of at most 1 MiB with the
//     number "version", which is 1, and the names that [journal.Record] documents.
//     Within a version, names may be added, and those not known are to be
//     ignored.
//   - KEY.lock, an empty file, while a process works on the upload. It is the
//     lock that the process holds on the file that counts, and not that the file
//     is there: the file stays when the process is killed, the lock does not.
//   - KEY.json.damaged, a record that could not be read and was put aside.
//
// And for each endpoint of which a [journal.Ledger] keeps the finished uploads:
//
//   - HASH.sent, where HASH is the SHA-256 of the endpoint without its query, in
//     64 hexadecimal digits: lines
//     in UTF-8 of at most 1 MiB, each of them a record like those above. Of
//     several with one key the last one counts. Lines are only added, but for
//     [Store.Prune]. Those that are damaged or of a newer version are to be left
//     out, and any may be missing at any time.
//
// Names that end in ".tmp" are files that are being written. Those that a crash
// has left behind are removed by [Store.List] and [Store.Prune] after an hour.
//
//	{
//	  "version": 1,
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
// Records name what is uploaded and where it goes, and the address of an upload
// may be all that it takes to write to it: files have mode 0600, and the folder
// 0700 where it is made here. On Windows the folder's access list decides.
//
// # Locks
//
// Locks are flock(2) on Linux, macOS and the BSDs, and LockFileEx on Windows.
// Where there is neither, as with js/wasm, they hold between the goroutines of
// one process only. On a network file system they are as good as its flock.
package filestore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tusker-go/tusker/client/journal"
)

// Store is a [journal.Store], [journal.Lister], [journal.SuffixLister] and [journal.Ledger] on a
// folder. [New] makes one; the zero value is of no use.
// It is safe for concurrent use; any number of Stores, in any number of
// processes, may share the folder. It holds nothing open between calls, so there
// is nothing to close.
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

// New returns the Store of the folder dir, which is made if it is missing, with
// its parents. It fails where dir is not a folder or cannot be written to.
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

// Load is that of journal.Store. A record that is damaged, which includes one
// above 1 MiB, one that is no regular file and one under another's name, is
// renamed to KEY.json.damaged, in the place of an earlier one.
func (s *Store) Load(ctx context.Context, key string) (*journal.Record, error) {
	root, err := s.begin(ctx, key)
	if err != nil {
		return nil, s.failed("load", key, err)
	}
	defer func() { _ = root.Close() }()
	r, err := load(root, key)
	if err != nil {
		return nil, s.failed("load", key, err)
	}
	return r, nil
}

// Save is that of journal.Store. It writes a new file, flushes it to the disk
// and renames it. The error Is [journal.ErrInvalidRecord] for a record above
// 1 MiB too. After an error, such as that of a full disk, the earlier record is
// still there.
func (s *Store) Save(ctx context.Context, r *journal.Record) error {
	if err := r.Validate(); err != nil {
		return fmt.Errorf("filestore: save record: %w", err)
	}
	b, err := encode(r)
	if err != nil {
		return s.failed("save", r.Key, err)
	}
	root, err := s.begin(ctx, r.Key)
	if err != nil {
		return s.failed("save", r.Key, err)
	}
	defer func() { _ = root.Close() }()
	// Only what a newer version wrote is worth keeping.
	if _, _, err := read(root, r.Key); errors.Is(err, journal.ErrRecordVersion) {
		return s.failed("save", r.Key, err)
	}
	if err := replace(root, recordName(r.Key), b); err != nil {
		return s.failed("save", r.Key, err)
	}
	return nil
}

// Delete is that of journal.Store. It removes what is there under the key, be it
// damaged or of a newer version.
func (s *Store) Delete(ctx context.Context, key string) error {
	root, err := s.begin(ctx, key)
	if err != nil {
		return s.failed("delete", key, err)
	}
	defer func() { _ = root.Close() }()
	err = root.Remove(recordName(key))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = syncFolder(root)
	}
	if err != nil {
		return s.failed("delete", key, err)
	}
	return nil
}

// begin checks the arguments that methods have in common and opens the folder.
// Nothing below is found through a link that leads out of it.
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
	return os.OpenRoot(s.dir)
}

// failed names the folder, since the errors of os.Root hold the last name only.
func (s *Store) failed(op, key string, err error) error {
	if journal.CheckKey(key) != nil {
		return fmt.Errorf("filestore: %s record: %w", op, err)
	}
	return fmt.Errorf("filestore: %s record %s in %s: %w", op, key, s.dir, err)
}
