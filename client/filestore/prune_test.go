package filestore_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/tusker-go/tusker/client/journal"
)

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
				t.Errorf("left are %q, want %q", got, c.left)
			}
			if want := len(ages) - len(c.left); removed != want {
				t.Errorf("%d removed, want %d", removed, want)
			}
		})
	}
}

// An upload that goes on keeps its record, however old.
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
		t.Errorf("left are %q", got)
	}
	if err := unlock(); err != nil {
		t.Error(err)
	}
	if removed, err := s.Prune(t.Context(), 0); removed != 1 || err != nil {
		t.Errorf("%d removed, want 1; error %v", removed, err)
	}
}

// What crashes and damage leave behind goes in its time.
func TestPruneTidies(t *testing.T) {
	for name, c := range map[string]struct {
		file    string
		content string
		age     time.Duration
		want    []string
	}{
		"damaged":            {"k.json", "{", 0, []string{"k.json.damaged"}},
		"put aside":          {"k.json.damaged", "{", 49 * time.Hour, nil},
		"put aside of late":  {"k.json.damaged", "{", 47 * time.Hour, []string{"k.json.damaged"}},
		"lock of the dead":   {"k.lock", "", 2 * time.Hour, nil},
		"lock of late":       {"k.lock", "", 0, []string{"k.lock"}},
		"another's file":     {"other.txt", "", 1000 * time.Hour, []string{"other.txt"}},
		"another's JSON":     {"Other.json", "{", 1000 * time.Hour, []string{"Other.json"}},
		"record in progress": {tempName, "{", 0, []string{tempName}},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, t.TempDir())
			file := filepath.Join(s.Dir(), c.file)
			writeOld(t, file, c.content, c.age)
			if removed, err := s.Prune(t.Context(), 48*time.Hour); removed != 0 || err != nil {
				t.Errorf("%d records removed, error %v", removed, err)
			}
			if got := names(t, s.Dir()); !slices.Equal(got, c.want) {
				t.Errorf("left are %q, want %q", got, c.want)
			}
		})
	}
}

// The lock of an upload that goes on is no leftover, however long it takes.
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

// A record that cannot be deleted does not save the others.
func TestPruneGoesOn(t *testing.T) {
	s := open(t, t.TempDir())
	populate(t, s.Dir(), 3, longAgo)
	// In the place of a lock, this makes locking fail.
	r := &journal.Record{Key: "k", URL: "https://tus.example/1"}
	save(t, s, r)
	if err := os.Mkdir(filepath.Join(s.Dir(), "k.lock"), 0o700); err != nil {
		t.Fatal(err)
	}
	removed, err := s.Prune(t.Context(), 0)
	if removed != 3 || err == nil {
		t.Errorf("%d removed, error %v, want 3 and what went wrong", removed, err)
	}
	if _, err := s.Load(t.Context(), "k"); err != nil {
		t.Error(err)
	}
}
