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
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
)

// large is the size of a file that is not compared as a whole.
const large = 200 << 10

// settling is the longest wait for a file that was modified just now.
const settling = 2010 * time.Millisecond

// fresh is a file that was modified so long ago by the clock of the bubble, or is
// ahead of it.
func fresh(t *testing.T, data string, ago time.Duration) string {
	t.Helper()
	name := write(t, data)
	touch(t, name, time.Now().Add(-ago))
	return name
}

// overwrite puts data into the file at an offset and restores its time of
// modification, as two changes within one step of a clock leave it.
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
	touch(t, name, info.ModTime())
}

// needChangeTime skips a test on systems that do not tell when an inode changed.
func needChangeTime(t *testing.T) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("files have no time of change here")
	}
}

// An upload of a file that was modified just now ends when the file is 2 s old, or
// was watched for as long. No other upload waits.
func TestFreshFileIsConfirmed(t *testing.T) {
	day := 24 * time.Hour
	tests := map[string]struct {
		ago, takes time.Duration // since the modification; of the upload
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
				data := noise(large)
				file := fresh(t, data, test.ago)
				s.On(http.MethodPatch, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
					time.Sleep(test.takes)
					next.ServeHTTP(w, r)
				})
				var events []client.Event
				began := time.Now()
				res, err := newClient(t, s, client.Config{}).Upload(t.Context(), path(t, file), &client.UploadOptions{OnEvent: recordEvents(&events)})
				if err != nil {
					t.Fatal(err)
				}
				wantStored(t, s, res.URL, data)
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

// A file that changes after its last byte was sent, in the same step of the clock,
// does not become a complete upload, and no record says that it was sent.
func TestChangesWhileSettling(t *testing.T) {
	needChangeTime(t)
	data := noise(large)
	changes := map[string]func(t *testing.T, name string){
		"middle, time restored": func(t *testing.T, name string) { t.Helper(); overwrite(t, name, "new", large/2) },
		"start, time restored":  func(t *testing.T, name string) { t.Helper(); overwrite(t, name, "new", 0) },
		"time":                  func(t *testing.T, name string) { t.Helper(); touch(t, name, time.Now()) },
		"grown":                 func(t *testing.T, name string) { t.Helper(); overwrite(t, name, "new", large) },
	}
	for what, change := range changes {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fake.New(t, fake.Config{})
				m := &sentMap{}
				name := fresh(t, data, time.Second)
				c := newClient(t, s, client.Config{Ledger: m})
				res, err := c.Upload(t.Context(), path(t, name), &client.UploadOptions{OnEvent: func(e client.Event) {
					if e.Kind == client.EventSettling {
						change(t, name)
					}
				}})
				wantIs(t, err, client.ErrSource, client.ErrSourceChanged)
				wantSeen(t, s, post, fmt.Sprintf("PATCH /files/1 0+%d", large))
				if res.Offset != large || len(m.records) != 0 {
					t.Errorf("result %+v, records of sent files %v", res, m.records)
				}
			})
		})
	}
}

// A file whose bytes are all compared needs no wait, unless another program could be
// writing to it. A change of its bytes is found without any other trace.
func TestSmallFileIsCompared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		m := &sentMap{}
		name := fresh(t, "hello", 0)
		c := newClient(t, s, client.Config{Ledger: m})
		began := time.Now()
		first, err := c.Upload(t.Context(), path(t, name), nil)
		if err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); hasLeases(t) && took != 0 {
			t.Errorf("took %v", took)
		}
		overwrite(t, name, "hallo", 0)
		second, err := c.Upload(t.Context(), path(t, name), nil)
		if err != nil {
			t.Fatal(err)
		}
		wantStored(t, s, second.URL, "hallo")
		third, err := c.Upload(t.Context(), path(t, name), nil)
		if err != nil || first.Skipped || second.Skipped || !third.Skipped {
			t.Errorf("skipped: %t, %t, %t; error %v", first.Skipped, second.Skipped, third.Skipped, err)
		}
		s.On(http.MethodPatch, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			overwrite(t, name, "hollo", 0)
			next.ServeHTTP(w, r)
		})
		overwrite(t, name, "hullo", 0)
		_, err = c.Upload(t.Context(), path(t, name), nil)
		wantIs(t, err, client.ErrSourceChanged)
	})
}

// A program may restore the time of modification after it wrote to a file. The file
// is sent again all the same.
func TestSentAndRestored(t *testing.T) {
	needChangeTime(t)
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		cfg := client.Config{Ledger: &sentMap{}}
		data := noise(large)
		name := write(t, data)
		sendOnce(t, s, cfg, name)
		if res := sendOnce(t, s, cfg, name); !res.Skipped {
			t.Fatalf("result %+v, want it skipped", res)
		}
		overwrite(t, name, "new", large/2)
		res := sendOnce(t, s, cfg, name)
		if res.Skipped {
			t.Error("the file was skipped though it had changed")
		}
		wantStored(t, s, res.URL, data[:large/2]+"new"+data[large/2+3:])
	})
}

// A record is not believed of a file that was modified just now, whoever wrote it:
// the file may have changed again in the same step of the clock.
func TestFreshFileIsNotSkipped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		data := noise(large)
		other := s.Put(flipped(data, large/2), protocol.Known(large), nil)
		for ago, want := range map[time.Duration]bool{0: false, time.Second: false, -time.Hour: false, time.Hour: true} {
			cfg := client.Config{Ledger: planted{url: other, size: large}}
			name := fresh(t, data, ago)
			c := newClient(t, s, cfg)
			if _, sent, err := finishedOf(c, t.Context(), path(t, name)); sent != want || err != nil {
				t.Errorf("%v ago: recorded as sent: %t, want %t; error %v", ago, sent, want, err)
			}
			if res := sendOnce(t, s, cfg, name); res.Skipped != want {
				t.Errorf("%v ago: skipped: %t, want %t", ago, res.Skipped, want)
			}
		}
	})
}

// The end of the context ends the wait. The error says that the server has all
// bytes, and a later run asks the server instead of sending them again.
func TestSettlingIsCancelled(t *testing.T) {
	for name, ago := range map[string]time.Duration{"fine clock": 123_456_789, "clock of whole seconds": 0} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fake.New(t, fake.Config{})
				var store client.MemoryStore
				m := &sentMap{}
				c := newClient(t, s, client.Config{Store: &store, Ledger: m, ChunkSize: half})
				file := fresh(t, noise(smallest), ago)
				ctx, cancel := context.WithCancelCause(t.Context())
				began := time.Now()
				res, err := c.Upload(ctx, path(t, file), &client.UploadOptions{OnEvent: func(e client.Event) {
					if e.Kind == client.EventSettling {
						cancel(errPulled)
					}
				}})
				wantIs(t, err, client.ErrUnconfirmed, context.Canceled, errPulled)
				if res.Offset != smallest || len(m.records) != 0 {
					t.Errorf("result %+v, records of sent files %v", res, m.records)
				}
				if took := time.Since(began); took > 50*time.Millisecond {
					t.Errorf("took %v", took)
				}
				wantSeen(t, s, post, patch1, patch2, patch3)
				again, err := c.Upload(t.Context(), path(t, file), nil)
				if err != nil {
					t.Fatal(err)
				}
				// Where times are coarse, the file may have changed without a trace
				// before the record was made.
				if resumed := again.URL == res.URL; resumed != (ago != 0) {
					t.Errorf("resumed: %t", resumed)
				}
			})
		})
	}
}

// An upload that broke off has a record only of a file that could not change without
// a trace while it was sent.
func TestFreshFileIsRecordedLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		var store client.MemoryStore
		name := fresh(t, noise(smallest), 0)
		began := time.Now()
		s.On(http.MethodPatch, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			wantNoRecord(t, &store)
			next.ServeHTTP(w, r)
			time.Sleep(3 * time.Second)
			synctest.Wait()
			onlyRecord(t, &store)
		}, fake.Cut(7))
		c := recorder(t, s, &store, nil)
		if _, err := c.Upload(t.Context(), path(t, name), nil); err == nil {
			t.Fatal("no error")
		}
		if took := time.Since(began); took != 3*time.Second {
			t.Errorf("took %v", took)
		}
		if r := onlyRecord(t, &store); r.Offset != half {
			t.Errorf("record %+v", r)
		}
		if _, err := c.Upload(t.Context(), path(t, name), nil); err != nil {
			t.Fatal(err)
		}
		wantNoRecord(t, &store)

		// The end of an upload that breaks off sooner waits for its record.
		name = fresh(t, noise(smallest), time.Second)
		s.On(http.MethodPatch, fake.Cut(7))
		began = time.Now()
		if _, err := c.Upload(t.Context(), path(t, name), nil); err == nil {
			t.Fatal("no error")
		}
		if took := time.Since(began); took != settling-time.Second {
			t.Errorf("took %v", took)
		}
		onlyRecord(t, &store)
	})
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
						touch(t, file, modified)
						// The bytes of such a file are not compared.
						src, err := client.FS(bareFS{os.DirFS(dir)}, fmt.Sprint(i))
						if err != nil {
							t.Fatal(err)
						}
						sources[i] = src
					}
					began := time.Now()
					if err := upload(t.Context(), newClient(t, s, client.Config{}), sources); err != nil {
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

// A new name, link or mode of a file does not change its bytes: the upload goes on.
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
				data := noise(large)
				name := write(t, data)
				s.On(http.MethodPatch, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
					if err := test.change(name); err != nil {
						t.Error(err)
					}
					next.ServeHTTP(w, r)
				})
				res, err := newClient(t, s, client.Config{}).Upload(t.Context(), path(t, name), nil)
				if test.is != nil {
					wantIs(t, err, test.is)
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				wantStored(t, s, res.URL, data)
			})
		})
	}
}

// Parts of a file are not joined before the file is confirmed.
func TestPartsOfFreshFile(t *testing.T) {
	needChangeTime(t)
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		data := noise(wholeSize)
		name := fresh(t, data, 0)
		c := newClient(t, s, client.Config{})
		began := time.Now()
		res, err := c.Upload(t.Context(), path(t, name), &client.UploadOptions{Parallel: 4})
		if err != nil {
			t.Fatal(err)
		}
		wantStored(t, s, res.URL, data)
		if took := time.Since(began); took != settling {
			t.Errorf("took %v, want %v", took, settling)
		}

		touch(t, name, time.Now())
		res, err = c.Upload(t.Context(), path(t, name), &client.UploadOptions{Parallel: 4, OnEvent: func(e client.Event) {
			if e.Kind == client.EventSettling {
				overwrite(t, name, "new", wholeSize/2)
			}
		}})
		wantIs(t, err, client.ErrSourceChanged)
		if res.URL != "" {
			t.Errorf("the parts were joined: %s", res.URL)
		}
	})
}
