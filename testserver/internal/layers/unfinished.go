package layers

import (
	"context"
	"errors"
	"io"
	"math"
	"net/http"
	"os"
	"slices"
	"strings"

	"github.com/tus/tusd/v2/pkg/filestore"
	"github.com/tus/tusd/v2/pkg/handler"

	"github.com/tusker-go/tusker/protocol"
)

// hideOffset removes Upload-Offset from the answer about a final upload that is
// not concatenated yet (tus 1.0.0, Concatenation).
func hideOffset(h http.Header) {
	if strings.HasPrefix(h.Get(protocol.HeaderUploadConcat), "final;") &&
		h.Get(protocol.HeaderUploadOffset) != h.Get(protocol.HeaderUploadLength) {
		h.Del(protocol.HeaderUploadOffset)
	}
}

// setLength sets the length of a final upload to the sum of its parts. The
// length stays unknown while the length of a part is.
func (s *Store) setLength(ctx context.Context, info *handler.FileInfo) error {
	info.Size, info.SizeIsDeferred = 0, true
	var sum int64
	for _, id := range info.PartialUploads {
		part, err := s.info(ctx, id)
		if errors.Is(err, handler.ErrNotFound) || err == nil && part.SizeIsDeferred {
			return nil
		}
		if err != nil {
			return err
		}
		if part.Size > math.MaxInt64-sum {
			return handler.ErrMaxSizeExceeded
		}
		sum += part.Size
	}
	info.Size, info.SizeIsDeferred = sum, false
	return nil
}

// ConcatUploads concatenates the parts into a final upload, now or when the
// last part is complete.
func (u *storedUpload) ConcatUploads(ctx context.Context, parts []handler.Upload) error {
	if !u.store.cfg.ConcatUnfinished {
		plain := make([]handler.Upload, len(parts))
		for i, part := range parts {
			plain[i] = baseUpload(part)
		}
		return u.store.files.AsConcatableUpload(u.Upload).ConcatUploads(ctx, plain)
	}
	info, err := u.Upload.GetInfo(ctx)
	if err != nil {
		return err
	}
	u.store.finals.Lock()
	defer u.store.finals.Unlock()
	return u.store.finishFinal(ctx, info.ID)
}

// FinishUpload is called after the last byte of an upload is stored. It
// concatenates the final uploads that waited for this part only.
func (u *storedUpload) FinishUpload(ctx context.Context) error {
	if err := u.Upload.FinishUpload(ctx); err != nil {
		return err
	}
	info, err := u.Upload.GetInfo(ctx)
	if err != nil || !info.IsPartial {
		return err
	}
	s := u.store
	s.finals.Lock()
	defer s.finals.Unlock()
	var errs []error
	for id, parts := range s.waiting {
		if slices.Contains(parts, info.ID) {
			errs = append(errs, s.finishFinal(ctx, id))
		}
	}
	return errors.Join(errs...)
}

// finishFinal concatenates the parts of a final upload if all of them are
// complete. It must be called with finals held.
func (s *Store) finishFinal(ctx context.Context, id string) error {
	final, err := s.info(ctx, id)
	if errors.Is(err, handler.ErrNotFound) {
		delete(s.waiting, id)
		return nil
	}
	if err != nil {
		return err
	}
	var paths []string
	for _, id := range final.PartialUploads {
		part, err := s.info(ctx, id)
		if errors.Is(err, handler.ErrNotFound) || err == nil && isIncomplete(part) {
			return nil
		}
		if err != nil {
			return err
		}
		paths = append(paths, part.Storage[filestore.StorageKeyPath])
	}
	if err := s.concat(ctx, final, paths); err != nil {
		return err
	}
	delete(s.waiting, id)
	return nil
}

// concat writes the content of paths to a final upload atomically. An upload
// that is terminated meanwhile is not created again.
func (s *Store) concat(ctx context.Context, final handler.FileInfo, paths []string) (err error) {
	path := final.Storage[filestore.StorageKeyPath]
	whole, err := os.OpenFile(path+".concat", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, s.files.FileModePerm)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(whole.Name()))
		}
	}()
	final.Size, final.SizeIsDeferred = 0, false
	for _, path := range paths {
		n, err := appendFile(whole, path)
		if err != nil {
			return errors.Join(err, whole.Close())
		}
		final.Size += n
	}
	if err := whole.Close(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.files.GetUpload(ctx, final.ID); errors.Is(err, handler.ErrNotFound) {
		return os.Remove(whole.Name())
	}
	if err := s.writeInfo(final); err != nil {
		return err
	}
	return os.Rename(whole.Name(), path)
}

func appendFile(to io.Writer, path string) (int64, error) {
	from, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	n, err := io.Copy(to, from)
	return n, errors.Join(err, from.Close())
}

// addWaiting registers a final upload that waits for its parts.
func (s *Store) addWaiting(final handler.FileInfo) {
	s.finals.Lock()
	defer s.finals.Unlock()
	s.waiting[final.ID] = final.PartialUploads
}

// Resume registers the final uploads that an earlier run left incomplete, and
// concatenates those whose parts are complete.
func (s *Store) Resume(ctx context.Context, ids []string) error {
	for _, id := range ids {
		// An upload with an unreadable info file is ignored: its parts are
		// unknown.
		if info, err := s.info(ctx, id); err == nil && info.IsFinal && isIncomplete(info) {
			s.addWaiting(info)
		}
	}
	s.finals.Lock()
	defer s.finals.Unlock()
	var errs []error
	for id := range s.waiting {
		errs = append(errs, s.finishFinal(ctx, id))
	}
	return errors.Join(errs...)
}
