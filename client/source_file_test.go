package client_test

import (
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
)

// seekFS is an fs.FS whose files have the methods of fs.File and Seek.
type seekFS struct{ fs.FS }

func (f seekFS) Open(name string) (fs.File, error) {
	file, err := f.FS.Open(name)
	if err != nil {
		return nil, err
	}
	return struct {
		fs.File
		io.Seeker
	}{file, file.(io.Seeker)}, nil
}

// Every source that can be read again recovers from the same failures.
func TestSources(t *testing.T) {
	const data = "elephants"
	path := clienttest.WriteFile(t, data)
	dir, name := filepath.Split(path)
	memory := fstest.MapFS{"a/" + name: {Data: []byte(data)}}
	sources := map[string]struct {
		make func(t *testing.T) (client.Source, error)
		name string
	}{
		"Path": {func(*testing.T) (client.Source, error) { return client.Path(path) }, path},
		"File": {func(t *testing.T) (client.Source, error) {
			t.Helper()
			f, err := os.Open(path)
			if err != nil {
				return nil, err
			}
			t.Cleanup(func() {
				if err := f.Close(); err != nil {
					t.Errorf("the file was closed before its owner did: %v", err)
				}
			})
			_, err = f.Seek(3, io.SeekStart) // the position of the file does not matter
			if err != nil {
				return nil, err
			}
			return client.File(f)
		}, path},
		"DirFS":    {func(*testing.T) (client.Source, error) { return client.FS(os.DirFS(dir), name) }, name},
		"MapFS":    {func(*testing.T) (client.Source, error) { return client.FS(memory, "a/"+name) }, "a/" + name},
		"seek FS":  {func(*testing.T) (client.Source, error) { return client.FS(seekFS{os.DirFS(dir)}, name) }, name},
		"bare FS":  {func(*testing.T) (client.Source, error) { return client.FS(clienttest.BareFS{FS: memory}, "a/"+name) }, "a/" + name},
		"ReaderAt": {func(*testing.T) (client.Source, error) { return client.ReaderAt(strings.NewReader(data), 9) }, ""},
	}
	for name, source := range sources {
		t.Run(name, func(t *testing.T) {
			src, err := source.make(t)
			if err != nil {
				t.Fatal(err)
			}
			if src.Name() != source.name || src.Length() != protocol.Known(9) {
				t.Errorf("source %q of %v bytes, want Name %q and Length %v", src.Name(), src.Length(), source.name, protocol.Known(9))
			}
			for range 2 { // a source can be used again
				synctest.Test(t, func(t *testing.T) {
					s := fake.New(t, fake.Config{})
					s.On(http.MethodPatch, fake.Cut(3), fake.Cut(0), nil, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
						s.Truncate("/files/1", 2)
						fake.Cut(0)(w, r, next)
					})
					res, err := clienttest.NewClient(t, s, client.Config{}).Upload(t.Context(), src, &client.UploadOptions{ChunkSize: 4})
					if err != nil {
						t.Fatal(err)
					}
					clienttest.WantStored(t, s, res.URL, data)
				})
			}
		})
	}
}

func TestBadFiles(t *testing.T) {
	dir := t.TempDir()
	denied := deniedFS{}
	tests := map[string]struct {
		make func() (client.Source, error)
		is   error
	}{
		"Path, missing":     {func() (client.Source, error) { return client.Path(filepath.Join(dir, "none")) }, fs.ErrNotExist},
		"Path, empty name":  {func() (client.Source, error) { return client.Path("") }, fs.ErrNotExist},
		"Path, a directory": {func() (client.Source, error) { return client.Path(dir) }, client.ErrSource},
		"Path, a device":    {func() (client.Source, error) { return client.Path(os.DevNull) }, client.ErrSource},
		"File, a directory": {func() (client.Source, error) {
			f, err := os.Open(dir)
			if err != nil {
				return nil, err
			}
			defer func() { _ = f.Close() }()
			return client.File(f)
		}, client.ErrSource},
		"File, closed": {func() (client.Source, error) {
			f, err := os.Open(dir)
			if err != nil {
				return nil, err
			}
			_ = f.Close()
			return client.File(f)
		}, fs.ErrClosed},
		"File, nil":        {func() (client.Source, error) { return client.File(nil) }, fs.ErrInvalid},
		"FS, missing":      {func() (client.Source, error) { return client.FS(os.DirFS(dir), "none") }, fs.ErrNotExist},
		"FS, a directory":  {func() (client.Source, error) { return client.FS(os.DirFS(dir), ".") }, client.ErrSource},
		"FS, invalid name": {func() (client.Source, error) { return client.FS(os.DirFS(dir), "../a") }, fs.ErrInvalid},
		"FS, no stat":      {func() (client.Source, error) { return client.FS(denied, "locked") }, fs.ErrPermission},
		"ReaderAt, length": {func() (client.Source, error) { return client.ReaderAt(strings.NewReader(""), -1) }, client.ErrInvalidOption},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			src, err := test.make()
			if src != nil {
				t.Errorf("source %v, want nil", src)
			}
			clienttest.WantErrorIs(t, err, client.ErrSource, test.is)
			clienttest.WantClearError(t, err)
			if strings.Contains(name, "directory") && !strings.Contains(err.Error(), "is a directory") {
				t.Errorf("error %q, want \"is a directory\" in it", err)
			}
		})
	}
}

// deniedFS has a file "open" that has a Stat but cannot be opened.
type deniedFS struct{}

func (deniedFS) Open(name string) (fs.File, error) {
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
}

func (deniedFS) Stat(name string) (fs.FileInfo, error) {
	if name != "open" {
		return nil, &fs.PathError{Op: "stat", Path: name, Err: fs.ErrPermission}
	}
	return fs.Stat(fstest.MapFS{name: {Data: []byte("hello")}}, name)
}

func TestUnreadable(t *testing.T) {
	s := fake.New(t, fake.Config{})
	c := clienttest.NewClient(t, s, client.Config{})
	src, err := client.FS(deniedFS{}, "open")
	if err != nil {
		t.Fatal(err)
	}
	res, err := c.Upload(t.Context(), src, nil)
	clienttest.WantErrorIs(t, err, client.ErrSource, fs.ErrPermission)
	clienttest.WantClearError(t, err, "permission denied")
	if res.URL != "" {
		t.Errorf("result %+v, want URL \"\"", res)
	}

	t.Run("on disk", func(t *testing.T) {
		if os.Geteuid() == 0 || runtime.GOOS == "windows" {
			t.Skip("every file is readable for this user")
		}
		path := clienttest.WriteFile(t, "hello")
		if err := os.Chmod(path, 0); err != nil {
			t.Fatal(err)
		}
		src, err := client.Path(path)
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Upload(t.Context(), src, nil)
		clienttest.WantErrorIs(t, err, client.ErrSource, fs.ErrPermission)
	})
	clienttest.WantRequests(t, s)
}

// A file may change between Path and Upload. Its size at the beginning of the upload counts.
func TestFileChanges(t *testing.T) {
	t.Run("before the upload", func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		path := clienttest.WriteFile(t, "hello")
		src, err := client.Path(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("elephants"), 0o600); err != nil {
			t.Fatal(err)
		}
		res, err := clienttest.NewClient(t, s, client.Config{}).Upload(t.Context(), src, nil)
		if err != nil {
			t.Fatal(err)
		}
		clienttest.WantStored(t, s, res.URL, "elephants")

		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		_, err = clienttest.NewClient(t, s, client.Config{}).Upload(t.Context(), src, nil)
		clienttest.WantErrorIs(t, err, client.ErrSource, fs.ErrNotExist)
		clienttest.WantRequests(t, s, "POST /files/", "PATCH /files/1 0+9")
	})
	t.Run("during the upload", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := fake.New(t, fake.Config{})
			path := clienttest.WriteFile(t, "elephants")
			src, err := client.Path(path)
			if err != nil {
				t.Fatal(err)
			}
			s.On(http.MethodPatch, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
				if err := os.Truncate(path, 5); err != nil {
					t.Error(err)
				}
				next.ServeHTTP(w, r)
			})
			res, err := clienttest.NewClient(t, s, client.Config{ChunkSize: 4}).Upload(t.Context(), src, nil)
			clienttest.WantErrorIs(t, err, client.ErrSource, client.ErrSourceChanged)
			clienttest.WantClearError(t, err, "it had 9 bytes, now it has 5")
			if res.Offset != 4 || res.Retries != 0 || res.URL == "" {
				t.Errorf("result %+v, want Offset 4, Retries 0 and URL not empty", res)
			}
		})
	})
}

// A source that fails in the middle of a request ends the upload at once, because a retry would
// not help.
func TestSourceFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		errDisk := errors.New("input/output error")
		src, err := client.ReaderAt(readerAtFunc(func(p []byte, off int64) (int, error) {
			if off >= 5 {
				return 0, errDisk
			}
			return copy(p[:min(len(p), int(5-off))], "hello"[off:]), nil
		}), 9)
		if err != nil {
			t.Fatal(err)
		}
		res, err := clienttest.NewClient(t, s, client.Config{}).Upload(t.Context(), src, &client.UploadOptions{ChunkSize: 5})
		clienttest.WantErrorIs(t, err, client.ErrSource, errDisk)
		if res.Offset != 5 || res.Retries != 0 {
			t.Errorf("result %+v, want Offset 5 and Retries 0", res)
		}
	})
}

type readerAtFunc func(p []byte, off int64) (int, error)

func (f readerAtFunc) ReadAt(p []byte, off int64) (int, error) { return f(p, off) }

// A file is open only while its upload runs.
func TestFilesAreClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		for _, inner := range []fs.FS{fstest.MapFS{"a": {Data: []byte("hello")}}, clienttest.BareFS{FS: fstest.MapFS{"a": {Data: []byte("hello")}}}} {
			counted := &countedFS{FS: inner}
			src, err := client.FS(counted, "a")
			if err != nil {
				t.Fatal(err)
			}
			s.On(http.MethodPatch, fake.Cut(2), fake.Cut(0))
			if _, err := clienttest.NewClient(t, s, client.Config{}).Upload(t.Context(), src, nil); err != nil {
				t.Fatal(err)
			}
			s.On(http.MethodPatch, fake.Status(400, ""))
			if _, err := clienttest.NewClient(t, s, client.Config{}).Upload(t.Context(), src, nil); err == nil {
				t.Error("no error")
			}
			if counted.open != 0 || counted.opened == 0 {
				t.Errorf("%d of %d files are open, want open 0 and opened not 0", counted.open, counted.opened)
			}
		}
	})
}

// countedFS counts the files that were opened and those that are still open.
type countedFS struct {
	fs.FS
	open, opened int
}

func (f *countedFS) Open(name string) (fs.File, error) {
	file, err := f.FS.Open(name)
	if err != nil {
		return nil, err
	}
	f.open++
	f.opened++
	return &countedFile{File: file, fs: f}, nil
}

type countedFile struct {
	fs.File
	fs *countedFS
}

func (f *countedFile) Close() error {
	f.fs.open--
	return f.File.Close()
}
