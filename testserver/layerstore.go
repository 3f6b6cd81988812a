package testserver

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"sync"

	"github.com/tus/tusd/v2/pkg/filestore"
	"github.com/tus/tusd/v2/pkg/handler"
)

// files is what tusd and a [Server] want of the store of uploads.
type files interface {
	handler.DataStore
	handler.TerminaterDataStore
	handler.ConcaterDataStore
	handler.LengthDeferrerDataStore
	handler.ContentServerDataStore
}

// layeredStore is tusd's file store with the extensions that tusd lacks: they
// are done here, where tusd has checked a request and holds the lock of the
// upload.
type layeredStore struct {
	files filestore.FileStore
	cfg   Config

	// mu guards the files with the facts of uploads, which are not written in
	// one stroke, and must not come back once they are removed.
	mu sync.RWMutex
	// finals guards waiting, and is held while one is concatenated. It is
	// taken before mu.
	finals sync.Mutex
	// waiting are the final uploads that are not yet concatenated, with their
	// parts.
	waiting map[string][]string
}

func newLayeredStore(fs filestore.FileStore, cfg Config) *layeredStore {
	return &layeredStore{files: fs, cfg: cfg, waiting: make(map[string][]string)}
}

func (s *layeredStore) NewUpload(ctx context.Context, info handler.FileInfo) (handler.Upload, error) {
	req := layerRequestOf(ctx)
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
		s.await(info)
	}
	req.id = info.ID
	return &layeredUpload{Upload: upload, store: s}, nil
}

// create makes an upload and sets info to its facts.
func (s *layeredStore) create(ctx context.Context, info *handler.FileInfo) (handler.Upload, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	upload, err := s.files.NewUpload(ctx, *info)
	if err != nil {
		return nil, err
	}
	if *info, err = upload.GetInfo(ctx); err == nil {
		err = s.stamp(*info)
	}
	if err != nil {
		return nil, errors.Join(err, s.files.AsTerminatableUpload(upload).Terminate(ctx))
	}
	return upload, nil
}

func (s *layeredStore) GetUpload(ctx context.Context, id string) (handler.Upload, error) {
	upload, err := s.stored(ctx, id)
	if errors.Is(err, handler.ErrNotFound) && s.wasExpired(id) {
		return nil, errExpired
	}
	if err != nil {
		return nil, err
	}
	info, err := upload.GetInfo(ctx)
	if err != nil {
		return nil, err
	}
	req := layerRequestOf(ctx)
	own := req.id == id
	out := &layeredUpload{Upload: upload, store: s, part: req.final && info.IsPartial && s.cfg.ConcatUnfinished}
	if s.expired(info) {
		// Only the request for an upload holds its lock.
		if own {
			err = s.expire(ctx, out, id)
		}
		return nil, errors.Join(errExpired, err)
	}
	if own && req.check != nil && req.check.err != nil {
		return nil, req.check.err
	}
	return out, nil
}

// stored returns an upload as tusd's store has it.
func (s *layeredStore) stored(ctx context.Context, id string) (handler.Upload, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.files.GetUpload(ctx, id)
}

// info returns the facts of an upload as tusd's store has them.
func (s *layeredStore) info(ctx context.Context, id string) (handler.FileInfo, error) {
	upload, err := s.stored(ctx, id)
	if err != nil {
		return handler.FileInfo{}, err
	}
	return upload.GetInfo(ctx)
}

// writeInfo writes the facts of an upload. It is called with mu held.
func (s *layeredStore) writeInfo(info handler.FileInfo) error {
	b, err := json.Marshal(info)
	if err != nil {
		return err
	}
	return os.WriteFile(info.Storage[filestore.StorageKeyInfoPath], b, s.files.FileModePerm)
}

func (s *layeredStore) AsTerminatableUpload(u handler.Upload) handler.TerminatableUpload {
	return u.(*layeredUpload)
}

func (s *layeredStore) AsServableUpload(u handler.Upload) handler.ServableUpload {
	return s.files.AsServableUpload(inner(u))
}

func (s *layeredStore) AsConcatableUpload(u handler.Upload) handler.ConcatableUpload {
	return u.(*layeredUpload)
}

func (s *layeredStore) AsLengthDeclarableUpload(u handler.Upload) handler.LengthDeclarableUpload {
	return u.(*layeredUpload)
}

// inner returns the upload of tusd's own store.
func inner(u handler.Upload) handler.Upload { return u.(*layeredUpload).Upload }

// layeredUpload is an upload of a layeredStore, in the hands of one request.
type layeredUpload struct {
	handler.Upload
	store *layeredStore
	// part is set where a final upload is to be made of it.
	part bool
	// length is what is to be declared with the chunk to come. nil: nothing.
	length *int64
}

func (u *layeredUpload) GetInfo(ctx context.Context) (handler.FileInfo, error) {
	info, err := u.Upload.GetInfo(ctx)
	if err != nil || !u.store.cfg.ConcatUnfinished {
		return info, err
	}
	if info.IsFinal && info.SizeIsDeferred {
		if err := u.store.setLength(ctx, &info); err != nil {
			return info, err
		}
	}
	if u.part {
		// tusd takes none that is unfinished.
		info.Offset, info.SizeIsDeferred = info.Size, false
	}
	return info, nil
}

// DeclareLength puts off what is only to be done if the chunk is accepted.
func (u *layeredUpload) DeclareLength(ctx context.Context, length int64) error {
	if layerRequestOf(ctx).check != nil {
		u.length = &length
		return nil
	}
	return u.declare(ctx, length)
}

func (u *layeredUpload) declare(ctx context.Context, length int64) error {
	u.store.mu.Lock()
	defer u.store.mu.Unlock()
	return u.store.files.AsLengthDeclarableUpload(u.Upload).DeclareLength(ctx, length)
}

// Terminate deletes the upload.
func (u *layeredUpload) Terminate(ctx context.Context) error {
	u.store.mu.Lock()
	defer u.store.mu.Unlock()
	return u.store.files.AsTerminatableUpload(u.Upload).Terminate(ctx)
}

// unfinished tells whether an upload lacks bytes.
func unfinished(info handler.FileInfo) bool {
	return info.SizeIsDeferred || info.Offset != info.Size
}
