package filestore_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/client/filestore"
	"github.com/tusker-go/tusker/client/journal"
)

// write replaces the file of the sample's record.
func write(t *testing.T, s *filestore.Store, b []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(s.Dir(), sample.Key+".json"), b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// encoded returns the content of the file of the sample's record.
func encoded(t *testing.T) []byte {
	t.Helper()
	s := open(t, t.TempDir())
	save(t, s, &sample)
	b, err := os.ReadFile(filepath.Join(s.Dir(), sample.Key+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// wantDamaged loads the sample, which must be moved aside and then be gone.
func wantDamaged(t *testing.T, s *filestore.Store) error {
	t.Helper()
	r, err := s.Load(t.Context(), sample.Key)
	if !errors.Is(err, journal.ErrRecordDamaged) || r != nil {
		t.Fatalf("record %v, error %v, want %v", r, err, journal.ErrRecordDamaged)
	}
	if got := names(t, s.Dir()); !slices.Equal(got, []string{sample.Key + ".json.damaged"}) {
		t.Fatalf("the folder holds %q", got)
	}
	if _, again := s.Load(t.Context(), sample.Key); !errors.Is(again, journal.ErrNoRecord) {
		t.Fatalf("error %v the second time, want %v", again, journal.ErrNoRecord)
	}
	return err
}

// TestDamaged checks that a damaged record is moved aside and counts as no record.
func TestDamaged(t *testing.T) {
	whole := string(encoded(t))
	edit := func(from, to string) string {
		t.Helper()
		if !strings.Contains(whole, from) {
			t.Fatalf("the record does not contain %q", from)
		}
		return strings.Replace(whole, from, to, 1)
	}
	for name, content := range map[string]string{
		"empty":                   "",
		"zeros, as after a crash": strings.Repeat("\x00", 512),
		"not JSON":                "key=4f1d",
		"not an object":           "[]",
		"null":                    "null",
		"two records":             whole + whole,
		"no version":              edit(`"version": 1,`, ""),
		"version zero":            edit(`"version": 1,`, `"version": 0,`),
		"negative version":        edit(`"version": 1,`, `"version": -1,`),
		"version is words":        edit(`"version": 1,`, `"version": "new",`),
		"other key":               edit("4f1d", "4f1e"),
		"no key":                  edit(`"key": "4f1d",`, ""),
		"path for a key":          edit("4f1d", "../4f1d"),
		"other scheme":            edit("https://tus.example/files/24e5", "file:///etc/passwd"),
		"relative":                edit("https://tus.example/files/24e5", "/files/24e5"),
		"user information":        edit("https://tus.example/files/24e5", "https://me:pw@tus.example/files/24e5"),
		"negative length":         edit("1048576", "-1"),
		"length is a fraction":    edit("1048576", "1048576.5"),
		"length is too large":     edit("1048576", "9223372036854775808"),
		"negative offset":         edit("524288", "-1"),
		"offset beyond length":    edit("524288", "1048577"),
		"parts with a gap":        edit(`"start": 524288`, `"start": 524289`),
		"no time":                 edit("2026-01-02T03:04:05Z", "yesterday"),
		"above 1 MiB":             whole + strings.Repeat(" ", 1<<20),
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, t.TempDir())
			write(t, s, []byte(content))
			_ = wantDamaged(t, s)
			aside, err := os.ReadFile(filepath.Join(s.Dir(), sample.Key+".json.damaged"))
			if err != nil || string(aside) != content {
				t.Errorf("the file that was moved aside has changed (%v), want no error and %q", err, content)
			}
			// The upload can be recorded again.
			save(t, s, &sample)
			if _, err := s.Load(t.Context(), sample.Key); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestTruncatedAnywhere(t *testing.T) {
	whole := encoded(t)
	s := open(t, t.TempDir())
	// The last byte is a line end, which JSON does not need.
	for n := range len(whole) - 1 {
		write(t, s, whole[:n])
		_ = wantDamaged(t, s)
	}
	write(t, s, whole[:len(whole)-1])
	if _, err := s.Load(t.Context(), sample.Key); err != nil {
		t.Errorf("record without the line end: %v", err)
	}
}

// TestFlippedAnywhere checks that a record with one wrong byte is either found to be damaged
// or valid.
func TestFlippedAnywhere(t *testing.T) {
	whole := encoded(t)
	s := open(t, t.TempDir())
	for i := range whole {
		c := []byte{0, '9', '"', '}', whole[i] ^ 0x80}[i%5]
		b := bytes.Clone(whole)
		b[i] = c
		write(t, s, b)
		r, err := s.Load(t.Context(), sample.Key)
		switch {
		case err == nil:
			if invalid := r.Validate(); invalid != nil || r.Key != sample.Key {
				t.Errorf("byte %d is %q: got a record of %s, error %v, want Key %q and nil", i, c, r.Key, invalid, sample.Key)
			}
		case errors.Is(err, journal.ErrRecordDamaged), errors.Is(err, journal.ErrRecordVersion):
		default:
			t.Errorf("byte %d is %q: %v", i, c, err)
		}
	}
}

// TestDamagedShowsNoSecrets checks that errors about a damaged record have none of its
// secrets.
func TestDamagedShowsNoSecrets(t *testing.T) {
	whole := string(encoded(t))
	for _, from := range []string{"https://tus.example/files/24e5?a&b", "https://tus.example/files/", "https://tus.example/files/p0"} {
		for _, to := range []string{"https://me:hush@tus.example/1", "ftp://tus.example/1?sig=hush", "https://me:hu%zzsh@x/1", "/1?sig=hush"} {
			s := open(t, t.TempDir())
			write(t, s, []byte(strings.Replace(whole, `"`+from+`"`, `"`+to+`"`, 1)))
			if err := wantDamaged(t, s); strings.Contains(err.Error(), "hush") || strings.Contains(err.Error(), "hu%zzsh") {
				t.Errorf("%s: error %q, want no %q in it and no %q in it", to, err, "hush", "hu%zzsh")
			}
		}
	}
}

// TestNewerVersion checks that only Remove changes the record of a newer version.
func TestNewerVersion(t *testing.T) {
	newer := []byte(`{"version": 3, "key": ["of", "another", "type"]}`)
	s := open(t, t.TempDir())
	write(t, s, newer)
	wantNewer := func(op string, err error) {
		t.Helper()
		if !errors.Is(err, journal.ErrRecordVersion) {
			t.Errorf("%s: error %v, want %v", op, err, journal.ErrRecordVersion)
		}
		b, err := os.ReadFile(filepath.Join(s.Dir(), sample.Key+".json"))
		if err != nil || !bytes.Equal(b, newer) {
			t.Fatalf("%s: the record was changed to %q (%v), want %q and no error", op, b, err, newer)
		}
	}
	_, err := s.Load(t.Context(), sample.Key)
	wantNewer("Load", err)
	wantNewer("Save", s.Save(t.Context(), new(sample)))
	for _, err := range s.List(t.Context()) {
		wantNewer("List", err)
	}
	if n, err := s.Prune(t.Context(), 0); n != 0 || err != nil {
		t.Errorf("Prune: %d removed, error %v, want 0 and no error", n, err)
	}
	wantNewer("Prune", journal.ErrRecordVersion)
	wantNewer("Delete", s.Delete(t.Context(), sample.Key, ""))
	if err := s.Remove(t.Context(), sample.Key); err != nil {
		t.Error(err)
	}
	save(t, s, &sample)
}

func TestUnknownFields(t *testing.T) {
	s := open(t, t.TempDir())
	write(t, s, bytes.Replace(encoded(t), []byte(`"version": 1,`), []byte(`"version": 1, "colour": {"a": [1]},`), 1))
	r, err := s.Load(t.Context(), sample.Key)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&sample, r, withoutRevision); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestLinks checks that nothing is read or written through a link, whether it leads out of
// the folder or not.
func TestLinks(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links need a privilege on this system")
	}
	outside := filepath.Join(t.TempDir(), "outside")
	for name, target := range map[string]string{
		"within": "target", "outside": outside, "nowhere": filepath.Join(t.TempDir(), "missing"), "itself": sample.Key + ".json",
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, t.TempDir())
			record, lock := filepath.Join(s.Dir(), sample.Key+".json"), filepath.Join(s.Dir(), sample.Key+".lock")
			full := target
			if !filepath.IsAbs(target) {
				full = filepath.Join(s.Dir(), target)
			}
			before := encoded(t)
			if name == "within" || name == "outside" {
				if err := os.WriteFile(full, before, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			link := func(at string) {
				t.Helper()
				if err := os.Symlink(target, at); err != nil {
					t.Fatal(err)
				}
			}

			link(record)
			if r, err := s.Load(t.Context(), sample.Key); !errors.Is(err, journal.ErrRecordDamaged) {
				t.Errorf("Load: record %v, error %v, want ErrRecordDamaged", r, err)
			}
			link(record)
			changed := sample
			changed.Offset = 1
			save(t, s, &changed)
			if info, err := os.Lstat(record); err != nil || !info.Mode().IsRegular() {
				t.Errorf("after Save the record is %v (%v), want a file in place of the link", info, err)
			}
			link(lock)
			if unlock, err := s.Lock(t.Context(), sample.Key); err == nil {
				t.Errorf("Lock follows the link")
				_ = unlock()
			} else if !strings.Contains(err.Error(), "not a regular file") {
				t.Errorf("Lock: %v, want %q in it", err, "not a regular file")
			}

			after, err := os.ReadFile(full)
			switch name {
			case "within", "outside":
				if !bytes.Equal(before, after) {
					t.Errorf("the target of the link was changed to %q (%v)", after, err)
				}
			case "nowhere":
				if err == nil {
					t.Error("the target of the link was created")
				}
			}
		})
	}
}

// TestFolderInPlaceOfRecord checks that a folder with the name of a record counts as damaged.
func TestFolderInPlaceOfRecord(t *testing.T) {
	s := open(t, t.TempDir())
	name := filepath.Join(s.Dir(), sample.Key+".json")
	if err := os.Mkdir(name, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := s.Save(t.Context(), new(sample)); err == nil || !strings.Contains(err.Error(), sample.Key) {
		t.Errorf("Save: error %v, want an error and %q in it", err, sample.Key)
	}
	if got := names(t, s.Dir()); len(got) != 1 {
		t.Errorf("the folder holds %q", got)
	}
	_ = wantDamaged(t, s)
}
