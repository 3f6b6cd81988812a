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
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
)

// What there is to go on with can be told while an upload of the file is under
// way, and without asking the server.
func TestRecorded(t *testing.T) {
	s := fake.New(t, fake.Config{})
	store := new(client.MemoryStore)
	name := write(t, noise(smallest))
	res := interrupt(t, s, store, name)
	want, already := onlyRecord(t, store), len(s.Seen())
	unlock, err := store.Lock(t.Context(), want.Key)
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	c := recorder(t, s, store, &log)
	for range 2 {
		got, ok, err := unfinishedOf(c, t.Context(), path(t, name))
		if err != nil || !ok || got.URL != res.URL {
			t.Fatalf("record %+v, %t, %v", got, ok, err)
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateComparable(protocol.Length{})); diff != "" {
			t.Errorf("record (-want +got):\n%s", diff)
		}
	}
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
	wantFree(t, store, want.Key)
	wantNoWarning(t, &log)
	if n := len(s.Seen()) - already; n != 0 {
		t.Errorf("%d requests", n)
	}
}

func TestNotRecorded(t *testing.T) {
	s := fake.New(t, fake.Config{})
	store := new(client.MemoryStore)
	data := noise(smallest)
	name := write(t, data)
	interrupt(t, s, store, name)
	before := onlyRecord(t, store)
	changed := func(change func(*client.Record)) client.Store {
		return &alteredStore{MemoryStore: store, load: func(r *client.Record) error { change(r); return nil }}
	}
	tests := map[string]struct {
		cfg client.Config
		src client.Source
	}{
		"other endpoint":         {client.Config{Store: store, Endpoint: "http://tus.example/other/"}, path(t, name)},
		"another file":           {client.Config{Store: store}, path(t, write(t, data))},
		"another store":          {client.Config{Store: new(client.MemoryStore)}, path(t, name)},
		"no store":               {client.Config{}, path(t, name)},
		"bytes without a name":   {client.Config{Store: store}, text(t, data)},
		"small file":             {client.Config{Store: store}, path(t, write(t, data[1:]))},
		"stream":                 {client.Config{Store: store}, stream(data, 0)},
		"stream of known length": {client.Config{Store: store}, client.Stream(strings.NewReader(data), &client.StreamOptions{Length: protocol.Known(smallest)})},
		"record of other length": {client.Config{Store: changed(func(r *client.Record) { r.Length = protocol.Known(smallest + 1) })}, path(t, name)},
		"record of no URL":       {client.Config{Store: changed(func(r *client.Record) { r.URL = "" })}, path(t, name)},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, ok, err := unfinishedOf(newClient(t, s, test.cfg), t.Context(), test.src)
			if err != nil || ok || got.Key != "" {
				t.Errorf("record %+v, %t, %v", got, ok, err)
			}
			// The source is as good as before.
			if _, err := newClient(t, fake.New(t, fake.Config{}), client.Config{}).Upload(t.Context(), test.src, nil); err != nil {
				t.Error(err)
			}
		})
	}
	if diff := cmp.Diff(before, onlyRecord(t, store), cmpopts.EquateComparable(protocol.Length{})); diff != "" {
		t.Errorf("record (-before +after):\n%s", diff)
	}
}

func TestRecordedFails(t *testing.T) {
	s := fake.New(t, fake.Config{})
	store := new(client.MemoryStore)
	name := write(t, noise(smallest))
	interrupt(t, s, store, name)
	errDisk := errors.New("disk on fire")
	failing := func(err error) client.Store {
		return &alteredStore{MemoryStore: store, load: func(*client.Record) error { return err }}
	}
	nowhere, err := client.New(client.Config{Store: store})
	if err != nil {
		t.Fatal(err)
	}
	gone := path(t, write(t, noise(smallest)))
	if err := os.Remove(gone.Name()); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		c    *client.Client
		src  client.Source
		want error
	}{
		"out of reach":      {newClient(t, s, client.Config{Store: failing(errDisk)}), path(t, name), errDisk},
		"no endpoint":       {nowhere, path(t, name), client.ErrNoEndpoint},
		"no source":         {newClient(t, s, client.Config{Store: store}), nil, client.ErrSource},
		"file that is gone": {newClient(t, s, client.Config{Store: store}), gone, fs.ErrNotExist},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r, ok, err := unfinishedOf(test.c, t.Context(), test.src)
			wantIs(t, err, test.want)
			if ok || r.Key != "" {
				t.Errorf("record %+v beside the error", r)
			}
		})
	}
	_, _, err = unfinishedOf(newClient(t, s, client.Config{Store: store}), ended(t), path(t, name))
	wantIs(t, err, errPulled)
}

// A record that is damaged, or of a newer version, is none, as for Upload, and is
// mentioned.
func TestRecordedIsUnusable(t *testing.T) {
	s := fake.New(t, fake.Config{})
	for name, text := range map[string]string{"damaged": "{", "newer": `{"version":2}`} {
		t.Run(name, func(t *testing.T) {
			store, err := filestore.New(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			name := write(t, noise(smallest))
			interrupt(t, s, store, name)
			key := onlyRecord(t, store).Key
			if err := os.WriteFile(filepath.Join(store.Dir(), key+".json"), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			var log bytes.Buffer
			c := recorder(t, s, store, &log)
			if r, ok, err := unfinishedOf(c, t.Context(), path(t, name)); ok || err != nil || r.Key != "" {
				t.Errorf("record %+v, %t, %v", r, ok, err)
			}
			if !strings.Contains(log.String(), "record of an earlier upload not used") {
				t.Errorf("logs %q", &log)
			}
		})
	}
}
