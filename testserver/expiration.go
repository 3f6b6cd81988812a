package testserver

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

// storageKeyExpires is where an upload's facts say when it expires, in seconds
// since 1970.
const storageKeyExpires = "Expires"

// expiredSuffix names the file that an expired upload leaves behind.
const expiredSuffix = ".expired"

var errExpired = handler.NewError("ERR_UPLOAD_EXPIRED", "upload has expired", http.StatusGone)

// stamp notes when an upload that has just been made expires. It is called
// with mu held.
func (s *layeredStore) stamp(info handler.FileInfo) error {
	if s.cfg.Expiration == 0 {
		return nil
	}
	end := time.Now().Add(s.cfg.Expiration)
	seconds := end.Unix()
	if end.Nanosecond() > 0 {
		// The header has whole seconds, and until then the upload is there.
		seconds++
	}
	info.Storage[storageKeyExpires] = strconv.FormatInt(seconds, 10)
	return s.writeInfo(info)
}

// expires returns when an upload expires, if it does: a finished one does not.
func (s *layeredStore) expires(info handler.FileInfo) (time.Time, bool) {
	if s.cfg.Expiration == 0 || !unfinished(info) {
		return time.Time{}, false
	}
	seconds, err := strconv.ParseInt(info.Storage[storageKeyExpires], 10, 64)
	return time.Unix(seconds, 0), err == nil
}

func (s *layeredStore) expired(info handler.FileInfo) bool {
	end, ok := s.expires(info)
	return ok && !time.Now().Before(end)
}

// expire deletes an upload and remembers that it was there.
func (s *layeredStore) expire(ctx context.Context, upload handler.TerminatableUpload, id string) error {
	if err := os.WriteFile(s.expiredPath(id), nil, s.files.FileModePerm); err != nil {
		return err
	}
	return upload.Terminate(ctx)
}

func (s *layeredStore) wasExpired(id string) bool {
	if s.cfg.Expiration == 0 {
		return false
	}
	_, err := os.Stat(s.expiredPath(id))
	return err == nil
}

func (s *layeredStore) expiredPath(id string) string {
	return filepath.Join(s.files.Path, id+expiredSuffix)
}

// setExpires adds Upload-Expires to an answer about an upload that is going to
// expire (tus 1.0.0, Expiration).
func (s *layeredStore) setExpires(ctx context.Context, id string, h http.Header) {
	if s.cfg.Expiration == 0 || id == "" {
		return
	}
	info, err := s.info(ctx, id)
	if err != nil {
		return
	}
	end, ok := s.expires(info)
	switch {
	case !ok:
	case s.cfg.ExpiresUnix:
		h.Set(protocol.HeaderUploadExpires, strconv.FormatInt(end.Unix(), 10))
	default:
		h.Set(protocol.HeaderUploadExpires, protocol.FormatExpires(end))
	}
}
