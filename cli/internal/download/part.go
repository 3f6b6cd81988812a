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
	"runtime"
)

// Suffix is what the name of a file has at its end while it is incomplete.
const Suffix = ".tusker-part"

var (
	// ErrExists means that there is a file of that name already.
	ErrExists = errors.New("file exists")

	// ErrBusy means that another process downloads to the same file.
	ErrBusy = errors.New("another download to the same file is under way")

	// ErrForeign means that the temporary name is taken by something that no
	// download left there.
	ErrForeign = errors.New("in the way, and not left by a download")
)

// checkpoint is how many bytes are written between two records of them. A crash
// loses no more.
const checkpoint = 64 << 20

// A Part is an incomplete file under its temporary name. Beside it is a record
// of what it holds, so that nothing else is ever appended to it. It is locked
// for this process, and not safe for concurrent use.
type Part struct {
	target string
	file   *os.File
	record record
	offset int64
	every  int64 // bytes between two records
}

// record is what is known of a part. The URL may be a secret, so only its hash
// is kept.
type record struct {
	URL     string `json:"url_sha256"`
	Version string `json:"version"`
	Offset  int64  `json:"offset"` // of bytes that are on the disk for sure
}

// Open opens or creates the part of target for a content, as the client names
// its URL and version. What an earlier download of the same content wrote is
// kept, anything else of a download is thrown away.
func Open(target, url, version string) (*Part, error) {
	sum := sha256.Sum256([]byte(url))
	p := &Part{target: target, every: checkpoint, record: record{URL: hex.EncodeToString(sum[:]), Version: version}}
	if err := p.lock(); err != nil {
		return nil, err
	}
	if err := p.begin(); err != nil {
		return nil, errors.Join(err, p.file.Close())
	}
	return p, nil
}

func (p *Part) path() string       { return p.target + Suffix }
func (p *Part) recordPath() string { return p.path() + ".json" }

// lock opens the file and makes sure that the one that was locked still has the
// name, and is no link to somewhere else.
func (p *Part) lock() error {
	for range 10 {
		before, err := os.Lstat(p.path())
		if err == nil && !before.Mode().IsRegular() {
			return fmt.Errorf("%s: %w", p.path(), ErrForeign)
		}
		f, err := os.OpenFile(p.path(), os.O_RDWR|os.O_CREATE, 0o666)
		if err != nil {
			return err
		}
		if err := tryLock(f); err != nil {
			return errors.Join(err, f.Close())
		}
		named, err := os.Lstat(p.path())
		opened, serr := f.Stat()
		if err == nil && serr == nil && os.SameFile(named, opened) {
			p.file = f
			return nil
		}
		// Another process has just completed it.
		if err := f.Close(); err != nil {
			return err
		}
	}
	return ErrBusy
}

// begin looks at what there is, and cuts it to what can be gone on with.
func (p *Part) begin() error {
	info, err := p.file.Stat()
	if err != nil {
		return err
	}
	found, err := p.load()
	if errors.Is(err, fs.ErrNotExist) {
		if info.Size() > 0 {
			return fmt.Errorf("%s: %w", p.path(), ErrForeign)
		}
	} else if err != nil {
		return err
	}
	if p.record.Version != "" && found.URL == p.record.URL && found.Version == p.record.Version &&
		found.Offset > 0 && found.Offset <= info.Size() {
		p.offset = found.Offset
	}
	// In this order a crash leaves either the old record with its bytes, or one
	// that promises none.
	if p.offset == 0 {
		if err := p.save(); err != nil {
			return err
		}
	}
	if err := p.file.Truncate(p.offset); err != nil {
		return err
	}
	_, err = p.file.Seek(p.offset, io.SeekStart)
	return err
}

// load reads the record. One that cannot be read promises nothing.
func (p *Part) load() (record, error) {
	var r record
	text, err := readRecord(p.recordPath())
	if err != nil {
		return r, err
	}
	if json.Unmarshal(text, &r) != nil {
		return record{}, nil //nolint:nilerr // It is ours, and will be written anew.
	}
	return r, nil
}

// maxRecord is how many bytes are read of a record. One that has more is none.
const maxRecord = 64 << 10

// readRecord follows no link, and waits for no pipe.
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

// writeRecord writes a file of its own, never into one that has the name already.
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

// save puts the bytes on the disk, and then the record of them.
func (p *Part) save() error {
	if err := p.file.Sync(); err != nil {
		return err
	}
	p.record.Offset = p.offset
	text, err := json.Marshal(p.record)
	if err != nil {
		return err
	}
	temp := p.recordPath() + ".tmp"
	if err := writeRecord(temp, append(text, '\n')); err != nil {
		return err
	}
	return os.Rename(temp, p.recordPath())
}

// Offset is how many bytes it has.
func (p *Part) Offset() int64 { return p.offset }

// Write appends.
func (p *Part) Write(b []byte) (int, error) {
	n, err := p.file.Write(b)
	p.offset += int64(n)
	if err == nil && p.offset-p.record.Offset >= p.every {
		err = p.save()
	}
	return n, err
}

// Keep closes the file for a later download to go on with. One without a byte,
// or one that could never be told from another content, is removed.
func (p *Part) Keep() error {
	if p.offset == 0 || p.record.Version == "" {
		return p.Drop()
	}
	return errors.Join(p.save(), p.file.Close())
}

// Drop removes the file.
func (p *Part) Drop() error {
	// Without a record, an empty part is not in the way.
	return errors.Join(p.file.Truncate(0), os.Remove(p.recordPath()),
		p.last(func() error { return os.Remove(p.path()) }))
}

// last does to the name what is the last thing, while the file is locked: another
// process would write to it otherwise. Windows lets no name of an open file be
// changed.
func (p *Part) last(do func() error) error {
	if runtime.GOOS != "windows" {
		return errors.Join(do(), p.file.Close())
	}
	if err := p.file.Close(); err != nil {
		return err
	}
	return do()
}

// Complete gives the file its name. Without force, an existing file is never
// replaced: the error is ErrExists then, and the part is kept.
func (p *Part) Complete(force bool) error {
	if err := p.save(); err != nil {
		return errors.Join(err, p.file.Close())
	}
	if err := p.last(func() error { return place(p.path(), p.target, force) }); err != nil {
		return err
	}
	// A record without its part is no harm.
	_ = os.Remove(p.recordPath())
	return syncFolder(filepath.Dir(p.target))
}

func place(from, to string, force bool) error {
	if force {
		return os.Rename(from, to)
	}
	err := os.Link(from, to)
	if err == nil {
		return os.Remove(from)
	}
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s: %w", to, ErrExists)
	}
	// A file system without hard links: an empty file of ours holds the name.
	f, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s: %w", to, ErrExists)
	}
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Rename(from, to); err != nil {
		return errors.Join(err, os.Remove(to))
	}
	return nil
}

// syncFolder makes the new name survive a crash of the machine, where the
// system can.
func syncFolder(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return nil //nolint:nilerr // A folder that may be written to need not be readable.
	}
	// Some file systems cannot flush a folder and say so.
	_ = d.Sync()
	return d.Close()
}
