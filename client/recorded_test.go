package client_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/filestore"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
)

// Lookup returns the record of an unfinished upload, also while the upload runs, and sends no
// request.
func TestRecorded(t *testing.T) {
	s := fake.New(t, fake.Config{})
	store := new(client.MemoryStore)
	name := clienttest.WriteFile(t, clienttest.Noise(clienttest.RecordedSize))
	res := clienttest.InterruptUpload(t, s, store, name)
	want, already := clienttest.OnlyRecord(t, store), len(s.Seen())
	unlock, err := store.Lock(t.Context(), want.Key)
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	c := clienttest.NewRecordingClient(t, s, store, &log)
	for range 2 {
		got, ok, err := clienttest.Unfinished(t.Context(), c, clienttest.PathSource(t, name))
		if err != nil || !ok || got.URL != res.URL {
			t.Fatalf("record %+v, found %t, error %v, want URL %q, true and no error", got, ok, err, res.URL)
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateComparable(protocol.Length{})); diff != "" {
			t.Errorf("record (-want +got):\n%s", diff)
		}
	}
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
	clienttest.WantUnlocked(t, store, want.Key)
	clienttest.WantNoWarning(t, &log)
	if n := len(s.Seen()) - already; n != 0 {
		t.Errorf("%d requests, want 0", n)
	}
}

func TestNotRecorded(t *testing.T) {
	s := fake.New(t, fake.Config{})
	store := new(client.MemoryStore)
	data := clienttest.Noise(clienttest.RecordedSize)
	name := clienttest.WriteFile(t, data)
	clienttest.InterruptUpload(t, s, store, name)
	before := clienttest.OnlyRecord(t, store)
	changed := func(change func(*client.Record)) client.Store {
		return &clienttest.AlteredStore{MemoryStore: store, Alter: func(r *client.Record) error { change(r); return nil }}
	}
	tests := map[string]struct {
		cfg client.Config
		src client.Source
	}{
		"other endpoint":         {client.Config{Store: store, Endpoint: "http://tus.example/other/"}, clienttest.PathSource(t, name)},
		"another file":           {client.Config{Store: store}, clienttest.PathSource(t, clienttest.WriteFile(t, data))},
		"another store":          {client.Config{Store: new(client.MemoryStore)}, clienttest.PathSource(t, name)},
		"no store":               {client.Config{}, clienttest.PathSource(t, name)},
		"bytes without a name":   {client.Config{Store: store}, clienttest.TextSource(t, data)},
		"small file":             {client.Config{Store: store}, clienttest.PathSource(t, clienttest.WriteFile(t, data[1:]))},
		"stream":                 {client.Config{Store: store}, clienttest.StreamSource(data, 0)},
		"stream of known length": {client.Config{Store: store}, client.Stream(strings.NewReader(data), &client.StreamOptions{Length: protocol.Known(clienttest.RecordedSize)})},
		"record of other length": {client.Config{Store: changed(func(r *client.Record) { r.Length = protocol.Known(clienttest.RecordedSize + 1) })}, clienttest.PathSource(t, name)},
		"record of no URL":       {client.Config{Store: changed(func(r *client.Record) { r.URL = "" })}, clienttest.PathSource(t, name)},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, ok, err := clienttest.Unfinished(t.Context(), clienttest.NewClient(t, s, test.cfg), test.src)
			if err != nil || ok || got.Key != "" {
				t.Errorf("record %+v, found %t, error %v, want Key \"\", false and no error", got, ok, err)
			}
			// The source can still be uploaded.
			if _, err := clienttest.NewClient(t, fake.New(t, fake.Config{}), client.Config{}).Upload(t.Context(), test.src, nil); err != nil {
				t.Error(err)
			}
		})
	}
	if diff := cmp.Diff(before, clienttest.OnlyRecord(t, store), cmpopts.EquateComparable(protocol.Length{})); diff != "" {
		t.Errorf("record (-before +after):\n%s", diff)
	}
}

func TestRecordedFails(t *testing.T) {
	s := fake.New(t, fake.Config{})
	store := new(client.MemoryStore)
	name := clienttest.WriteFile(t, clienttest.Noise(clienttest.RecordedSize))
	clienttest.InterruptUpload(t, s, store, name)
	errDisk := errors.New("disk on fire")
	failing := func(err error) client.Store {
		return &clienttest.AlteredStore{MemoryStore: store, Alter: func(*client.Record) error { return err }}
	}
	nowhere, err := client.New(client.Config{Store: store})
	if err != nil {
		t.Fatal(err)
	}
	gone := clienttest.PathSource(t, clienttest.WriteFile(t, clienttest.Noise(clienttest.RecordedSize)))
	if err := os.Remove(gone.Name()); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		c    *client.Client
		src  client.Source
		want error
	}{
		"out of reach":      {clienttest.NewClient(t, s, client.Config{Store: failing(errDisk)}), clienttest.PathSource(t, name), errDisk},
		"no endpoint":       {nowhere, clienttest.PathSource(t, name), client.ErrNoEndpoint},
		"no source":         {clienttest.NewClient(t, s, client.Config{Store: store}), nil, client.ErrSource},
		"file that is gone": {clienttest.NewClient(t, s, client.Config{Store: store}), gone, fs.ErrNotExist},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r, ok, err := clienttest.Unfinished(t.Context(), test.c, test.src)
			clienttest.WantErrorIs(t, err, test.want)
			if ok || r.Key != "" {
				t.Errorf("got the record %+v together with the error, want Key \"\" and ok false", r)
			}
		})
	}
	_, _, err = clienttest.Unfinished(ended(t), clienttest.NewClient(t, s, client.Config{Store: store}), clienttest.PathSource(t, name))
	clienttest.WantErrorIs(t, err, clienttest.ErrUnplugged)
}

// Lookup ignores a record that is damaged or of a newer version, as Upload does, and logs a
// warning.
func TestRecordedIsUnusable(t *testing.T) {
	s := fake.New(t, fake.Config{})
	for name, text := range map[string]string{"damaged": "{", "newer": `{"version":3}`} {
		t.Run(name, func(t *testing.T) {
			store, err := filestore.New(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			name := clienttest.WriteFile(t, clienttest.Noise(clienttest.RecordedSize))
			clienttest.InterruptUpload(t, s, store, name)
			key := clienttest.OnlyRecord(t, store).Key
			if err := os.WriteFile(filepath.Join(store.Dir(), key+".json"), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			var log bytes.Buffer
			c := clienttest.NewRecordingClient(t, s, store, &log)
			if r, ok, err := clienttest.Unfinished(t.Context(), c, clienttest.PathSource(t, name)); ok || err != nil || r.Key != "" {
				t.Errorf("record %+v, found %t, error %v, want Key \"\", false and no error", r, ok, err)
			}
			if !strings.Contains(log.String(), "record of an earlier upload not used") {
				t.Errorf("logs %q, want %q in it", &log, "record of an earlier upload not used")
			}
		})
	}
}
