//go:build linux

package chaos

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"
)

// Item is a file that a fleet has to upload.
type Item struct {
	Name string // below the folder of all files, with slashes; the last part is unique
	Size int64
	Sum  [sha256.Size]byte
}

// filesPerFolder limits the size of folders.
const filesPerFolder = 1000

// WriteInput writes a file for each size below dir. The bytes depend on the seed and on the
// number of the file. The files are two hours old, so that no client waits until their
// modification times are certain.
func WriteInput(dir string, seed uint64, sizes []int64) ([]Item, error) {
	items := make([]Item, len(sizes))
	buf := make([]byte, 256<<10)
	for i, size := range sizes {
		name := fmt.Sprintf("d%03d/f%07d.bin", i/filesPerFolder, i)
		path := filepath.Join(dir, filepath.FromSlash(name))
		if i%filesPerFolder == 0 {
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				return nil, err
			}
		}
		sum, err := writeFile(path, Content(seed, uint64(i), size), buf)
		if err != nil {
			return nil, err
		}
		items[i] = Item{Name: name, Size: size, Sum: sum}
	}
	return items, nil
}

// Content returns size random bytes for the file with this number.
func Content(seed, number uint64, size int64) io.Reader {
	var key [32]byte
	binary.LittleEndian.PutUint64(key[:], seed)
	binary.LittleEndian.PutUint64(key[8:], number)
	return io.LimitReader(rand.NewChaCha8(key), size)
}

// writeFile writes a file that is two hours old, and returns the SHA-256 of its bytes.
func writeFile(path string, content io.Reader, buf []byte) (sum [sha256.Size]byte, err error) {
	f, err := os.Create(path)
	if err != nil {
		return sum, err
	}
	h := sha256.New()
	_, err = io.CopyBuffer(io.MultiWriter(f, h), content, buf)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return sum, err
	}
	old := time.Now().Add(-2 * time.Hour)
	h.Sum(sum[:0])
	return sum, os.Chtimes(path, old, old)
}

// sumOf returns the size and the SHA-256 of a file.
func sumOf(path string) (size int64, sum [sha256.Size]byte, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, sum, err
	}
	defer func() { _ = f.Close() }()
	h := sha256.New()
	size, err = io.Copy(h, f)
	h.Sum(sum[:0])
	return size, sum, err
}
