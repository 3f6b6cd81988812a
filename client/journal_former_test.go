package client_test

import (
	"testing"
	"testing/synctest"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/client/source"
)

// formerKey is the key that an earlier version gave the record of a file.
func formerKey(t *testing.T, name, endpoint string) string {
	t.Helper()
	opened, err := path(t, name).Open(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = opened.Close() }()
	f, ok := opened.(source.FormerIdentifier)
	if !ok {
		t.Fatalf("%T has no former key", opened)
	}
	return f.Formerly(endpoint)
}

// A record that an earlier version wrote is found, and is removed when the upload is complete.
func TestRecordOfEarlierVersion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var store client.MemoryStore
		s := fake.New(t, fake.Config{})
		data := noise(smallest)
		name := write(t, data)
		before := interrupt(t, s, &store, name)
		r := onlyRecord(t, &store)
		if err := store.Delete(t.Context(), r.Key); err != nil {
			t.Fatal(err)
		}
		r.Key = formerKey(t, name, s.URL)
		if err := store.Save(t.Context(), &r); err != nil {
			t.Fatal(err)
		}
		c := recorder(t, s, &store, nil)
		if got, found, err := unfinishedOf(c, t.Context(), path(t, name)); !found || err != nil || got.URL != r.URL {
			t.Errorf("record %+v, %t, %v", got, found, err)
		}
		res, err := c.Upload(t.Context(), path(t, name), nil)
		if err != nil {
			t.Fatal(err)
		}
		if res.URL != before.URL || res.Resumed == 0 {
			t.Errorf("result %+v, want that of a resumed upload", res)
		}
		wantStored(t, s, res.URL, data)
		wantNoRecord(t, &store)
	})
}

// What an earlier version recorded as finished is not sent again.
func TestFinishedByEarlierVersion(t *testing.T) {
	s := fake.New(t, fake.Config{})
	m := &sentMap{}
	name := write(t, "hello")
	first := sendOnce(t, s, client.Config{Ledger: m}, name)
	former := formerKey(t, name, s.URL)
	for key, r := range m.records {
		delete(m.records, key)
		r.Key = former
		m.records[r.Endpoint+" "+former] = r
	}
	if res := sendOnce(t, s, client.Config{Ledger: m}, name); !res.Skipped || res.URL != first.URL {
		t.Errorf("result %+v, want %s skipped", res, first.URL)
	}
}
