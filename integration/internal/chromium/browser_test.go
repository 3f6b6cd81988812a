package chromium_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tusker-go/tusker/integration/internal/chromium"
)

// A page gets a file of any name, also if the tests run without a locale, such as in a container.
func TestNamesWithoutLocale(t *testing.T) {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		t.Setenv(name, "")
	}
	// A process of Chromium may still write there for a moment after its end.
	dir, err := os.MkdirTemp("", "tusker-chromium-*") //nolint:usetesting // TempDir fails the test then
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	b, err := chromium.Start(context.WithoutCancel(t.Context()), dir)
	if errors.Is(err, chromium.ErrNotInstalled) {
		if os.Getenv("TUSKER_INTEROP") == "required" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	file := filepath.Join(t.TempDir(), "слон.bin")
	if err := os.WriteFile(file, []byte("12345"), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := b.Open(ctx, `data:text/html,<input type="file">`)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Choose(ctx, "input", file); err != nil {
		t.Fatal(err)
	}
	var sizes []int
	if err := p.Eval(ctx, `[...document.querySelector("input").files].map(f => f.size)`, &sizes); err != nil {
		t.Fatal(err)
	}
	if len(sizes) != 1 || sizes[0] != 5 {
		t.Errorf("the page has files of the sizes %v, want one of 5 bytes", sizes)
	}
}
