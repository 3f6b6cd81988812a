package testserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tus/tusd/v2/pkg/filestore"
	"github.com/tus/tusd/v2/pkg/handler"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/testserver/internal/layers"
)

// infoSuffix is the suffix of the info file of an upload in tusd's file store.
const infoSuffix = ".info"

// files is the part of a tusd store that tusd and a [Server] use.
type files interface {
	handler.DataStore
	handler.TerminaterDataStore
	handler.ConcaterDataStore
	handler.LengthDeferrerDataStore
	handler.ContentServerDataStore
}

// Info describes an upload in the store.
type Info struct {
	// Offset is the number of bytes stored.
	Offset int64
	// Length is the length of the whole upload. It is unknown while it is
	// deferred.
	Length protocol.Length
	// Metadata is the metadata of the creation. nil: none.
	Metadata protocol.Metadata
	// Partial is set on a partial upload, which can become a part of a final
	// upload.
	Partial bool
	// Final is set on a final upload, which is a concatenation of partial
	// uploads.
	Final bool
	// Parts are the URLs of the parts of a final upload, in order. nil unless
	// Final is set.
	Parts []string
}

// Bytes returns the stored bytes of an upload, read from the store without a
// request to tusd. uploadURL is absolute, or a path on the server. If there is
// no such upload, the error is [fs.ErrNotExist].
func (s *Server) Bytes(uploadURL string) ([]byte, error) {
	path, err := s.Path(uploadURL)
	if err != nil {
		return nil, err
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("testserver: stored bytes: %w", err)
	}
	return b, nil
}

// Open returns a reader of the bytes that [Server.Bytes] returns. The caller
// closes the reader. If there is no such upload, the error is [fs.ErrNotExist].
func (s *Server) Open(uploadURL string) (io.ReadCloser, error) {
	path, err := s.Path(uploadURL)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("testserver: open upload: %w", err)
	}
	return f, nil
}

// Path returns the name of the file with the bytes of an upload. If there is no
// such upload, the error is [fs.ErrNotExist].
func (s *Server) Path(uploadURL string) (string, error) {
	info, err := s.store.info(uploadURL)
	if err != nil {
		return "", fmt.Errorf("testserver: %w", err)
	}
	return info.Storage[filestore.StorageKeyPath], nil
}

// Info returns the description of an upload, read from the store without a
// request to tusd. If there is no such upload, the error is [fs.ErrNotExist].
func (s *Server) Info(uploadURL string) (Info, error) {
	info, err := s.store.info(uploadURL)
	if err != nil {
		return Info{}, fmt.Errorf("testserver: %w", err)
	}
	out := Info{
		Offset:  info.Offset,
		Partial: info.IsPartial,
		Final:   info.IsFinal,
	}
	if !info.SizeIsDeferred {
		out.Length = protocol.Known(info.Size)
	}
	if len(info.MetaData) > 0 {
		out.Metadata = protocol.Metadata(info.MetaData)
	}
	for _, id := range info.PartialUploads {
		out.Parts = append(out.Parts, s.url+id)
	}
	return out, nil
}

// Uploads returns the sorted URLs of all uploads in the store, complete or not.
func (s *Server) Uploads() ([]string, error) {
	ids, err := s.store.ids()
	if err != nil {
		return nil, fmt.Errorf("testserver: list uploads: %w", err)
	}
	if s.cfg.Expiration > 0 {
		// The files of an expired upload exist until a request for it.
		ids = slices.DeleteFunc(ids, func(id string) bool {
			_, err := s.store.files.GetUpload(context.Background(), id)
			return errors.Is(err, layers.ErrExpired)
		})
	}
	for i, id := range ids {
		ids[i] = s.url + id
	}
	return ids, nil
}

// store is tusd's file store, addressed by URL. The zero value has no uploads.
type store struct {
	files  files
	locker handler.Locker
	dir    string
	base   string
}

// id returns the ID of the upload that a URL or a path names.
func (st store) id(uploadURL string) (string, error) {
	if st.files == nil {
		return "", fmt.Errorf("upload %q is not in the store of tusd: %w", uploadURL, fs.ErrNotExist)
	}
	u, err := url.Parse(uploadURL)
	if err != nil {
		return "", fmt.Errorf("upload URL: %w", err)
	}
	id, ok := strings.CutPrefix(u.Path, st.base)
	id = strings.Trim(id, "/")
	if !ok || id == "" {
		return "", fmt.Errorf("upload %q is not below %s: %w", uploadURL, st.base, fs.ErrNotExist)
	}
	if !filepath.IsLocal(filepath.FromSlash(id)) {
		return "", fmt.Errorf("upload %q is not a valid ID: %w", uploadURL, fs.ErrNotExist)
	}
	return id, nil
}

func (st store) info(uploadURL string) (handler.FileInfo, error) {
	upload, err := st.upload(uploadURL)
	if err != nil {
		return handler.FileInfo{}, err
	}
	return upload.GetInfo(context.Background())
}

func (st store) upload(uploadURL string) (handler.Upload, error) {
	id, err := st.id(uploadURL)
	if err != nil {
		return nil, err
	}
	upload, err := st.files.GetUpload(context.Background(), id)
	if errors.Is(err, handler.ErrNotFound) || errors.Is(err, layers.ErrExpired) {
		return nil, fmt.Errorf("upload %q: %w", uploadURL, fs.ErrNotExist)
	}
	if err != nil {
		return nil, fmt.Errorf("upload %q: %w", uploadURL, err)
	}
	return upload, nil
}

// remove deletes an upload. An upload that does not exist is not an error.
func (st store) remove(uploadURL string) error {
	upload, err := st.upload(uploadURL)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return st.files.AsTerminatableUpload(upload).Terminate(context.Background())
}

// truncate removes the stored bytes of an upload after the first n. An upload
// with n bytes or fewer, or one that does not exist, is not changed. A request
// that writes to the upload is ended first, because it would continue to write
// at its old position.
func (st store) truncate(ctx context.Context, uploadURL string, n int64) error {
	id, err := st.id(uploadURL)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	lock, err := st.locker.NewLock(id)
	if err != nil {
		return err
	}
	if err := lock.Lock(ctx, func() {}); err != nil {
		return err
	}
	info, err := st.info(uploadURL) //nolint:contextcheck // tusd's file store takes no notice of it.
	if err == nil && info.Offset > n {
		err = os.Truncate(info.Storage[filestore.StorageKeyPath], n)
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return errors.Join(err, lock.Unlock())
}

func (st store) ids() ([]string, error) {
	if st.files == nil {
		return nil, nil
	}
	var ids []string
	err := filepath.WalkDir(st.dir, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // terminated while the folder was being read
		}
		if err != nil {
			return err
		}
		name, isInfo := strings.CutSuffix(path, infoSuffix)
		if d.IsDir() || !isInfo {
			return nil
		}
		rel, err := filepath.Rel(st.dir, name)
		if err != nil {
			return err
		}
		ids = append(ids, filepath.ToSlash(rel))
		return nil
	})
	slices.Sort(ids)
	return ids, err
}
