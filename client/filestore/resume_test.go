package filestore_test

import (
	"bytes"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/filestore"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/client/journal"
	"github.com/tusker-go/tusker/retry"
)

const (
	uploadSize = 1<<20 + 1<<18
	chunkSize  = 1 << 19
)

// server is a tus server behind real sockets.
type server struct {
	*fake.Server
	doer     *http.Client
	endpoint string
}

func serve(t *testing.T) *server {
	t.Helper()
	s := fake.Handler(fake.Config{})
	ts := httptest.NewServer(s)
	t.Cleanup(ts.Close)
	t.Cleanup(func() {
		for _, v := range s.Violations() {
			t.Errorf("violation of the protocol: %s", v)
		}
	})
	return &server{Server: s, doer: ts.Client(), endpoint: ts.URL + "/files/"}
}

// run uploads the file called name with a new store, client and source, like a program that
// is started for one file.
func (s *server) run(t *testing.T, dir, name string, log *bytes.Buffer) (*client.Result, error) {
	t.Helper()
	return s.runWith(t, open(t, dir), name, log)
}

// runWith is run with an open store.
func (s *server) runWith(t *testing.T, store *filestore.Store, name string, log *bytes.Buffer) (*client.Result, error) {
	t.Helper()
	cfg := client.Config{Endpoint: s.endpoint, Doer: s.doer, Store: store, ChunkSize: chunkSize, Retry: retry.Never}
	if log != nil {
		cfg.Logger = slog.New(slog.NewTextHandler(log, nil))
	}
	c, err := client.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	src, err := client.Path(name)
	if err != nil {
		t.Fatal(err)
	}
	return c.Upload(t.Context(), src, nil)
}

// wantDone checks that a run succeeded and that the server has the file.
func (s *server) wantDone(t *testing.T, res *client.Result, err error, data []byte) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(s.Bytes(res.URL), data) {
		t.Errorf("the server has %d bytes, which differ from the file", len(s.Bytes(res.URL)))
	}
}

// file makes a file that was modified an hour ago. An upload of a file that was modified just
// now is recorded late.
func file(t *testing.T) (name string, data []byte) {
	t.Helper()
	data = make([]byte, uploadSize)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(data)
	name = filepath.Join(t.TempDir(), "elephant.mp4")
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
	modified := time.Now().Add(-time.Hour)
	if err := os.Chtimes(name, modified, modified); err != nil {
		t.Fatal(err)
	}
	return name, data
}

// interrupted runs an upload that loses its connection, and returns the name of the file of
// the record.
func (s *server) interrupted(t *testing.T, dir, name string) (record string) {
	t.Helper()
	s.On(http.MethodPatch, nil, fake.Cut(1000))
	if res, err := s.run(t, dir, name, nil); err == nil {
		t.Fatalf("no error, result %+v", res)
	}
	left := names(t, dir)
	if len(left) != 1 || !strings.HasSuffix(left[0], ".json") {
		t.Fatalf("the folder holds %q, want one record", left)
	}
	return filepath.Join(dir, left[0])
}

func wantSaid(t *testing.T, log *bytes.Buffer, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(log.String(), w) {
			t.Errorf("%q is not in the log:\n%s", w, log)
		}
	}
}

// TestUploadResumes checks that several programs finish one upload, with one creation and no
// byte sent twice, and that the folder is empty afterwards.
func TestUploadResumes(t *testing.T) {
	s, dir := serve(t), t.TempDir()
	name, data := file(t)
	for range 2 {
		s.interrupted(t, dir, name)
	}
	res, err := s.run(t, dir, name, nil)
	s.wantDone(t, res, err, data)
	if res.Resumed != 2*(chunkSize+1000) {
		t.Errorf("resumed at %d, want %v", res.Resumed, 2*(chunkSize+1000))
	}
	want := []string{
		"POST /files/", "PATCH /files/1 0+524288", "PATCH /files/1 524288+1000",
		"HEAD /files/1", "PATCH /files/1 525288+524288", "PATCH /files/1 1049576+1000",
		"HEAD /files/1", "PATCH /files/1 1050576+260144",
	}
	if diff := cmp.Diff(want, s.Seen()); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	if left := names(t, dir); len(left) > 0 {
		t.Errorf("the folder holds %q", left)
	}
}

// TestUploadIsBusy checks that a second run of the same file sends nothing.
func TestUploadIsBusy(t *testing.T) {
	s, dir := serve(t), t.TempDir()
	name, data := file(t)
	s.On(http.MethodPatch, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		already := len(s.Seen())
		if _, err := s.run(t, dir, name, nil); !errors.Is(err, journal.ErrBusy) {
			t.Errorf("error %v, want %v", err, journal.ErrBusy)
		}
		if n := len(s.Seen()) - already; n > 0 {
			t.Errorf("%d requests were sent, want 0", n)
		}
		next.ServeHTTP(w, r)
	})
	res, err := s.run(t, dir, name, nil)
	s.wantDone(t, res, err, data)
}

// TestUploadOfDamagedRecord checks that a damaged record is moved aside, and that the file is
// sent from its beginning.
func TestUploadOfDamagedRecord(t *testing.T) {
	tests := map[string]func(b []byte) []byte{
		"empty":     func([]byte) []byte { return nil },
		"truncated": func(b []byte) []byte { return b[:len(b)/2] },
		"no JSON":   func(b []byte) []byte { return append([]byte("x"), b...) },
		"no URL":    func(b []byte) []byte { return bytes.Replace(b, []byte(`"url"`), []byte(`"uri"`), 1) },
		"URL of another scheme": func(b []byte) []byte {
			return bytes.Replace(b, []byte(`"url": "http:`), []byte(`"url": "file:`), 1)
		},
		"zeros": func(b []byte) []byte { return make([]byte, len(b)) },
	}
	for name, damage := range tests {
		t.Run(name, func(t *testing.T) {
			s, dir := serve(t), t.TempDir()
			name, data := file(t)
			record := s.interrupted(t, dir, name)
			b, err := os.ReadFile(record)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(record, damage(b), 0o600); err != nil {
				t.Fatal(err)
			}
			var log bytes.Buffer
			res, err := s.run(t, dir, name, &log)
			s.wantDone(t, res, err, data)
			if res.Resumed != 0 {
				t.Errorf("resumed at %d from a damaged record, want 0", res.Resumed)
			}
			wantSaid(t, &log, "level=WARN", "upload starts over", "moved aside")
			if diff := cmp.Diff([]string{filepath.Base(record) + ".damaged"}, names(t, dir)); diff != "" {
				t.Errorf("the folder (-want +got):\n%s", diff)
			}
		})
	}
}

// TestUploadOfNewerRecord checks that the record of a newer version stays as it is.
func TestUploadOfNewerRecord(t *testing.T) {
	s, dir := serve(t), t.TempDir()
	name, data := file(t)
	record := s.interrupted(t, dir, name)
	b, err := os.ReadFile(record)
	if err != nil {
		t.Fatal(err)
	}
	newer := bytes.Replace(b, []byte(`"version": 1`), []byte(`"version": 3`), 1)
	if err := os.WriteFile(record, newer, 0o600); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	res, err := s.run(t, dir, name, &log)
	s.wantDone(t, res, err, data)
	wantSaid(t, &log, "level=WARN", "upload cannot be resumed by a later run", "newer version")
	if now, err := os.ReadFile(record); err != nil || !bytes.Equal(now, newer) {
		t.Errorf("the record is now %q (%v), want %q and no error", now, err, newer)
	}
}

// TestUploadWithoutFolder checks that an upload succeeds although the folder was removed.
func TestUploadWithoutFolder(t *testing.T) {
	tests := map[string]func(t *testing.T, dir string){
		"removed": func(t *testing.T, dir string) {
			t.Helper()
			if err := os.RemoveAll(dir); err != nil {
				t.Fatal(err)
			}
		},
		"a file": func(t *testing.T, dir string) {
			t.Helper()
			if err := os.RemoveAll(dir); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(dir, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		},
	}
	for name, lose := range tests {
		t.Run(name, func(t *testing.T) {
			s, dir := serve(t), filepath.Join(t.TempDir(), "state")
			name, data := file(t)
			store := open(t, dir)
			lose(t, dir)
			var log bytes.Buffer
			res, err := s.runWith(t, store, name, &log)
			s.wantDone(t, res, err, data)
			wantSaid(t, &log, "level=WARN", "upload cannot be resumed by a later run")
		})
	}
}
