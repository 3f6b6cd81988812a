package filestore_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/tusker-go/tusker/client/filestore"
	"github.com/tusker-go/tusker/client/journal"
)

// The file of a record whose protocol is not tus has version 2, so that earlier versions of
// the program, which know only tus and version 1, leave it as it is. All other files have
// version 1.
func TestVersionOfProtocol(t *testing.T) {
	for protocol, want := range map[string]string{"": `"version": 1,`, "rufh/8": `"version": 2,`} {
		dir := t.TempDir()
		store, err := filestore.New(dir)
		if err != nil {
			t.Fatal(err)
		}
		r := &journal.Record{Key: "key", URL: "https://tus.example/files/1", Protocol: protocol}
		if err := store.Save(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(dir, "key.json")
		b, err := os.ReadFile(file)
		if err != nil || !bytes.Contains(b, []byte(want)) {
			t.Errorf("protocol %q: %v, want %s in\n%s", protocol, err, want, b)
		}
		if got, err := store.Load(t.Context(), "key"); err != nil || got.Protocol != protocol {
			t.Errorf("protocol %q: loaded %+v, %v, want Protocol %q and no error", protocol, got, err, protocol)
		}
		newer := bytes.Replace(b, []byte(want), []byte(`"version": 3,`), 1)
		if err := os.WriteFile(file, newer, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := store.Load(t.Context(), "key"); !errors.Is(err, journal.ErrRecordVersion) {
			t.Errorf("protocol %q: version 3 gives %v, want ErrRecordVersion", protocol, err)
		}
		if after, err := os.ReadFile(file); err != nil || !bytes.Equal(after, newer) {
			t.Errorf("protocol %q: the file changed: %v", protocol, err)
		}
	}
}
