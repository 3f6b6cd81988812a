package filestore_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tusker-go/tusker/client/journal"
)

// TestPrune checks which records are old enough to be removed.
func TestPrune(t *testing.T) {
	now := time.Now()
	ages := map[string]time.Duration{
		"never": now.Sub(time.Time{}), "month": 30 * 24 * time.Hour, "day": 24 * time.Hour, "now": 0, "future": -1000 * time.Hour,
	}
	for name, c := range map[string]struct {
		age  time.Duration
		left []string
	}{
		"a week":       {7 * 24 * time.Hour, []string{"day.json", "future.json", "now.json"}},
		"exactly":      {24 * time.Hour, []string{"future.json", "now.json"}},
		"an hour":      {time.Hour, []string{"future.json", "now.json"}},
		"all":          {0, nil},
		"negative":     {-time.Hour, nil},
		"ten thousand": {100_000 * time.Hour, []string{"day.json", "future.json", "month.json", "now.json"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, t.TempDir())
			for key, age := range ages {
				r := &journal.Record{Key: key, URL: "https://tus.example/1", Updated: now.Add(-age)}
				if key == "never" {
					r.Updated = time.Time{}
				}
				save(t, s, r)
			}
			removed, err := s.Prune(t.Context(), c.age)
			if err != nil {
				t.Fatal(err)
			}
			if got := names(t, s.Dir()); !slices.Equal(got, c.left) {
				t.Errorf("the folder holds %q, want %q", got, c.left)
			}
			if want := len(ages) - len(c.left); removed != want {
				t.Errorf("%d removed, want %d", removed, want)
			}
		})
	}
}

// TestPruneSkipsBusy checks that a locked record stays, whatever its age.
func TestPruneSkipsBusy(t *testing.T) {
	s := open(t, t.TempDir())
	populate(t, s.Dir(), 3, longAgo)
	var key string
	for r, err := range s.List(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		key = r.Key
		break
	}
	unlock, err := s.Lock(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	removed, err := open(t, s.Dir()).Prune(t.Context(), 0)
	if removed != 2 || err != nil {
		t.Errorf("%d removed, want 2; error %v", removed, err)
	}
	if got := names(t, s.Dir()); !slices.Equal(got, []string{key + ".json", key + ".lock"}) {
		t.Errorf("the folder holds %q", got)
	}
	if err := unlock(); err != nil {
		t.Error(err)
	}
	if removed, err := s.Prune(t.Context(), 0); removed != 1 || err != nil {
		t.Errorf("%d removed, want 1; error %v", removed, err)
	}
}

// TestPruneTidies checks which files of crashes and damage are removed.
func TestPruneTidies(t *testing.T) {
	for name, c := range map[string]struct {
		file    string
		content string
		age     time.Duration
		want    []string
	}{
		"damaged":            {"k.json", "{", 0, []string{"k.json.damaged"}},
		"moved aside":        {"k.json.damaged", "{", 49 * time.Hour, nil},
		"moved aside lately": {"k.json.damaged", "{", 47 * time.Hour, []string{"k.json.damaged"}},
		"old lock":           {"k.lock", "", 2 * time.Hour, nil},
		"young lock":         {"k.lock", "", 0, []string{"k.lock"}},
		"old guard":          {"k.guard", "", 2 * time.Hour, nil},
		"young guard":        {"k.guard", "", 0, []string{"k.guard"}},
		"old ledger guard":   {strings.Repeat("a", 64) + ".sent.guard", "", 2 * time.Hour, nil},
		"unknown file":       {"other.txt", "", 1000 * time.Hour, []string{"other.txt"}},
		"unknown JSON":       {"Other.json", "{", 1000 * time.Hour, []string{"Other.json"}},
		"record in progress": {tempName, "{", 0, []string{tempName}},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, t.TempDir())
			file := filepath.Join(s.Dir(), c.file)
			writeOld(t, file, c.content, c.age)
			if removed, err := s.Prune(t.Context(), 48*time.Hour); removed != 0 || err != nil {
				t.Errorf("%d records removed, error %v, want 0 and no error", removed, err)
			}
			if got := names(t, s.Dir()); !slices.Equal(got, c.want) {
				t.Errorf("the folder holds %q, want %q", got, c.want)
			}
		})
	}
}

// TestPruneLeavesHeldLock checks that a lock that is held stays, whatever its age.
func TestPruneLeavesHeldLock(t *testing.T) {
	s := open(t, t.TempDir())
	unlock, err := s.Lock(t.Context(), "k")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Now().Add(-1000 * time.Hour)
	if err := os.Chtimes(filepath.Join(s.Dir(), "k.lock"), at, at); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Prune(t.Context(), 0); err != nil {
		t.Error(err)
	}
	if _, err := open(t, s.Dir()).Lock(t.Context(), "k"); !errors.Is(err, journal.ErrBusy) {
		t.Errorf("error %v, want %v", err, journal.ErrBusy)
	}
	if err := unlock(); err != nil {
		t.Error(err)
	}
}

// TestPruneEndsWithContext checks that Prune removes nothing after its context has ended.
func TestPruneEndsWithContext(t *testing.T) {
	s := open(t, t.TempDir())
	populate(t, s.Dir(), 3, longAgo)
	ctx, cancel := context.WithCancelCause(t.Context())
	errStop := errors.New("enough")
	cancel(errStop)
	if removed, err := s.Prune(ctx, 0); removed != 0 || !errors.Is(err, errStop) {
		t.Errorf("%d removed, error %v, want %v", removed, err, errStop)
	}
	if n := listed(t, s); n != 3 {
		t.Errorf("%d records are left, want 3", n)
	}
}

// TestPruneContinuesAfterError checks that a record that cannot be deleted does not end Prune.
func TestPruneContinuesAfterError(t *testing.T) {
	s := open(t, t.TempDir())
	populate(t, s.Dir(), 3, longAgo)
	// A folder in place of the lock makes locking fail.
	r := &journal.Record{Key: "k", URL: "https://tus.example/1"}
	save(t, s, r)
	if err := os.Mkdir(filepath.Join(s.Dir(), "k.lock"), 0o700); err != nil {
		t.Fatal(err)
	}
	removed, err := s.Prune(t.Context(), 0)
	if removed != 3 || err == nil {
		t.Errorf("%d removed, error %v, want 3 and an error", removed, err)
	}
	if _, err := s.Load(t.Context(), "k"); err != nil {
		t.Error(err)
	}
}
