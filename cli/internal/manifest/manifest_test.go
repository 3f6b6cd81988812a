package manifest_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/cli/internal/manifest"
)

func entry(file string) manifest.Entry {
	return manifest.Entry{
		File: file, Size: 3, SHA256: bytes.Repeat([]byte{0xab}, 32), URL: "https://tus.example/files/1?a&b",
		Time: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
	}
}

// The format of a line, which other programs read.
func TestLine(t *testing.T) {
	t.Parallel()
	want := `{"file":"a.jpg","size":3,"sha256":"` + strings.Repeat("ab", 32) + `","url":"https://tus.example/files/1?a&b","time":"2026-01-02T03:04:05Z"}`
	if got := string(entry("a.jpg").Line()); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// A name of any bytes is on one line and comes back.
func TestNames(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"a b", "tab\tnew\nline", "\x1b[31m", `back\slash"`, "日本語", "not \xff UTF-8", "\u202e"} {
		line := entry(name).Line()
		if bytes.ContainsAny(line, "\n\t\x1b\u202e") {
			t.Errorf("%q is shown as %s, want a line that can be printed", name, line)
		}
		got, err := manifest.Parse(line)
		if err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(entry(name), got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", name, diff)
		}
	}
}

func TestParseErrors(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"", manifest.Head, "a.jpg", `{"file":""}`, `{"file":"a","size":-1}`, `{"file":"a","sha256":"x"}`, `{"file":"a"`} {
		if e, err := manifest.Parse([]byte(line)); err == nil {
			t.Errorf("%q is %+v, want an error", line, e)
		}
	}
}

// open opens a manifest, which is closed at the end of the test.
func open(t *testing.T, path string) *manifest.Writer {
	t.Helper()
	w, err := manifest.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	return w
}

// A later run adds to the entries of an earlier one, also if the last line was cut off.
func TestWriter(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "sent")
	first := open(t, path)
	if err := errors.Join(first.Add(entry("a")), first.Add(entry("b")), first.Close()); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text[:len(text)-10], 0o600); err != nil {
		t.Fatal(err)
	}
	second := open(t, path)
	if url := entry("").URL; !second.Has("a", url) || second.Has("a", url+"2") || second.Has("b", url) {
		t.Error("want the complete entry only")
	}
	if err := second.Add(entry("c")); err != nil {
		t.Error(err)
	}
	if third := open(t, path); !third.Has("a", entry("").URL) || !third.Has("c", entry("").URL) {
		t.Error("entries are missing")
	}
	text, err = os.ReadFile(path)
	if err != nil || strings.Count(string(text), manifest.Head+"\n") != 1 {
		t.Errorf("%s (%v), want one head", text, err)
	}
}

// A file with another content stays unchanged.
func TestOtherFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "notes")
	if err := os.WriteFile(path, []byte("my notes\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := manifest.Open(path); !errors.Is(err, manifest.ErrOther) {
		t.Errorf("error %v, want %v", err, manifest.ErrOther)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "my notes\n" {
		t.Errorf("%q, %v, want %q and no error", text, err, "my notes\n")
	}
}
