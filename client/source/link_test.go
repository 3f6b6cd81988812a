package source_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/tusker-go/tusker/client/source"
)

// The identity and the place of an opened file are those that it had when they were first asked
// for: a link on its path that changes during the upload does not change them.
func TestIdentityOfOpenedFile(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"one", "two"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name, "file"), []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink("one", link); err != nil {
		t.Skip(err)
	}
	src, err := source.Path(filepath.Join(link, "file"))
	if err != nil {
		t.Fatal(err)
	}
	opened, err := src.Open(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = opened.Close() }()
	identity := opened.(source.Identifier).Identity()
	state := opened.(source.StateIdentifier).StateIdentity()
	place := opened.(source.Locator).Place()
	if err := os.Remove(link); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("two", link); err != nil {
		t.Fatal(err)
	}
	if now := opened.(source.Identifier).Identity(); now != identity || identity == "" {
		t.Errorf("identity %q, was %q, want %q and not empty", now, identity, identity)
	}
	if now := opened.(source.StateIdentifier).StateIdentity(); now != state {
		t.Errorf("state %q, was %q", now, state)
	}
	if now := opened.(source.Locator).Place(); now != place {
		t.Errorf("place %q, was %q", now, place)
	}
}
