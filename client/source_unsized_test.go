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

// A file with bytes whose reported size is 0 is sent as a stream. No later run recognizes it.
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
	version := func(t *testing.T) string {
		t.Helper()
		b, err := os.ReadFile(made)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	text := func(s string) func(*testing.T) string { return func(*testing.T) string { return s } }
	tests := map[string]struct {
		make   func(t *testing.T) (client.Source, error)
		system string // "": any
		want   func(t *testing.T) string
	}{
		"Path": {func(*testing.T) (client.Source, error) { return client.Path(made) }, "linux", version},
		"File": {func(t *testing.T) (client.Source, error) {
			t.Helper()
			return opened(t, made)
		}, "linux", version},
		"FS": {func(*testing.T) (client.Source, error) { return client.FS(unsizedFS{memory}, "a") }, "", text("hello")},
		"Path, empty": {func(t *testing.T) (client.Source, error) {
			t.Helper()
			return client.Path(clienttest.WriteFile(t, ""))
		}, "", text("")},
		"File, empty": {func(t *testing.T) (client.Source, error) {
			t.Helper()
			return opened(t, clienttest.WriteFile(t, ""))
		}, "", text("")},
		"FS, empty": {func(*testing.T) (client.Source, error) { return client.FS(unsizedFS{memory}, "empty") }, "", text("")},
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
			if err != nil {
				t.Fatal(err)
			}
			want := test.want(t)
			clienttest.WantStored(t, s, res.URL, want)
			if _, found, err := clienttest.Finished(t.Context(), c, src); found && want != "" || err != nil {
				t.Errorf("a later run recognizes the source: %t, error %v, want %t and no error", found, err, want == "")
			}
		})
	}
}
