package download

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// record describes a part. The URL may be a secret, so the record contains only its
// hash.
type record struct {
	URL     string `json:"url_sha256"`
	Version string `json:"version"`          // "": the server names none
	Sum     string `json:"sha256,omitempty"` // of the bytes, if the content has no version
	Offset  int64  `json:"offset"`           // number of bytes that are certainly on the disk
}

// load reads the record. A damaged record counts as empty.
func (p *Part) load() (record, error) {
	var r record
	text, err := readRecord(p.recordPath())
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
