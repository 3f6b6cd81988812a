package client_test

import (
	"testing"
	"testing/synctest"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/client/source"
)

// formerKey returns the key that earlier versions used for the record of a file.
func formerKey(t *testing.T, name, endpoint string) string {
	t.Helper()
	opened, err := clienttest.PathSource(t, name).Open(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = opened.Close() }()
	f, ok := opened.(source.FormerIdentifier)
	if !ok {
		t.Fatalf("%T has no former key", opened)
	}
	return f.FormerKey(endpoint)
}

// A record that an earlier version wrote is found, and is removed when the upload is complete.
func TestRecordOfEarlierVersion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var store client.MemoryStore
		s := fake.New(t, fake.Config{})
		data := clienttest.Noise(clienttest.RecordedSize)
		name := clienttest.WriteFile(t, data)
		before := clienttest.InterruptUpload(t, s, &store, name)
		r := clienttest.OnlyRecord(t, &store)
		if err := store.Delete(t.Context(), r.Key, r.Revision); err != nil {
			t.Fatal(err)
		}
		r.Key, r.Revision = formerKey(t, name, s.URL), ""
		if err := store.Save(t.Context(), &r); err != nil {
			t.Fatal(err)
		}
		c := clienttest.NewRecordingClient(t, s, &store, nil)
		if got, found, err := clienttest.Unfinished(t.Context(), c, clienttest.PathSource(t, name)); !found || err != nil || got.URL != r.URL {
			t.Errorf("record %+v, found %t, error %v, want URL %q, true and no error", got, found, err, r.URL)
		}
		res, err := c.Upload(t.Context(), clienttest.PathSource(t, name), nil)
		if err != nil {
			t.Fatal(err)
		}
		if res.URL != before.URL || res.Resumed == 0 {
			t.Errorf("result %+v, want that of a resumed upload", res)
		}
		clienttest.WantStored(t, s, res.URL, data)
		clienttest.WantNoRecord(t, &store)
	})
}

// An upload that an earlier version recorded as finished is not sent again.
func TestFinishedByEarlierVersion(t *testing.T) {
	s := fake.New(t, fake.Config{})
	m := &clienttest.Ledger{}
	name := clienttest.WriteFile(t, "hello")
	first := clienttest.UploadFile(t, s, client.Config{Ledger: m}, name)
	former := formerKey(t, name, s.URL)
	for key, r := range m.Records {
		delete(m.Records, key)
		r.Key = former
		m.Records[r.Endpoint+" "+former] = r
	}
	if res := clienttest.UploadFile(t, s, client.Config{Ledger: m}, name); !res.Skipped || res.URL != first.URL {
		t.Errorf("result %+v, want %s skipped", res, first.URL)
	}
}
