package download

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/filelock"
)

// Suffix is the end of the name of an incomplete file.
const Suffix = ".tusker-part"

const (
	recordSuffix = ".json" // behind the name of a part
	tempSuffix   = ".tmp"  // behind the name of a record that is being written
)

var (
	// ErrExists means that a file with that name already exists.
	ErrExists = errors.New("file exists")

	// ErrBusy means that another process downloads to the same file.
	ErrBusy = errors.New("another download to the same file is under way")

	// ErrForeign means that the temporary name belongs to a file that no download
	// created.
	ErrForeign = errors.New("in the way, and not left by a download")

	// ErrNoVersion means that the part has bytes of a content with a version, but
	// the offered content has no version. It may come from another server. The part
	// is kept.
	ErrNoVersion = errors.New("has bytes of a content that the server named by a strong ETag or date, and the response has neither")

	// ErrSender means that the part has bytes from another kind of server than the one that
	// offers the content, such as the login page of a network. The part is kept.
	ErrSender = errors.New("has bytes from another kind of server than the one that sent the response")
)

// checkpoint is the number of bytes between two writes of the record. A crash loses
// at most this many bytes.
const checkpoint = 64 << 20

// A Part is an incomplete file under its temporary name. A record beside it says
// which content the file holds, so that no bytes of another content are appended to
// it. The file is locked for this process. A Part is not safe for concurrent use.
type Part struct {
	target string
	file   *os.File
	record record
	offset int64
	sum    hash.Hash // of the bytes up to offset; nil: the content has a version
	every  int64     // bytes between two writes of the record

	write func(name string, text []byte) error // writes a record; see writeRecord
}

// Open opens or creates the part of target for a content, named by its URL and
// version. The bytes of an earlier download are kept if they are of the same
// version, or if neither content has a version: then the caller compares PrefixSum
// with the content. The bytes of any other download are removed, except in two cases.
// ErrNoVersion: the part has the bytes of a content with a version, and the new content has
// none. ErrSender: see IsFromOther.
func Open(target, url string, content client.Content) (*Part, error) {
	p := &Part{target: target, every: checkpoint, write: writeRecord, record: record{
		URL: hashOf(url), Version: content.Version, Sender: content.Sender,
	}}
	if err := p.lock(); err != nil {
		return nil, err
	}
	if err := p.begin(content); err != nil {
		return nil, errors.Join(err, p.close())
	}
	return p, nil
}

func (p *Part) path() string       { return partName(p.target) }
func (p *Part) recordPath() string { return p.path() + recordSuffix }

// lock opens and locks the file, and makes sure that the file still has the
// temporary name, is no symbolic link, and has no other name.
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
		p.file = f
		named, err := os.Lstat(p.path())
		opened, serr := f.Stat()
		if err != nil || serr != nil || !os.SameFile(named, opened) {
			// Another process has just completed it.
			if err := p.close(); err != nil {
				return err
			}
			continue
		}
		linked, err := isLinked(f)
		switch {
		case err != nil:
			return errors.Join(err, p.close())
		case !linked:
			return nil
		}
		if err := p.unlink(); err != nil {
			return err
		}
	}
	return ErrBusy
}

// tryLock locks the file. A file system without locks is no error.
func tryLock(f *os.File) error {
	err := filelock.TryLock(f)
	switch {
	case errors.Is(err, filelock.ErrLocked):
		return ErrBusy
	case errors.Is(err, errors.ErrUnsupported):
		return nil
	}
	return err
}

// close unlocks the file and closes it.
func (p *Part) close() error {
	filelock.Unlock(p.file)
	return p.file.Close()
}

// unlink removes the temporary name of a file that has a second name, and closes
// the file. Such a file is complete: a crash came between the two steps of
// Complete.
func (p *Part) unlink() error {
	_, err := p.load()
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%s: %w", p.path(), ErrForeign)
	}
	if err != nil {
		return errors.Join(err, p.close())
	}
	return p.last(func() error { return os.Remove(p.path()) })
}

// begin reads the record, and truncates the file to the bytes that can be resumed.
func (p *Part) begin(content client.Content) error {
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
	if found.URL == p.record.URL && found.Offset > 0 && found.Offset <= info.Size() {
		if found.isFromOther(content) {
			return fmt.Errorf("%s: %w", p.path(), ErrSender)
		}
		if p.record.Version == "" && found.Version != "" {
			return fmt.Errorf("%s: %w", p.path(), ErrNoVersion)
		}
		if found.Version == p.record.Version {
			p.offset, p.record.Offset = found.Offset, found.Offset
		}
	}
	if p.record.Version == "" {
		if err := p.sumUp(found.Sum); err != nil {
			return err
		}
	}
	// A crash between the two steps leaves either the old record with its bytes, or
	// a record with offset 0.
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

// sumUp reads the bytes up to the offset. If their SHA-256 differs from the
// recorded one, the disk has other bytes than were written, and the offset becomes
// 0.
func (p *Part) sumUp(want string) error {
	p.sum = sha256.New()
	if p.offset == 0 {
		return nil
	}
	if _, err := io.Copy(p.sum, io.NewSectionReader(p.file, 0, p.offset)); err != nil {
		return err
	}
	if hex.EncodeToString(p.sum.Sum(nil)) != want {
		p.sum, p.offset = sha256.New(), 0
	}
	return nil
}

// Offset returns the number of bytes that the part has.
func (p *Part) Offset() int64 { return p.offset }

// PrefixSum returns the SHA-256 of the bytes that the part has. It implements
// client.PrefixSummer, only for a content without a version.
func (p *Part) PrefixSum() (sum [sha256.Size]byte) {
	if p.sum != nil {
		p.sum.Sum(sum[:0])
	}
	return sum
}

// Write appends b to the part.
func (p *Part) Write(b []byte) (int, error) {
	n, err := p.file.Write(b)
	p.offset += int64(n)
	if p.sum != nil {
		_, _ = p.sum.Write(b[:n])
	}
	if err == nil && p.offset-p.record.Offset >= p.every {
		err = p.save()
	}
	return n, err
}

// Keep closes the file, so that a later download can resume it. It removes an empty
// part. If there is no space for the record, the part gives up some of its last bytes.
func (p *Part) Keep() error {
	if p.offset == 0 {
		return p.Drop()
	}
	err := p.save()
	for _, size := range spare {
		if !isFull(err) {
			break
		}
		if p.offset-size <= p.record.Offset {
			if p.record.Offset > 0 {
				p.offset, err = p.record.Offset, nil // the record on the disk is good enough
			}
			break
		}
		if cut := p.cut(size); cut != nil {
			err = errors.Join(err, cut)
			break
		}
		err = p.save()
	}
	return errors.Join(err, p.close())
}

// spare is how many bytes a part gives up for its record, one after the other. The first is
// more than a block of most file systems, and the sum is 1 MiB.
var spare = [...]int64{64 << 10, 1<<20 - 64<<10}

// cut removes the last size bytes.
func (p *Part) cut(size int64) error {
	p.offset -= size
	if err := p.file.Truncate(p.offset); err != nil {
		return err
	}
	if p.sum == nil {
		return nil
	}
	p.sum = sha256.New()
	_, err := io.Copy(p.sum, io.NewSectionReader(p.file, 0, p.offset))
	return err
}

// Drop removes the file.
func (p *Part) Drop() error {
	var cut error
	if linked, err := isLinked(p.file); err == nil && !linked {
		cut = p.file.Truncate(0)
	}
	// An empty part without a record is not in the way of a later download.
	return errors.Join(cut, os.Remove(p.recordPath()),
		p.last(func() error { return os.Remove(p.path()) }))
}

// last renames or removes the file and closes it. The file stays locked until then,
// so that no other process writes to it. Windows cannot rename or remove an open
// file, so the file is closed first there.
func (p *Part) last(do func() error) error {
	if runtime.GOOS != "windows" {
		return errors.Join(do(), p.close())
	}
	if err := p.close(); err != nil {
		return err
	}
	return do()
}

// Complete gives the file its final name. Without force, it never replaces an
// existing file: it returns ErrExists and keeps the part.
func (p *Part) Complete(force bool) error {
	if err := p.save(); err != nil {
		return errors.Join(err, p.close())
	}
	if err := p.last(func() error { return place(p.path(), p.target, force) }); err != nil {
		return err
	}
	// A record without its part does no harm.
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
	// The file system has no hard links. An empty file reserves the name.
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

// syncFolder makes the new name durable, so that it survives a crash of the
// machine, if the system supports that.
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
