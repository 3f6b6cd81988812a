package clienttest

import (
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
)

// TextSource returns a source of the bytes of s that can be read at any offset.
func TextSource(t *testing.T, s string) client.Source {
	t.Helper()
	src, err := client.ReaderAt(strings.NewReader(s), int64(len(s)))
	if err != nil {
		t.Fatal(err)
	}
	return src
}

// StreamSource returns a source of the bytes of s that can be read once and has an unknown
// length. window is that of client.StreamOptions.
func StreamSource(s string, window int64) client.Source {
	return client.Stream(strings.NewReader(s), &client.StreamOptions{Window: window})
}

// Noise returns n random bytes. It returns the same bytes for the same n.
func Noise(n int) string {
	b := make([]byte, n)
	_, _ = io.ReadFull(rand.NewChaCha8([32]byte{byte(n)}), b)
	return string(b)
}

// PathSource returns a source of the file called name. An error ends the test.
func PathSource(t *testing.T, name string) client.Source {
	t.Helper()
	src, err := client.Path(name)
	if err != nil {
		t.Fatal(err)
	}
	return src
}

// SetModified sets the modification time of the file called name.
func SetModified(t *testing.T, name string, modified time.Time) {
	t.Helper()
	if err := os.Chtimes(name, modified, modified); err != nil {
		t.Fatal(err)
	}
}

// WriteFile writes data to a new file and returns its path. The modification time is an
// hour ago, because an upload of a file that was modified just now waits.
func WriteFile(t *testing.T, data string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "elephant.txt")
	if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
		t.Fatal(err)
	}
	modified := time.Now().Add(-time.Hour)
	if err := os.Chtimes(path, modified, modified); err != nil {
		t.Fatal(err)
	}
	return path
}

// BareFS is an fs.FS whose files have only the methods of fs.File, without ReadAt and Seek.
type BareFS struct{ fs.FS }

// Open implements fs.FS.
func (f BareFS) Open(name string) (fs.File, error) {
	file, err := f.FS.Open(name)
	if err != nil {
		return nil, err
	}
	return struct{ fs.File }{file}, nil
}

// SizedStream returns a stream of s that announces a length of n bytes.
func SizedStream(s string, n int64) client.Source {
	return client.Stream(strings.NewReader(s), &client.StreamOptions{Length: protocol.Known(n)})
}
