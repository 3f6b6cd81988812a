package client_test

import (
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
)

// openRoot opens dir for the rest of the test.
func openRoot(t *testing.T, dir string) *os.Root {
	t.Helper()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = root.Close() })
	return root
}

// below returns a source of the file called name by Root of its directory.
func below(t *testing.T, name string) client.Source {
	t.Helper()
	src, err := client.Root(openRoot(t, filepath.Dir(name)), filepath.Base(name))
	if err != nil {
		t.Fatal(err)
	}
	return src
}

// publicAndSecret makes a folder with the files "public/a" and "secret". root is "public".
func publicAndSecret(t *testing.T) (dir string, root *os.Root) {
	t.Helper()
	dir = t.TempDir()
	for name, data := range map[string]string{"public/sub/a": "public", "secret/a": "secret"} {
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir, openRoot(t, filepath.Join(dir, "public"))
}

// A file of a root that was replaced before its upload begins is not sent, whether by another
// file, by a link inside or out of the root, or by nothing.
func TestRootFileIsReplaced(t *testing.T) {
	move := func(t *testing.T, from, to string) {
		t.Helper()
		if err := os.Rename(from, to); err != nil {
			t.Fatal(err)
		}
	}
	link := func(t *testing.T, target, name string) {
		t.Helper()
		if err := os.Symlink(target, name); err != nil {
			t.Skip(err)
		}
	}
	tests := map[string]struct {
		replace func(t *testing.T, dir string)
		is      error
		text    string
	}{
		"by a link out of the root": {func(t *testing.T, dir string) {
			t.Helper()
			move(t, dir+"/public/sub/a", dir+"/old")
			link(t, dir+"/secret/a", dir+"/public/sub/a")
		}, client.ErrSource, "is not a regular file"},
		"by a link inside the root": {func(t *testing.T, dir string) {
			t.Helper()
			move(t, dir+"/public/sub/a", dir+"/public/b")
			link(t, "../b", dir+"/public/sub/a")
		}, client.ErrSource, "is not a regular file"},
		"its directory by a link out of the root": {func(t *testing.T, dir string) {
			t.Helper()
			move(t, dir+"/public/sub", dir+"/old")
			link(t, dir+"/secret", dir+"/public/sub")
		}, client.ErrSource, "escapes"},
		"its directory by a link inside the root": {func(t *testing.T, dir string) {
			t.Helper()
			move(t, dir+"/public/sub", dir+"/old")
			move(t, dir+"/secret", dir+"/public/other")
			link(t, "other", dir+"/public/sub")
		}, client.ErrSourceChanged, "it was replaced by another file"},
		"by another file": {func(t *testing.T, dir string) {
			t.Helper()
			move(t, dir+"/public/sub/a", dir+"/old")
			move(t, dir+"/secret/a", dir+"/public/sub/a")
		}, client.ErrSourceChanged, "it was replaced by another file"},
		"by nothing": {func(t *testing.T, dir string) {
			t.Helper()
			move(t, dir+"/public/sub/a", dir+"/old")
		}, fs.ErrNotExist, filepath.Join("public", "sub", "a")},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			dir, root := publicAndSecret(t)
			src, err := client.Root(root, filepath.Join("sub", "a"))
			if err != nil {
				t.Fatal(err)
			}
			test.replace(t, dir)
			s := fake.New(t, fake.Config{})
			_, err = clienttest.NewClient(t, s, client.Config{}).Upload(t.Context(), src, nil)
			clienttest.WantErrorIs(t, err, client.ErrSource, test.is)
			clienttest.WantClearError(t, err, test.text)
			clienttest.WantRequests(t, s)
		})
	}
}

// A file that is replaced during its upload is sent completely. It is opened once, and retries,
// checks and the verification read the opened file.
func TestRootFileIsReplacedWhileSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, root := publicAndSecret(t)
		src, err := client.Root(root, filepath.Join("sub", "a"))
		if err != nil {
			t.Fatal(err)
		}
		s := fake.New(t, fake.Config{Content: true})
		s.On(http.MethodPatch, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if err := os.Remove(filepath.Join(dir, "public", "sub", "a")); err != nil {
				t.Error(err)
			}
			if err := os.Symlink(filepath.Join(dir, "secret", "a"), filepath.Join(dir, "public", "sub", "a")); err != nil {
				t.Error(err)
			}
			fake.Cut(2)(w, r, next)
		}, fake.Cut(0))
		res, err := clienttest.NewClient(t, s, client.Config{}).Upload(t.Context(), src, &client.UploadOptions{Verify: true, ChunkSize: 4})
		if err != nil {
			t.Fatal(err)
		}
		clienttest.WantStored(t, s, res.URL, "public")
		if !res.Verified {
			t.Error("Result.Verified is false, want true")
		}
	})
}

// A name that is not a regular file below the root fails.
func TestRootRefuses(t *testing.T) {
	dir, root := publicAndSecret(t)
	links := map[string]string{"link": "sub/a", "out": "../secret/a", "away": filepath.Join(dir, "secret")}
	for name, target := range links {
		if err := os.Symlink(target, filepath.Join(dir, "public", name)); err != nil {
			t.Skip(err)
		}
	}
	for name, is := range map[string]error{
		"sub": client.ErrSource, ".": client.ErrSource, "link": client.ErrSource, "out": client.ErrSource, "away/a": client.ErrSource,
		"../secret/a": client.ErrSource, filepath.Join(dir, "secret", "a"): client.ErrSource, "none": fs.ErrNotExist, "": client.ErrSource,
	} {
		src, err := client.Root(root, filepath.FromSlash(name))
		if src != nil {
			t.Errorf("%q: source %v, want nil", name, src)
		}
		clienttest.WantErrorIs(t, err, client.ErrSource, is)
		clienttest.WantClearError(t, err)
	}
	_, err := client.Root(nil, "a")
	clienttest.WantErrorIs(t, err, client.ErrSource, client.ErrInvalidOption)
}

// An upload that began with Path is resumed with Root and vice versa, in one piece and in parts.
func TestRootAndPathShareRecords(t *testing.T) {
	for name, sources := range map[string][2]func(*testing.T, string) client.Source{
		"path, then root": {clienttest.PathSource, below}, "root, then path": {below, clienttest.PathSource}, "root twice": {below, below},
	} {
		for _, parallel := range []int{1, 2} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var store client.MemoryStore
					s := fake.New(t, fake.Config{})
					data := clienttest.Noise(clienttest.RecordedSize)
					file := clienttest.WriteFile(t, data)
					first, second := sources[0](t, file), sources[1](t, file)
					if first.Name() != file || second.Name() != file {
						t.Errorf("the sources have the names %q and %q, want Name %q and Name %q", first.Name(), second.Name(), file, file)
					}
					s.On(http.MethodPatch, nil, fake.Cut(7))
					opts := &client.UploadOptions{Parallel: parallel}
					_, err := clienttest.NewRecordingClient(t, s, &store, nil).Upload(t.Context(), first, opts)
					clienttest.WantErrorIs(t, err, retry.ErrExhausted)
					if r := clienttest.OnlyRecord(t, &store); r.Source != file {
						t.Errorf("the record is of %q, want %q", r.Source, file)
					}
					res, err := clienttest.NewRecordingClient(t, s, &store, nil).Upload(t.Context(), second, opts)
					if err != nil {
						t.Fatal(err)
					}
					clienttest.WantStored(t, s, res.URL, data)
					if res.Resumed == 0 || res.Length != protocol.Known(clienttest.RecordedSize) {
						t.Errorf("the upload started over: %+v, want Resumed not 0 and Length %v", res, protocol.Known(clienttest.RecordedSize))
					}
				})
			})
		}
	}
}

// A file that was sent by Path is skipped by Root.
func TestRootAndPathShareSent(t *testing.T) {
	s := fake.New(t, fake.Config{})
	file := clienttest.WriteFile(t, "hello")
	cfg := client.Config{Ledger: new(clienttest.Ledger)}
	if _, err := clienttest.NewClient(t, s, cfg).Upload(t.Context(), clienttest.PathSource(t, file), nil); err != nil {
		t.Fatal(err)
	}
	res, err := clienttest.NewClient(t, s, cfg).Upload(t.Context(), below(t, file), nil)
	if err != nil || !res.Skipped {
		t.Errorf("result %+v, %v, want Skipped true and no error", res, err)
	}
}

// Expect gets the opened file of every kind of source. A file that it does not accept is not
// sent.
func TestExpect(t *testing.T) {
	file, other := clienttest.WriteFile(t, "hello"), clienttest.WriteFile(t, "other")
	dir, name := filepath.Split(file)
	sources := map[string]func() (client.Source, error){
		"Path": func() (client.Source, error) { return client.Path(file) },
		"Root": func() (client.Source, error) { return client.Root(openRoot(t, dir), name) },
		"FS":   func() (client.Source, error) { return client.FS(os.DirFS(dir), name) },
		"File": func() (client.Source, error) {
			f, err := os.Open(file)
			if err != nil {
				return nil, err
			}
			t.Cleanup(func() { _ = f.Close() })
			return client.File(f)
		},
	}
	for name, source := range sources {
		for expected, want := range map[string]error{file: nil, other: client.ErrSourceChanged} {
			t.Run(name, func(t *testing.T) {
				src, err := source()
				if err != nil {
					t.Fatal(err)
				}
				listed, err := os.Stat(expected)
				if err != nil {
					t.Fatal(err)
				}
				s := fake.New(t, fake.Config{})
				c := clienttest.NewClient(t, s, client.Config{})
				_, err = c.Upload(t.Context(), client.Expect(src, func(opened fs.FileInfo) bool { return os.SameFile(listed, opened) }), nil)
				if want != nil {
					clienttest.WantErrorIs(t, err, client.ErrSource, want)
					clienttest.WantRequests(t, s)
				} else if err != nil {
					t.Error(err)
				}
			})
		}
	}
	s := fake.New(t, fake.Config{})
	c := clienttest.NewClient(t, s, client.Config{})
	for _, src := range []client.Source{clienttest.TextSource(t, "hello"), clienttest.StreamSource("hello", 5)} {
		if _, err := c.Upload(t.Context(), client.Expect(src, func(fs.FileInfo) bool { return false }), nil); err != nil {
			t.Errorf("Expect for a source without a file: %v", err)
		}
	}
}
