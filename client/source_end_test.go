package client_test

import (
	"errors"
	"io"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
)

// An error that wraps io.EOF is a failure to read, and not the end of the source.
func TestReadFailsWithWrappedEOF(t *testing.T) {
	for name, size := range map[string]int{"small": 20, "large": 3 << 20} {
		data := strings.Repeat("a", size)
		at, err := client.ReaderAt(lossy{strings.NewReader(data), int64(size) - 5}, int64(size))
		if err != nil {
			t.Fatal(err)
		}
		file, err := client.FS(clienttest.BareFS{FS: lossyFS{fstest.MapFS{"a": {Data: []byte(data)}}, int64(size) - 5}}, "a")
		if err != nil {
			t.Fatal(err)
		}
		for kind, src := range map[string]client.Source{"ReaderAt": at, "FS": file} {
			for algorithm, cfg := range map[string]client.Config{"plain": {}, "summed": {Checksum: "sha1"}} {
				t.Run(name+" "+kind+" "+algorithm, func(t *testing.T) {
					s := fake.New(t, fake.Config{
						Extensions: []protocol.Extension{protocol.ExtensionCreation, protocol.ExtensionChecksum}, Checksum: []string{"sha1"},
					})
					_, err := clienttest.NewClient(t, s, cfg).Upload(t.Context(), src, nil)
					clienttest.WantErrorIs(t, err, client.ErrSource)
					if errors.Is(err, client.ErrSourceChanged) || !strings.Contains(err.Error(), "the end") {
						t.Errorf("error %v, want not ErrSourceChanged and %q in it", err, "the end")
					}
				})
			}
		}
	}
}

// lossy is a reader that fails at the offset end.
type lossy struct {
	io.ReaderAt
	end int64
}

func (l lossy) ReadAt(p []byte, off int64) (int, error) {
	if off >= l.end {
		return 0, &wrappedEOF{}
	}
	n, err := l.ReaderAt.ReadAt(p[:min(int64(len(p)), l.end-off)], off)
	if err == nil && n < len(p) {
		err = &wrappedEOF{}
	}
	return n, err
}

type lossyFS struct {
	fs.FS
	end int64
}

func (l lossyFS) Open(name string) (fs.File, error) {
	f, err := l.FS.Open(name)
	return &lossyFile{f, l.end}, err
}

type lossyFile struct {
	fs.File
	left int64
}

func (l *lossyFile) Read(p []byte) (int, error) {
	if l.left == 0 {
		return 0, &wrappedEOF{}
	}
	n, err := l.File.Read(p[:min(int64(len(p)), l.left)])
	l.left -= int64(n)
	return n, err
}

// A file of an fs.FS without a size fails.
func TestFSWithoutSize(t *testing.T) {
	_, err := client.FS(sizeless{fstest.MapFS{"a": {Data: []byte("hello")}}}, "a")
	clienttest.WantErrorIs(t, err, client.ErrSource)
}

type sizeless struct{ fs.FS }

func (s sizeless) Open(name string) (fs.File, error) {
	f, err := s.FS.Open(name)
	return sizelessFile{f}, err
}

type sizelessFile struct{ fs.File }

func (f sizelessFile) Stat() (fs.FileInfo, error) {
	info, err := f.File.Stat()
	return sizelessInfo{info}, err
}

type sizelessInfo struct{ fs.FileInfo }

func (sizelessInfo) Size() int64 { return -1 }
