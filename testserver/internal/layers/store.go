package layers

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"sync"

	"github.com/tus/tusd/v2/pkg/filestore"
	"github.com/tus/tusd/v2/pkg/handler"
)

// Store is tusd's file store with the extensions that tusd lacks. tusd
// calls it after it has checked a request and while it holds the lock of the
// upload.
type Store struct {
	files filestore.FileStore
	cfg   Config

	// mu guards the info files of uploads: writing one is not atomic, and must
	// not recreate an info file that has been removed.
	mu sync.RWMutex
	// finals guards waiting and is held during a concatenation. It is locked
	// before mu.
	finals sync.Mutex
	// waiting maps each final upload that is not concatenated yet to its parts.
	waiting map[string][]string
}

// New returns a store with the extensions of cfg, which must be valid, around fs.
func New(fs filestore.FileStore, cfg Config) *Store {
	return &Store{files: fs, cfg: cfg, waiting: make(map[string][]string)}
}

// NewUpload implements [handler.DataStore]. It refuses a request whose checksum
// header is invalid.
func (s *Store) NewUpload(ctx context.Context, info handler.FileInfo) (handler.Upload, error) {
	req := requestOf(ctx)
	if req.check != nil && req.check.err != nil {
		return nil, req.check.err
	}
	waits := info.IsFinal && s.cfg.ConcatUnfinished
	if waits {
		if err := s.setLength(ctx, &info); err != nil {
			return nil, err
		}
	}
	upload, err := s.create(ctx, &info)
	if err != nil {
		return nil, err
	}
	if waits {
		s.addWaiting(info)
	}
	req.id = info.ID
	return &storedUpload{Upload: upload, store: s}, nil
}

// create creates an upload and sets info to its stored info.
func (s *Store) create(ctx context.Context, info *handler.FileInfo) (handler.Upload, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	upload, err := s.files.NewUpload(ctx, *info)
	if err != nil {
		return nil, err
	}
	if *info, err = upload.GetInfo(ctx); err == nil {
		err = s.setExpiration(*info)
	}
	if err != nil {
		return nil, errors.Join(err, s.files.AsTerminatableUpload(upload).Terminate(ctx))
	}
	return upload, nil
}

// GetUpload implements [handler.DataStore]. It removes an expired upload if ctx has
// the request that names the upload.
func (s *Store) GetUpload(ctx context.Context, id string) (handler.Upload, error) {
	upload, err := s.stored(ctx, id)
	if errors.Is(err, handler.ErrNotFound) && s.hasExpired(id) {
		return nil, ErrExpired
	}
	if err != nil {
		return nil, err
	}
	info, err := upload.GetInfo(ctx)
	if err != nil {
		return nil, err
	}
	req := requestOf(ctx)
	holdsLock := req.id == id
	out := &storedUpload{Upload: upload, store: s, isPart: req.final && info.IsPartial && s.cfg.ConcatUnfinished}
	if s.isExpired(info) {
		// The lock belongs to the upload that the request names, so no other
		// upload may be deleted here.
		if holdsLock {
			err = s.expire(ctx, out, id)
		}
		return nil, errors.Join(ErrExpired, err)
	}
	if holdsLock && req.check != nil && req.check.err != nil {
		return nil, req.check.err
	}
	return out, nil
}

// stored returns an upload of tusd's file store.
func (s *Store) stored(ctx context.Context, id string) (handler.Upload, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.files.GetUpload(ctx, id)
}

// info returns the info of an upload in tusd's file store.
func (s *Store) info(ctx context.Context, id string) (handler.FileInfo, error) {
	upload, err := s.stored(ctx, id)
	if err != nil {
		return handler.FileInfo{}, err
	}
	return upload.GetInfo(ctx)
}

// writeInfo writes the info file of an upload. It must be called with mu held.
func (s *Store) writeInfo(info handler.FileInfo) error {
	b, err := json.Marshal(info)
	if err != nil {
		return err
	}
	return os.WriteFile(info.Storage[filestore.StorageKeyInfoPath], b, s.files.FileModePerm)
}

// AsTerminatableUpload implements [handler.TerminaterDataStore].
func (s *Store) AsTerminatableUpload(u handler.Upload) handler.TerminatableUpload {
	return u.(*storedUpload)
}

// AsServableUpload implements [handler.ContentServerDataStore].
func (s *Store) AsServableUpload(u handler.Upload) handler.ServableUpload {
	return s.files.AsServableUpload(baseUpload(u))
}

// AsConcatableUpload implements [handler.ConcaterDataStore].
func (s *Store) AsConcatableUpload(u handler.Upload) handler.ConcatableUpload {
	return u.(*storedUpload)
}

// AsLengthDeclarableUpload implements [handler.LengthDeferrerDataStore].
func (s *Store) AsLengthDeclarableUpload(u handler.Upload) handler.LengthDeclarableUpload {
	return u.(*storedUpload)
}

// baseUpload returns the upload of tusd's file store that u wraps.
func baseUpload(u handler.Upload) handler.Upload { return u.(*storedUpload).Upload }

// storedUpload is an upload of a Store, opened for one request.
type storedUpload struct {
	handler.Upload
	store *Store
	// isPart is set if the request creates a final upload with this upload as a
	// part.
	isPart bool
	// length is declared with the next accepted chunk. nil: no length is
	// declared.
	length *int64
}

func (u *storedUpload) GetInfo(ctx context.Context) (handler.FileInfo, error) {
	info, err := u.Upload.GetInfo(ctx)
	if err != nil || !u.store.cfg.ConcatUnfinished {
		return info, err
	}
	if info.IsFinal && info.SizeIsDeferred {
		if err := u.store.setLength(ctx, &info); err != nil {
			return info, err
		}
	}
	if u.isPart {
		// tusd refuses incomplete parts, so the part is reported as complete.
		info.Offset, info.SizeIsDeferred = info.Size, false
	}
	return info, nil
}

// DeclareLength declares the length of the upload. With a checksum, this is
// delayed until the chunk is accepted, because a refused chunk must not change
// the upload.
func (u *storedUpload) DeclareLength(ctx context.Context, length int64) error {
	if requestOf(ctx).check != nil {
		u.length = &length
		return nil
	}
	return u.declare(ctx, length)
}

func (u *storedUpload) declare(ctx context.Context, length int64) error {
	u.store.mu.Lock()
	defer u.store.mu.Unlock()
	return u.store.files.AsLengthDeclarableUpload(u.Upload).DeclareLength(ctx, length)
}

// Terminate deletes the upload.
func (u *storedUpload) Terminate(ctx context.Context) error {
	u.store.mu.Lock()
	defer u.store.mu.Unlock()
	return u.store.files.AsTerminatableUpload(u.Upload).Terminate(ctx)
}

// isIncomplete reports whether an upload lacks bytes or has no length yet.
func isIncomplete(info handler.FileInfo) bool {
	return info.SizeIsDeferred || info.Offset != info.Size
}
