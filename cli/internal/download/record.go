package download

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/tusker-go/tusker/client"
)

// record describes a part. The URL may be a secret, so the record contains only its
// hash.
type record struct {
	URL     string `json:"url_sha256"`
	Version string `json:"version"`          // "": the server names none
	Sender  string `json:"sender,omitempty"` // see client.Content; "": not known
	Sum     string `json:"sha256,omitempty"` // of the bytes, if the content has no version
	Offset  int64  `json:"offset"`           // number of bytes that are certainly on the disk
}

// isFromOther reports whether a content comes from another kind of server than the bytes of
// the record. The content of the same version is the same, and a tus server that answers for
// the upload is believed.
func (r record) isFromOther(content client.Content) bool {
	same := r.Version != "" && r.Version == content.Version
	return !same && content.Upload == nil && r.Sender != "" && r.Sender != content.Sender
}

// IsFromOther reports whether the folder has a part of the same URL, under any name, whose
// bytes come from another kind of server than the content.
func IsFromOther(folder, url string, content client.Content) bool {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return false
	}
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), Suffix+recordSuffix) {
			continue
		}
		r, err := loadRecord(filepath.Join(folder, entry.Name()))
		if err == nil && r.URL == hashOf(url) && r.Offset > 0 && r.isFromOther(content) {
			return true
		}
	}
	return false
}

func hashOf(url string) string {
	sum := sha256.Sum256([]byte(url))
	return hex.EncodeToString(sum[:])
}

// load reads the record. A damaged record counts as empty.
func (p *Part) load() (record, error) { return loadRecord(p.recordPath()) }

func loadRecord(name string) (record, error) {
	var r record
	text, err := readRecord(name)
	if err != nil {
		return r, err
	}
	if json.Unmarshal(text, &r) != nil {
		return record{}, nil //nolint:nilerr // The next save replaces it.
	}
	return r, nil
}

// maxRecord is the number of bytes that are read of a record. A larger file is
// damaged.
const maxRecord = 64 << 10

// readRecord follows no symbolic link, and does not wait for a pipe.
func readRecord(name string) ([]byte, error) {
	info, err := os.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: %w", name, ErrForeign)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(f, maxRecord))
	return text, errors.Join(err, f.Close())
}

// writeRecord creates a new file, and never writes into an existing file of that
// name.
func writeRecord(name string, text []byte) error {
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Close())
}

// save flushes the bytes to the disk, and then writes the record.
func (p *Part) save() error {
	if err := p.file.Sync(); err != nil {
		return err
	}
	next := p.record
	next.Offset = p.offset
	if p.sum != nil {
		next.Sum = hex.EncodeToString(p.sum.Sum(nil))
	}
	text, err := json.Marshal(next)
	if err != nil {
		return err
	}
	temp := p.recordPath() + tempSuffix
	if err := p.write(temp, append(text, '\n')); err != nil {
		_ = os.Remove(temp) // it is incomplete
		return err
	}
	if err := os.Rename(temp, p.recordPath()); err != nil {
		return err
	}
	p.record = next
	return nil
}
