package filestore

import (
	"bufio"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"time"
)

// pruneSent removes a file of finished uploads that was not used for p.age. From another
// one it removes all records of each source except the last.
func (p *pruning) pruneSent(ctx context.Context, e entry) error {
	g, err := guardedSent(p.root, e.name).waitExisting(ctx)
	if err != nil {
		return unlessGone(err)
	}
	defer g.release()
	return p.pruneGuarded(e)
}

func (p *pruning) pruneGuarded(e entry) error {
	kept, total := make(map[[sha256.Size]byte]int64), 0
	used, err := scan(p.root, e.name, func(at int64, b []byte) error {
		total++
		if l, err := parseLine(b); err == nil {
			kept[l.subject()] = at
		}
		return nil
	})
	switch {
	case err != nil:
	case time.Since(used) >= p.age:
		if err = p.root.Remove(e.name); err == nil {
			p.removed += total
		}
	case len(kept) < total:
		err = rewrite(p.root, e.name, func(at int64, b []byte) bool {
			l, err := parseLine(b)
			return err == nil && kept[l.subject()] == at
		})
	}
	return unlessGone(err)
}

// subject identifies the records of which one is kept: those of a file of an account, or of
// an upload if the file is not known.
func (l line) subject() [sha256.Size]byte {
	if l.Source == "" {
		return sha256.Sum256([]byte("key " + l.Key))
	}
	source := l.Source
	if l.Bytes != nil {
		source = string(l.Bytes)
	}
	return sha256.Sum256(fmt.Appendf(nil, "account %q source %q", l.Account, source))
}

// scan calls fn with each line of a file, as eachLine does, and returns the time of the
// file.
func scan(root *os.Root, name string, fn func(at int64, line []byte) error) (time.Time, error) {
	f, err := openLines(root, name, os.O_RDONLY)
	if err != nil {
		return time.Time{}, err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return time.Time{}, err
	}
	return info.ModTime(), eachLine(f, 0, info.Size(), fn)
}

// rewrite replaces a file by one with only the lines that stay. The file keeps its time.
func rewrite(root *os.Root, name string, stays func(at int64, line []byte) bool) error {
	temp := newTempName()
	out, err := openFile(root, temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(out)
	used, err := scan(root, name, func(at int64, b []byte) error {
		if !stays(at, b) {
			return nil
		}
		_, err := w.Write(b)
		return err
	})
	err = errors.Join(err, w.Flush(), out.Close())
	if err == nil {
		err = root.Chtimes(temp, used, used)
	}
	if err == nil {
		err = root.Rename(temp, name)
	}
	if err != nil {
		_ = root.Remove(temp)
	}
	return err
}
