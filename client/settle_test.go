package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
)

// settling is the longest wait for a file that was modified just now.
const settling = 2010 * time.Millisecond

// fresh returns the path of a file that was modified the time ago before now, by the clock of
// the bubble. A negative ago is in the future.
func fresh(t *testing.T, data string, ago time.Duration) string {
	t.Helper()
	name := clienttest.WriteFile(t, data)
	clienttest.SetModified(t, name, time.Now().Add(-ago))
	return name
}

// overwrite writes data at an offset of the file and restores the time of modification. The
// file is then like one with two changes within one step of the clock.
func overwrite(t *testing.T, name, data string, off int64) {
	t.Helper()
	info, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.WriteAt([]byte(data), off)
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	clienttest.SetModified(t, name, info.ModTime())
}

// needChangeTime skips a test on systems without a change time of inodes.
func needChangeTime(t *testing.T) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("files have no time of change here")
	}
}

// An upload of a file that was modified just now ends 2 s after the modification, or 2 s after
// the beginning. No other upload waits.
func TestFreshFileIsConfirmed(t *testing.T) {
	day := 24 * time.Hour
	tests := map[string]struct {
		ago, takes time.Duration // the age of the file at the beginning; the time of the upload
		want       time.Duration // the wait
	}{
		"now":                  {want: settling},
		"a second ago":         {ago: time.Second, want: settling - time.Second},
		"an hour ago":          {ago: time.Hour},
		"clock ahead":          {ago: -time.Hour, want: settling},
		"time of the future":   {ago: -2 * day},
		"slow upload":          {takes: time.Second, want: settling - time.Second},
		"slower upload":        {takes: 3 * time.Second},
		"slower, clock ahead":  {ago: -time.Hour, takes: 3 * time.Second},
		"slow and a while ago": {ago: 1500 * time.Millisecond, takes: 500 * time.Millisecond, want: settling - 2*time.Second},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fake.New(t, fake.Config{})
				data := clienttest.Noise(clienttest.SampledSize)
				file := fresh(t, data, test.ago)
				s.On(http.MethodPatch, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
					time.Sleep(test.takes)
					next.ServeHTTP(w, r)
				})
				var events []client.Event
				began := time.Now()
				res, err := clienttest.NewClient(t, s, client.Config{}).Upload(t.Context(), clienttest.PathSource(t, file), &client.UploadOptions{OnEvent: clienttest.RecordEvents(&events)})
				if err != nil {
					t.Fatal(err)
				}
				clienttest.WantStored(t, s, res.URL, data)
				if took := time.Since(began); took != test.takes+test.want {
					t.Errorf("took %v, want %v and a wait of %v", took, test.takes, test.want)
				}
				said := time.Duration(0)
				for _, e := range events {
					if e.Kind == client.EventSettling {
						said += e.Wait
					}
				}
				if said != test.want {
					t.Errorf("events tell of a wait of %v, want %v", said, test.want)
				}
			})
		})
	}
}

// An upload fails, and is not recorded as finished, if the file changes after its last byte was
// sent within the same step of the clock.
func TestChangesWhileSettling(t *testing.T) {
	needChangeTime(t)
	data := clienttest.Noise(clienttest.SampledSize)
	changes := map[string]func(t *testing.T, name string){
		"middle, time restored": func(t *testing.T, name string) { t.Helper(); overwrite(t, name, "new", clienttest.SampledSize/2) },
		"start, time restored":  func(t *testing.T, name string) { t.Helper(); overwrite(t, name, "new", 0) },
		"time":                  func(t *testing.T, name string) { t.Helper(); clienttest.SetModified(t, name, time.Now()) },
		"grown":                 func(t *testing.T, name string) { t.Helper(); overwrite(t, name, "new", clienttest.SampledSize) },
	}
	for what, change := range changes {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fake.New(t, fake.Config{})
				m := &clienttest.Ledger{}
				name := fresh(t, data, time.Second)
				c := clienttest.NewClient(t, s, client.Config{Ledger: m})
				res, err := c.Upload(t.Context(), clienttest.PathSource(t, name), &client.UploadOptions{OnEvent: func(e client.Event) {
					if e.Kind == client.EventSettling {
						change(t, name)
					}
				}})
				clienttest.WantErrorIs(t, err, client.ErrSource, client.ErrSourceChanged)
				clienttest.WantRequests(t, s, clienttest.Post, fmt.Sprintf("PATCH /files/1 0+%d", clienttest.SampledSize), "DELETE /files/1")
				if res.Offset != clienttest.SampledSize || len(m.Records) != 0 {
					t.Errorf("result %+v, records of sent files %v, want Offset %v and none in Records", res, m.Records, clienttest.SampledSize)
				}
			})
		})
	}
}

// A file whose bytes are all compared needs no wait, unless another program has it open for
// writing. A change is found by its bytes alone.
func TestSmallFileIsCompared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		m := &clienttest.Ledger{}
		name := fresh(t, "hello", 0)
		c := clienttest.NewClient(t, s, client.Config{Ledger: m})
		began := time.Now()
		first, err := c.Upload(t.Context(), clienttest.PathSource(t, name), nil)
		if err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); hasLeases(t) && took != 0 {
			t.Errorf("took %v, want 0", took)
		}
		overwrite(t, name, "hallo", 0)
		second, err := c.Upload(t.Context(), clienttest.PathSource(t, name), nil)
		if err != nil {
			t.Fatal(err)
		}
		clienttest.WantStored(t, s, second.URL, "hallo")
		third, err := c.Upload(t.Context(), clienttest.PathSource(t, name), nil)
		if err != nil || first.Skipped || second.Skipped || !third.Skipped {
			t.Errorf("skipped: %t, %t, %t; error %v, want Skipped false, Skipped false, Skipped true and no error", first.Skipped, second.Skipped, third.Skipped, err)
		}
		s.On(http.MethodPatch, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			overwrite(t, name, "hollo", 0)
			next.ServeHTTP(w, r)
		})
		overwrite(t, name, "hullo", 0)
		_, err = c.Upload(t.Context(), clienttest.PathSource(t, name), nil)
		clienttest.WantErrorIs(t, err, client.ErrSourceChanged)
	})
}

// The wait ends with the context. The error says that the server has all bytes, and a later run
// asks the server instead of sending them again.
func TestSettlingIsCancelled(t *testing.T) {
	for name, ago := range map[string]time.Duration{"fine clock": 123_456_789, "clock of whole seconds": 0} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fake.New(t, fake.Config{})
				var store client.MemoryStore
				m := &clienttest.Ledger{}
				c := clienttest.NewClient(t, s, client.Config{Store: &store, Ledger: m, ChunkSize: clienttest.ChunkSize})
				file := fresh(t, clienttest.Noise(clienttest.RecordedSize), ago)
				ctx, cancel := context.WithCancelCause(t.Context())
				began := time.Now()
				res, err := c.Upload(ctx, clienttest.PathSource(t, file), &client.UploadOptions{OnEvent: func(e client.Event) {
					if e.Kind == client.EventSettling {
						cancel(clienttest.ErrUnplugged)
					}
				}})
				clienttest.WantErrorIs(t, err, client.ErrUnconfirmed, context.Canceled, clienttest.ErrUnplugged)
				if res.Offset != clienttest.RecordedSize || len(m.Records) != 0 {
					t.Errorf("result %+v, records of sent files %v, want Offset %v and none in Records", res, m.Records, clienttest.RecordedSize)
				}
				if took := time.Since(began); took > 50*time.Millisecond {
					t.Errorf("took %v, want at most %v", took, 50*time.Millisecond)
				}
				clienttest.WantRequests(t, s, clienttest.Post, clienttest.Patch1, clienttest.Patch2, clienttest.Patch3)
				again, err := c.Upload(t.Context(), clienttest.PathSource(t, file), nil)
				if err != nil {
					t.Fatal(err)
				}
				// If the file was modified just now, it may have changed without a trace before
				// the record was made.
				if resumed := again.URL == res.URL; resumed != (ago != 0) {
					t.Errorf("resumed: %t, want %t", resumed, ago != 0)
				}
			})
		})
	}
}

// The waits of many uploads overlap: they take 2 s in all, not 2 s for each.
func TestManyFreshFiles(t *testing.T) {
	const files = 500
	tests := map[string]func(ctx context.Context, c *client.Client, sources []client.Source) error{
		"UploadAll": func(ctx context.Context, c *client.Client, sources []client.Source) error {
			var items []client.Item
			for _, src := range sources {
				items = append(items, client.Item{Source: src})
			}
			_, err := c.UploadAll(ctx, items)
			return err
		},
		"UploadConcat": func(ctx context.Context, c *client.Client, sources []client.Source) error {
			_, err := c.UploadConcat(ctx, sources, nil)
			return err
		},
		"UploadConcat, final first": func(ctx context.Context, c *client.Client, sources []client.Source) error {
			_, err := c.UploadConcat(ctx, sources, &client.ConcatOptions{FinalFirst: true})
			return err
		},
	}
	for ago, most := range map[time.Duration]time.Duration{0: settling, -time.Hour: 2 * settling} {
		for name, upload := range tests {
			t.Run(fmt.Sprintf("%s, %v ago", name, ago), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := fake.New(t, fake.Config{Extensions: []protocol.Extension{
						protocol.ExtensionCreation, protocol.ExtensionConcatenation, protocol.ExtensionConcatenationUnfinished,
					}})
					sources := make([]client.Source, files)
					dir := t.TempDir()
					modified := time.Now().Add(-ago)
					for i := range sources {
						file := filepath.Join(dir, fmt.Sprint(i))
						rewrite(t, file, strings.Repeat("x", 4<<10))
						clienttest.SetModified(t, file, modified)
						// Files of such an FS are not compared by their bytes.
						src, err := client.FS(clienttest.BareFS{FS: os.DirFS(dir)}, fmt.Sprint(i))
						if err != nil {
							t.Fatal(err)
						}
						sources[i] = src
					}
					began := time.Now()
					if err := upload(t.Context(), clienttest.NewClient(t, s, client.Config{}), sources); err != nil {
						t.Fatal(err)
					}
					if took := time.Since(began); took < settling || took > most {
						t.Errorf("took %v, want %v to %v", took, settling, most)
					}
				})
			})
		}
	}
}

// An upload continues if the name, the links or the mode of the file change, but not its bytes.
func TestInodeChangesWhileUploading(t *testing.T) {
	needChangeTime(t)
	changes := map[string]struct {
		change func(name string) error
		is     error
	}{
		"renamed": {func(name string) error { return os.Rename(name, name+".1") }, nil},
		"removed": {os.Remove, nil},
		"linked":  {func(name string) error { return os.Link(name, name+".1") }, nil},
		"chmod":   {func(name string) error { return os.Chmod(name, 0o640) }, nil},
		"chtimes": {func(name string) error {
			info, err := os.Stat(name)
			if err != nil {
				return err
			}
			return os.Chtimes(name, time.Time{}, info.ModTime())
		}, client.ErrSourceChanged},
	}
	for what, test := range changes {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fake.New(t, fake.Config{})
				data := clienttest.Noise(clienttest.SampledSize)
				name := clienttest.WriteFile(t, data)
				s.On(http.MethodPatch, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
					if err := test.change(name); err != nil {
						t.Error(err)
					}
					next.ServeHTTP(w, r)
				})
				res, err := clienttest.NewClient(t, s, client.Config{}).Upload(t.Context(), clienttest.PathSource(t, name), nil)
				if test.is != nil {
					clienttest.WantErrorIs(t, err, test.is)
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				clienttest.WantStored(t, s, res.URL, data)
			})
		})
	}
}

// Parts of a file are not joined before the file is confirmed.
func TestPartsOfFreshFile(t *testing.T) {
	needChangeTime(t)
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		data := clienttest.Noise(clienttest.FourPartsSize)
		name := fresh(t, data, 0)
		c := clienttest.NewClient(t, s, client.Config{})
		began := time.Now()
		res, err := c.Upload(t.Context(), clienttest.PathSource(t, name), &client.UploadOptions{Parallel: 4})
		if err != nil {
			t.Fatal(err)
		}
		clienttest.WantStored(t, s, res.URL, data)
		if took := time.Since(began); took != settling {
			t.Errorf("took %v, want %v", took, settling)
		}

		clienttest.SetModified(t, name, time.Now())
		res, err = c.Upload(t.Context(), clienttest.PathSource(t, name), &client.UploadOptions{Parallel: 4, OnEvent: func(e client.Event) {
			if e.Kind == client.EventSettling {
				overwrite(t, name, "new", clienttest.FourPartsSize/2)
			}
		}})
		clienttest.WantErrorIs(t, err, client.ErrSourceChanged)
		if res.URL != "" {
			t.Errorf("the parts were joined: %s, want \"\"", res.URL)
		}
	})
}
