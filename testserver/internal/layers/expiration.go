package layers

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/tus/tusd/v2/pkg/handler"

	"github.com/tusker-go/tusker/protocol"
)

// storageKeyExpires is the key in the info of an upload for its expiration
// time, in seconds since 1970.
const storageKeyExpires = "Expires"

// expiredSuffix is the suffix of the file that marks an expired upload.
const expiredSuffix = ".expired"

// ErrExpired is the error of [Store.GetUpload] for an expired upload.
var ErrExpired = handler.NewError("ERR_UPLOAD_EXPIRED", "upload has expired", http.StatusGone)

// setExpiration stores the expiration time of a new upload. It must be called
// with mu held.
func (s *Store) setExpiration(info handler.FileInfo) error {
	if s.cfg.Expiration == 0 {
		return nil
	}
	end := time.Now().Add(s.cfg.Expiration)
	seconds := end.Unix()
	if end.Nanosecond() > 0 {
		// The header has whole seconds, and the upload must exist until then.
		seconds++
	}
	info.Storage[storageKeyExpires] = strconv.FormatInt(seconds, 10)
	return s.writeInfo(info)
}

// expiration returns the time when an upload expires. ok is false for an upload
// that does not expire, such as a complete one.
func (s *Store) expiration(info handler.FileInfo) (time.Time, bool) {
	if s.cfg.Expiration == 0 || !isIncomplete(info) {
		return time.Time{}, false
	}
	seconds, err := strconv.ParseInt(info.Storage[storageKeyExpires], 10, 64)
	return time.Unix(seconds, 0), err == nil
}

func (s *Store) isExpired(info handler.FileInfo) bool {
	end, ok := s.expiration(info)
	return ok && !time.Now().Before(end)
}

// expire deletes an upload and marks it as expired.
func (s *Store) expire(ctx context.Context, upload handler.TerminatableUpload, id string) error {
	if err := os.WriteFile(s.expiredPath(id), nil, s.files.FileModePerm); err != nil {
		return err
	}
	return upload.Terminate(ctx)
}

func (s *Store) hasExpired(id string) bool {
	if s.cfg.Expiration == 0 {
		return false
	}
	_, err := os.Stat(s.expiredPath(id))
	return err == nil
}

func (s *Store) expiredPath(id string) string {
	return filepath.Join(s.files.Path, id+expiredSuffix)
}

// setExpires adds Upload-Expires to an answer about an upload that expires (tus
// 1.0.0, Expiration).
func (s *Store) setExpires(ctx context.Context, id string, h http.Header) {
	if s.cfg.Expiration == 0 || id == "" {
		return
	}
	info, err := s.info(ctx, id)
	if err != nil {
		return
	}
	end, ok := s.expiration(info)
	switch {
	case !ok:
	case s.cfg.ExpiresUnix:
		h.Set(protocol.HeaderUploadExpires, strconv.FormatInt(end.Unix(), 10))
	default:
		h.Set(protocol.HeaderUploadExpires, protocol.FormatExpires(end))
	}
}
