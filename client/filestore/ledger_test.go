package filestore_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/client/filestore"
	"github.com/tusker-go/tusker/client/journal"
	"github.com/tusker-go/tusker/protocol"
)

// sentFile returns the file of the finished uploads to the endpoint of sentRecord.
func sentFile(s *filestore.Store) string {
	sum := sha256.Sum256([]byte(sentRecord("k", 1).Endpoint))
	return filepath.Join(s.Dir(), hex.EncodeToString(sum[:])+".sent")
}

// sentRecord returns the record of the nth upload of a file with the name of the key.
func sentRecord(key string, n int) *journal.Record {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	return &journal.Record{
		Key: key, Endpoint: "https://tus.example/files/", URL: fmt.Sprintf("https://tus.example/files/%d?a&b", n),
		Source: "/home/me/" + key, Length: protocol.Known(int64(n)), Offset: int64(n), Created: at, Updated: at,
	}
}

func saveSent(t *testing.T, s *filestore.Store, records ...*journal.Record) {
	t.Helper()
	for _, r := range records {
		if err := s.SaveFinished(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
}

// wantSent checks that r is loaded under its key.
func wantSent(t *testing.T, s *filestore.Store, r *journal.Record) {
	t.Helper()
	got, err := s.LoadFinished(t.Context(), r.Endpoint, r.Key)
	if err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(r, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func wantNotSent(t *testing.T, s *filestore.Store, key string) {
	t.Helper()
	if r, err := s.LoadFinished(t.Context(), "https://tus.example/files/", key); !errors.Is(err, journal.ErrNoRecord) {
		t.Errorf("record %+v, error %v, want %v", r, err, journal.ErrNoRecord)
	}
}

func appendTo(t *testing.T, name, text string) {
	t.Helper()
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
}

// TestSentFormat checks the format of a ledger, because other programs read it.
func TestSentFormat(t *testing.T) {
	s := open(t, t.TempDir())
	saveSent(t, s, sentRecord("a", 1), sentRecord("b", 2))
	got, err := os.ReadFile(sentFile(s))
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"version":1,"key":"a","endpoint":"https://tus.example/files/","url":"https://tus.example/files/1?a&b",` +
		`"source":"/home/me/a","length":1,"offset":1,"created":"2026-01-02T03:04:05Z","updated":"2026-01-02T03:04:05Z"}
{"version":1,"key":"b","endpoint":"https://tus.example/files/","url":"https://tus.example/files/2?a&b",` +
		`"source":"/home/me/b","length":2,"offset":2,"created":"2026-01-02T03:04:05Z","updated":"2026-01-02T03:04:05Z"}
`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	info, err := os.Stat(sentFile(s))
	if err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v (%v), want 0600", info.Mode(), err)
	}
}

// TestSentComesBack checks that the last record of a key counts, whichever process wrote it.
func TestSentComesBack(t *testing.T) {
	s := open(t, t.TempDir())
	other := open(t, s.Dir())
	wantNotSent(t, s, "a")
	saveSent(t, s, sentRecord("a", 1))
	wantSent(t, s, sentRecord("a", 1))
	saveSent(t, other, sentRecord("b", 2), sentRecord("a", 3))
	wantSent(t, s, sentRecord("a", 3))
	wantSent(t, s, sentRecord("b", 2))
	other2 := sentRecord("a", 4)
	other2.Endpoint = "https://tus.example/other/"
	saveSent(t, s, other2)
	wantSent(t, s, other2)
	wantSent(t, s, sentRecord("a", 3))
	wantNotSent(t, s, "c")

	// Prune in another process replaces the file.
	if err := os.Remove(sentFile(s)); err != nil {
		t.Fatal(err)
	}
	wantNotSent(t, s, "a")
	saveSent(t, other, sentRecord("c", 5))
	wantSent(t, s, sentRecord("c", 5))
	wantNotSent(t, s, "a")
}

// TestSentIsDamaged checks that a damaged line is reported once and that the other lines are
// used.
func TestSentIsDamaged(t *testing.T) {
	tests := map[string]struct {
		text string
		told bool
	}{
		"not JSON":        {"what?\n", true},
		"cut off":         {`{"version":1,"key":"x","en` + "\n", true},
		"cut off, no end": {`{"version":1,"key":"x","en`, true},
		"no key":          {`{"version":1}` + "\n", true},
		"no version":      {`{"key":"x"}` + "\n", true},
		"zeros":           {strings.Repeat("\x00", 5000) + "\n", true},
		"above 1 MiB":     {`{"version":1,"key":"x","source":"` + strings.Repeat("x", 1<<20) + `"}` + "\n", true},
		"empty lines":     {"\n \r\n\n", false},
		"newer, other":    {`{"version":3,"key":["x"]}` + "\n", true},
		"newer":           {`{"version":3,"key":"x","new":true}` + "\n", false},
		"no URL":          {`{"version":1,"key":"x"}` + "\n", false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := open(t, t.TempDir())
			saveSent(t, s, sentRecord("a", 1))
			appendTo(t, sentFile(s), test.text)
			saveSent(t, open(t, s.Dir()), sentRecord("b", 2))
			_, err := s.LoadFinished(t.Context(), sentRecord("a", 1).Endpoint, "a")
			if errors.Is(err, journal.ErrRecordDamaged) != test.told {
				t.Errorf("error %v, want %v: %t", err, journal.ErrRecordDamaged, test.told)
			}
			wantSent(t, s, sentRecord("a", 1))
			wantSent(t, s, sentRecord("b", 2))
			wantNotSent(t, s, "x")
		})
	}
}

func TestSentRefuses(t *testing.T) {
	s := open(t, t.TempDir())
	large := sentRecord("a", 1)
	large.Source = strings.Repeat("x", 1<<20)
	for name, r := range map[string]*journal.Record{"nil": nil, "no key": sentRecord("", 1), "path": sentRecord("../x", 1), "large": large} {
		if err := s.SaveFinished(t.Context(), r); !errors.Is(err, journal.ErrInvalidRecord) {
			t.Errorf("%s: error %v, want ErrInvalidRecord", name, err)
		}
	}
	if got := names(t, s.Dir()); len(got) != 0 {
		t.Errorf("the folder holds %q", got)
	}
	if runtime.GOOS == "windows" {
		t.Skip("links need a privilege on this system")
	}
	outside := filepath.Join(t.TempDir(), "outside")
	appendTo(t, outside, "mine\n")
	if err := os.Symlink(outside, sentFile(s)); err != nil {
		t.Fatal(err)
	}
	if err := s.SaveFinished(t.Context(), sentRecord("a", 1)); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("SaveFinished through a link: %v, want an error and %q in it", err, "not a regular file")
	}
	if b, err := os.ReadFile(outside); err != nil || !bytes.Equal(b, []byte("mine\n")) {
		t.Errorf("the target of the link holds %q (%v)", b, err)
	}
}

// TestSentConcurrently checks that lines of several handles stay complete.
func TestSentConcurrently(t *testing.T) {
	s := open(t, t.TempDir())
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			own, err := filestore.New(s.Dir())
			if err != nil {
				t.Error(err)
				return
			}
			for j := range 50 {
				r := sentRecord(fmt.Sprintf("k%d-%d", i, j), j)
				if err := own.SaveFinished(t.Context(), r); err != nil {
					t.Error(err)
				}
				if got, err := own.LoadFinished(t.Context(), r.Endpoint, r.Key); err != nil || got.URL != r.URL {
					t.Errorf("record %+v, error %v, want URL %q and no error", got, err, r.URL)
				}
			}
		})
	}
	wg.Wait()
	for i := range 4 {
		for j := range 50 {
			wantSent(t, s, sentRecord(fmt.Sprintf("k%d-%d", i, j), j))
		}
	}
}

// TestPruneSentOfAccounts checks that the record of one account stays although another account
// sent the same file later.
func TestPruneSentOfAccounts(t *testing.T) {
	s := open(t, t.TempDir())
	var all []*journal.Record
	for i, account := range []string{"", "alice", "bob"} {
		r := sentRecord(fmt.Sprintf("k%d", i), 1)
		r.Source, r.Account = "/home/me/a", account
		all = append(all, r)
	}
	saveSent(t, s, all...)
	if n, err := s.Prune(t.Context(), time.Hour); n != 0 || err != nil {
		t.Errorf("%d removed, error %v, want 0 and no error", n, err)
	}
	for _, r := range all {
		wantSent(t, s, r)
	}
}

// TestPruneSentSourceNotUTF8 checks that sources that are not UTF-8 are not confused.
func TestPruneSentSourceNotUTF8(t *testing.T) {
	s := open(t, t.TempDir())
	first, second, later := sentRecord("first", 1), sentRecord("second", 2), sentRecord("later", 3)
	first.Source, second.Source, later.Source = "/tmp/na\xefve", "/tmp/na\xeeve", "/tmp/na\xeeve"
	saveSent(t, s, first, second, later)
	if _, err := s.Prune(t.Context(), 24*time.Hour); err != nil {
		t.Fatal(err)
	}
	wantSent(t, s, first)
	wantSent(t, s, later)
	wantNotSent(t, s, second.Key)
}

// TestPruneSent checks that Prune removes unused files and records with a later one of the
// same source.
func TestPruneSent(t *testing.T) {
	s := open(t, t.TempDir())
	changed := sentRecord("b2", 3)
	changed.Source = sentRecord("b", 2).Source
	saveSent(t, s, sentRecord("a", 1), sentRecord("b", 2), changed)
	appendTo(t, sentFile(s), "what?\n")
	at := time.Now().Add(-time.Hour).Truncate(time.Second)
	if err := os.Chtimes(sentFile(s), at, at); err != nil {
		t.Fatal(err)
	}
	if n, err := s.Prune(t.Context(), 2*time.Hour); n != 0 || err != nil {
		t.Errorf("%d removed, error %v, want 0 and no error", n, err)
	}
	if info, err := os.Stat(sentFile(s)); err != nil || !info.ModTime().Equal(at) {
		t.Errorf("the modification time of the file is %v (%v), want %v", info.ModTime(), err, at)
	}
	if b, err := os.ReadFile(sentFile(s)); err != nil || bytes.Count(b, []byte("\n")) != 2 {
		t.Errorf("the file holds %q (%v), want 2 lines", b, err)
	}

	// A lookup counts as use.
	wantSent(t, s, sentRecord("a", 1))
	wantSent(t, s, changed)
	wantNotSent(t, s, "b")
	if n, err := s.Prune(t.Context(), time.Hour); n != 0 || err != nil {
		t.Errorf("%d removed, error %v, want 0 and no error", n, err)
	}
	if err := os.Chtimes(sentFile(s), at, at); err != nil {
		t.Fatal(err)
	}
	if n, err := s.Prune(t.Context(), time.Hour); n != 2 || err != nil {
		t.Errorf("%d removed, error %v, want 2", n, err)
	}
	wantNotSent(t, s, "a")
	if got := names(t, s.Dir()); len(got) != 0 {
		t.Errorf("the folder holds %q", got)
	}
}

// TestPruneLosesNoRecord checks that a record that is saved while Prune rewrites the file
// stays.
func TestPruneLosesNoRecord(t *testing.T) {
	s := open(t, t.TempDir())
	const n = 200
	var saving sync.WaitGroup
	saving.Go(func() {
		for i := range n {
			r := sentRecord(fmt.Sprintf("k%d", i), i)
			if err := s.SaveFinished(t.Context(), r); err != nil {
				t.Error(err)
			}
			// A second record of the same source gives Prune something to remove.
			r.Key += "-old"
			r.Source = "/home/me/old"
			if err := s.SaveFinished(t.Context(), r); err != nil {
				t.Error(err)
			}
		}
	})
	other := open(t, s.Dir())
	for range 50 {
		if _, err := other.Prune(t.Context(), time.Hour); err != nil {
			t.Error(err)
		}
	}
	saving.Wait()
	for i := range n {
		wantSent(t, s, sentRecord(fmt.Sprintf("k%d", i), i))
	}
}
