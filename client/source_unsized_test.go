package client_test

import (
	"io/fs"
	"os"
	"runtime"
	"testing"
	"testing/fstest"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
)

// unsizedFS reports a size of 0 for each file, as /proc and some network file systems do.
type unsizedFS struct{ fs.FS }

func (f unsizedFS) Open(name string) (fs.File, error) {
	file, err := f.FS.Open(name)
	return unsizedFile{file}, err
}

type unsizedFile struct{ fs.File }

func (f unsizedFile) Stat() (fs.FileInfo, error) {
	info, err := f.File.Stat()
	return unsizedInfo{info}, err
}

type unsizedInfo struct{ fs.FileInfo }

func (unsizedInfo) Size() int64 { return 0 }

// A file with bytes whose reported size is 0 is not sent as an empty file.
func TestUnsizedFiles(t *testing.T) {
	const made = "/proc/version"
	opened := func(t *testing.T, name string) (client.Source, error) {
		t.Helper()
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = f.Close() })
		return client.File(f)
	}
	memory := fstest.MapFS{"a": {Data: []byte("hello")}, "empty": {}}
	tests := map[string]struct {
		make   func(t *testing.T) (client.Source, error)
		system string // "": any
		empty  bool
	}{
		"Path": {func(*testing.T) (client.Source, error) { return client.Path(made) }, "linux", false},
		"File": {func(t *testing.T) (client.Source, error) {
			t.Helper()
			return opened(t, made)
		}, "linux", false},
		"FS": {func(*testing.T) (client.Source, error) { return client.FS(unsizedFS{memory}, "a") }, "", false},
		"Path, empty": {func(t *testing.T) (client.Source, error) {
			t.Helper()
			return client.Path(clienttest.WriteFile(t, ""))
		}, "", true},
		"File, empty": {func(t *testing.T) (client.Source, error) {
			t.Helper()
			return opened(t, clienttest.WriteFile(t, ""))
		}, "", true},
		"FS, empty": {func(*testing.T) (client.Source, error) { return client.FS(unsizedFS{memory}, "empty") }, "", true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if test.system != "" && runtime.GOOS != test.system {
				t.Skip("files have sizes here")
			}
			s := fake.New(t, fake.Config{})
			var store client.MemoryStore
			c := clienttest.NewClient(t, s, client.Config{Store: &store, Ledger: &store})
			src, err := test.make(t)
			if err != nil {
				t.Fatal(err)
			}
			res, err := c.Upload(t.Context(), src, nil)
			if test.empty {
				if err != nil {
					t.Fatal(err)
				}
				clienttest.WantStored(t, s, res.URL, "")
				return
			}
			clienttest.WantErrorIs(t, err, client.ErrSource)
			clienttest.WantClearError(t, err, "it has bytes though its size is 0: read it as a stream")
			_, _, err = clienttest.Finished(t.Context(), c, src)
			clienttest.WantErrorIs(t, err, client.ErrSource)
			clienttest.WantRequests(t, s)
		})
	}
}
