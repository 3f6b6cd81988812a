package sourcetest_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"go.uber.org/goleak"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/source"
	"github.com/tusker-go/tusker/client/sourcetest"
	"github.com/tusker-go/tusker/protocol"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// sizes are around the limits up to which a source keeps or compares all of its bytes.
var sizes = []int{0, 1, 1000, 32<<10 + 1, 128<<10 + 1}

func noise(n int) []byte {
	b := make([]byte, n)
	_, _ = io.ReadFull(rand.NewChaCha8([32]byte{1}), b)
	return b
}

// eachSize runs the suite for content of each size. Make gets a copy of the content.
func eachSize(t *testing.T, newConfig func(t *testing.T, content []byte) sourcetest.Config) {
	t.Helper()
	for _, n := range sizes {
		t.Run(strconv.Itoa(n), func(t *testing.T) {
			t.Parallel()
			sourcetest.Run(t, func(t *testing.T) sourcetest.Config {
				t.Helper()
				c := newConfig(t, noise(n))
				c.Content = noise(n)
				return c
			})
		})
	}
}

func must(t *testing.T, src source.Source, err error) source.Source {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return src
}

// write makes the file called name, or changes it. Its time of modification is long past.
func write(t *testing.T, name string, content []byte, modified time.Time) {
	t.Helper()
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(name, modified, modified); err != nil {
		t.Fatal(err)
	}
}

var past = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// ofFile completes a Config for the file called name, which open opens as a source.
func ofFile(t *testing.T, name string, content []byte, open func(t *testing.T, name string) source.Source) sourcetest.Config {
	t.Helper()
	write(t, name, content, past)
	c := sourcetest.Config{
		Source: open(t, name),
		Reopen: func(t *testing.T) source.Source { t.Helper(); return open(t, name) },
		Other: func(t *testing.T) source.Source {
			t.Helper()
			other := filepath.Join(t.TempDir(), "other")
			write(t, other, append(content, 'x'), past)
			return open(t, other)
		},
		Replace: func(t *testing.T) {
			t.Helper()
			next := name + ".next"
			write(t, next, append([]byte("x"), content...), past)
			if err := os.Rename(next, name); err != nil {
				t.Skip(err)
			}
		},
	}
	if len(content) > 0 {
		c.Change = func(t *testing.T) {
			t.Helper()
			other := bytes.Clone(content)
			other[len(other)/2] ^= 1
			write(t, name, other, past.Add(time.Second))
		}
		c.Truncate = func(t *testing.T) {
			t.Helper()
			if err := os.Truncate(name, int64(len(content)-1)); err != nil {
				t.Fatal(err)
			}
		}
	}
	return c
}

func TestPath(t *testing.T) {
	eachSize(t, func(t *testing.T, content []byte) sourcetest.Config {
		t.Helper()
		return ofFile(t, filepath.Join(t.TempDir(), "file"), content, func(t *testing.T, name string) source.Source {
			t.Helper()
			src, err := source.Path(name)
			return must(t, src, err)
		})
	})
}

func TestRoot(t *testing.T) {
	eachSize(t, func(t *testing.T, content []byte) sourcetest.Config {
		t.Helper()
		c := ofFile(t, filepath.Join(t.TempDir(), "file"), content, func(t *testing.T, name string) source.Source {
			t.Helper()
			root, err := os.OpenRoot(filepath.Dir(name))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = root.Close() })
			src, err := source.Root(root, filepath.Base(name))
			return must(t, src, err)
		})
		return c
	})
}

func TestFile(t *testing.T) {
	eachSize(t, func(t *testing.T, content []byte) sourcetest.Config {
		t.Helper()
		return ofFile(t, filepath.Join(t.TempDir(), "file"), content, func(t *testing.T, name string) source.Source {
			t.Helper()
			f, err := os.Open(name)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = f.Close() })
			src, err := source.File(f)
			return must(t, src, err)
		})
	})
}

func TestFS(t *testing.T) {
	t.Run("folder", func(t *testing.T) {
		eachSize(t, func(t *testing.T, content []byte) sourcetest.Config {
			t.Helper()
			c := ofFile(t, filepath.Join(t.TempDir(), "file"), content, func(t *testing.T, name string) source.Source {
				t.Helper()
				src, err := source.FS(os.DirFS(filepath.Dir(name)), filepath.Base(name))
				return must(t, src, err)
			})
			c.Replace = nil // the path of the file is not known
			return c
		})
	})
	for name, wrap := range map[string]func(fs.File) fs.File{
		"map":     func(f fs.File) fs.File { return f },
		"seekers": func(f fs.File) fs.File { return seekFile{f} },
		"forward": func(f fs.File) fs.File { return plainFile{f} },
	} {
		t.Run(name, func(t *testing.T) {
			eachSize(t, func(t *testing.T, content []byte) sourcetest.Config {
				t.Helper()
				files := &countingFS{FS: fstest.MapFS{"a/b": {Data: content}}, wrap: wrap}
				src, err := source.FS(files, "a/b")
				return sourcetest.Config{Source: must(t, src, err), CountOpen: func() int { return int(files.open.Load()) }}
			})
		})
	}
}

// countingFS counts the files that are open.
type countingFS struct {
	fs.FS
	wrap func(fs.File) fs.File
	open atomic.Int64
}

func (c *countingFS) Open(name string) (fs.File, error) {
	f, err := c.FS.Open(name)
	if err != nil {
		return nil, err
	}
	c.open.Add(1)
	return c.wrap(&countedFile{f, sync.OnceFunc(func() { c.open.Add(-1) })}), nil
}

type countedFile struct {
	fs.File
	closed func()
}

func (f *countedFile) Close() error {
	f.closed()
	return f.File.Close()
}

// plainFile has nothing but what a file must have.
type plainFile struct{ fs.File }

// seekFile has Seek, and no ReadAt.
type seekFile struct{ fs.File }

func (f seekFile) Seek(off int64, whence int) (int64, error) {
	return f.File.(*countedFile).File.(io.Seeker).Seek(off, whence)
}

func TestReaderAt(t *testing.T) {
	eachSize(t, func(t *testing.T, content []byte) sourcetest.Config {
		t.Helper()
		src, err := source.ReaderAt(bytes.NewReader(content), int64(len(content)))
		return sourcetest.Config{Source: must(t, src, err)}
	})
}

func TestBytes(t *testing.T) {
	eachSize(t, func(_ *testing.T, content []byte) sourcetest.Config {
		return sourcetest.Config{Source: source.Bytes(content)}
	})
}

func TestStream(t *testing.T) {
	for name, opts := range map[string]func(n int64) *source.StreamOptions{
		"default":      func(int64) *source.StreamOptions { return nil },
		"length":       func(n int64) *source.StreamOptions { return &source.StreamOptions{Length: protocol.Known(n)} },
		"small window": func(n int64) *source.StreamOptions { return &source.StreamOptions{Window: n/3 + 1} },
		"spool":        func(n int64) *source.StreamOptions { return &source.StreamOptions{Window: n/3 + 1, Spool: n + 1} },
	} {
		t.Run(name, func(t *testing.T) {
			eachSize(t, func(_ *testing.T, content []byte) sourcetest.Config {
				o := opts(int64(len(content)))
				return sourcetest.Config{
					Source: source.Stream(bytes.NewReader(content), o),
					Stall: func(t *testing.T) (source.Source, <-chan struct{}) {
						t.Helper()
						r, w := io.Pipe()
						t.Cleanup(func() { _ = w.Close() })
						waiting := make(chan struct{})
						return source.Stream(&tellingReader{r, sync.OnceFunc(func() { close(waiting) })}, o), waiting
					},
				}
			})
		})
	}
}

// tellingReader reports its first Read.
type tellingReader struct {
	io.Reader
	tell func()
}

func (r *tellingReader) Read(p []byte) (int, error) {
	r.tell()
	return r.Reader.Read(p)
}

// object is an object in an object store.
type object struct {
	mu      sync.Mutex
	content []byte
	version int
	open    int
}

var errVersion = errors.New("the object has another version")

func (o *object) source(t *testing.T) source.Source {
	t.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	version := o.version
	src, err := source.NewRanged(source.Ranged{
		Name: "bucket/object", Size: int64(len(o.content)), ID: "bucket/object?version=" + strconv.Itoa(version),
		Open: func(ctx context.Context, offset, length int64) (io.ReadCloser, error) {
			o.mu.Lock()
			defer o.mu.Unlock()
			switch {
			case ctx.Err() != nil:
				return nil, context.Cause(ctx)
			case o.version != version:
				return nil, errors.Join(failure.ErrSourceChanged, errVersion)
			}
			o.open++
			end := min(offset+length, int64(len(o.content)))
			return &objectReader{bytes.NewReader(o.content[offset:max(offset, end)]), sync.OnceFunc(o.closed)}, nil
		},
	})
	return must(t, src, err)
}

func (o *object) closed() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.open--
}

func (o *object) inUse() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.open
}

// set replaces the content.
func (o *object) set(content []byte, version int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.content, o.version = content, version
}

type objectReader struct {
	io.Reader
	closed func()
}

func (r *objectReader) Close() error {
	r.closed()
	return nil
}

func TestRanged(t *testing.T) {
	eachSize(t, func(t *testing.T, content []byte) sourcetest.Config {
		t.Helper()
		o := &object{content: content}
		c := sourcetest.Config{
			Source: o.source(t), CountOpen: o.inUse, Reopen: o.source,
			Other: func(t *testing.T) source.Source {
				t.Helper()
				return (&object{content: append(content, 'x'), version: 7}).source(t)
			},
			Stall: func(t *testing.T) (source.Source, <-chan struct{}) {
				t.Helper()
				waiting := make(chan struct{})
				src, err := source.NewRanged(source.Ranged{Size: 10, Open: func(ctx context.Context, _, _ int64) (io.ReadCloser, error) {
					close(waiting)
					<-ctx.Done()
					return nil, context.Cause(ctx)
				}})
				return must(t, src, err), waiting
			},
		}
		if len(content) > 0 {
			c.Change = func(*testing.T) { o.set(append(content[1:], 'x'), 2) }
			c.Truncate = func(*testing.T) { o.set(content[1:], 0) }
		}
		return c
	})
}

// An Expect that holds changes nothing.
func TestExpect(t *testing.T) {
	eachSize(t, func(t *testing.T, content []byte) sourcetest.Config {
		t.Helper()
		return ofFile(t, filepath.Join(t.TempDir(), "file"), content, func(t *testing.T, name string) source.Source {
			t.Helper()
			src, err := source.Path(name)
			return source.Expect(must(t, src, err), func(fs.FileInfo) bool { return true })
		})
	})
}
