package download_test

import (
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/cli/internal/download"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
)

const (
	from    = "http://tus.example/files/1"
	version = `length 10, etag "v1"`
)

// content returns a content with a version and without a sender.
func content(version string) client.Content { return client.Content{Version: version} }

func open(t *testing.T, target, version string) *download.Part {
	t.Helper()
	p, err := download.Open(target, from, content(version))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// keep writes text into the part of target and leaves it for a later download.
func keep(t *testing.T, target, version, text string) {
	t.Helper()
	p := open(t, target, version)
	write(t, p, text)
	if err := p.Keep(); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, p *download.Part, text string) {
	t.Helper()
	if _, err := p.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
}

func wantContent(t *testing.T, path, want string) {
	t.Helper()
	got, err := os.ReadFile(path)
	if diff := cmp.Diff(want, string(got)); err != nil || diff != "" {
		t.Errorf("%s: %v (-want +got):\n%s", path, err, diff)
	}
}

// S-BYTES-PART: a content without a version is resumed if the SHA-256 of the bytes
// matches the record, and starts again if the disk has other bytes.
func TestPartWithoutVersion(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		spoil func(t *testing.T, path string)
		want  string // the bytes that are kept
	}{
		"unchanged":       {func(*testing.T, string) {}, "01234"},
		"extra bytes":     {func(t *testing.T, path string) { t.Helper(); put(t, path, "01234567") }, "01234"},
		"other bytes":     {func(t *testing.T, path string) { t.Helper(); put(t, path, "01230") }, ""},
		"bytes missing":   {func(t *testing.T, path string) { t.Helper(); put(t, path, "0123") }, ""},
		"no sum recorded": {func(t *testing.T, path string) { t.Helper(); put(t, path+".json", `{"offset":5}`) }, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target := filepath.Join(t.TempDir(), "a")
			keep(t, target, "", "01")
			p := open(t, target, "")
			write(t, p, "234")
			if err := p.Keep(); err != nil {
				t.Fatal(err)
			}
			test.spoil(t, target+download.Suffix)
			p = open(t, target, "")
			if p.Offset() != int64(len(test.want)) || p.PrefixSum() != sha256.Sum256([]byte(test.want)) {
				t.Errorf("offset %d, want %d, or the sum differs", p.Offset(), len(test.want))
			}
			write(t, p, "56789")
			if err := p.Complete(false); err != nil {
				t.Fatal(err)
			}
			wantContent(t, target, test.want+"56789")
		})
	}
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// S-BYTES-PART: a response without a version may come from another server. It does
// not remove the bytes of a content with a version.
func TestPartOutlivesNoVersion(t *testing.T) {
	t.Parallel()
	target := filepath.Join(t.TempDir(), "a")
	keep(t, target, version, "01234")
	if _, err := download.Open(target, from, content("")); !errors.Is(err, download.ErrNoVersion) {
		t.Errorf("error %v, want ErrNoVersion", err)
	}
	wantContent(t, target+download.Suffix, "01234")
	p := open(t, target, version)
	if p.Offset() != 5 {
		t.Errorf("offset %d, want 5", p.Offset())
	}
	if err := p.Drop(); err != nil {
		t.Fatal(err)
	}
}

// S-BYTES-PART: a crash between the creation of the final name and the removal of
// the temporary name leaves one file with two names. A later download does not
// truncate it.
func TestPartWithTwoNames(t *testing.T) {
	t.Parallel()
	for name, next := range map[string]string{"same version": version, "other version": `etag "v2"`, "no version": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target := filepath.Join(t.TempDir(), "a")
			keep(t, target, version, "0123456789")
			if err := os.Link(target+download.Suffix, target); err != nil {
				t.Skip(err)
			}
			p := open(t, target, next)
			if p.Offset() != 0 {
				t.Errorf("offset %d, want 0", p.Offset())
			}
			wantContent(t, target, "0123456789")
			write(t, p, "new")
			wantContent(t, target, "0123456789")
			if err := p.Complete(true); err != nil {
				t.Fatal(err)
			}
			wantContent(t, target, "new")
		})
	}
}

// S-BYTES-PART: a part that got a second name while it was open is removed, not truncated.
func TestDropOfPartWithTwoNames(t *testing.T) {
	t.Parallel()
	target := filepath.Join(t.TempDir(), "a")
	p := open(t, target, version)
	write(t, p, "0123456789")
	if err := os.Link(target+download.Suffix, target); err != nil {
		t.Skip(err)
	}
	if err := p.Drop(); err != nil {
		t.Fatal(err)
	}
	wantContent(t, target, "0123456789")
	if _, err := os.Lstat(target + download.Suffix); err == nil {
		t.Error("the part still has its name")
	}
}

// S-BYTES-PART: a response from another kind of server than that of the part does not remove
// its bytes, whether it has a version or not, and under any name.
func TestPartOutlivesOtherSender(t *testing.T) {
	t.Parallel()
	const page, video, tus = "type text/html", "type video/mp4", "tus"
	upload := &protocol.State{}
	for name, test := range map[string]struct {
		before, then client.Content
		kept         bool
	}{
		"page":                           {client.Content{Version: version, Sender: tus}, client.Content{Sender: page}, true},
		"page with a version":            {client.Content{Version: version, Sender: tus}, client.Content{Version: "etag x", Sender: page}, true},
		"page, no version before":        {client.Content{Sender: tus}, client.Content{Sender: page}, true},
		"page, not tus before":           {client.Content{Sender: video}, client.Content{Sender: page}, true},
		"other version":                  {client.Content{Version: version, Sender: tus}, client.Content{Version: "etag x", Sender: tus}, false},
		"other version, not tus":         {client.Content{Version: version, Sender: video}, client.Content{Version: "etag x", Sender: video}, false},
		"tus server that was not before": {client.Content{Version: version, Sender: video}, client.Content{Version: "etag x", Sender: tus, Upload: upload}, false},
		"no sender before":               {client.Content{Version: version}, client.Content{Version: "etag x", Sender: page}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target := filepath.Join(t.TempDir(), "a")
			p, err := download.Open(target, from, test.before)
			if err != nil {
				t.Fatal(err)
			}
			write(t, p, "01234")
			if err := p.Keep(); err != nil {
				t.Fatal(err)
			}
			if got := download.IsFromOther(filepath.Dir(target), from, test.then); got != test.kept {
				t.Errorf("IsFromOther is %t, want %t", got, test.kept)
			}
			if download.IsFromOther(filepath.Dir(target), from+"0", test.then) {
				t.Error("IsFromOther is true for another URL")
			}
			p, err = download.Open(target, from, test.then)
			if errors.Is(err, download.ErrSender) != test.kept {
				t.Fatalf("error %v, want ErrSender: %t", err, test.kept)
			}
			if !test.kept {
				if p.Offset() != 0 {
					t.Errorf("offset %d, want 0", p.Offset())
				}
				if err := p.Drop(); err != nil {
					t.Error(err)
				}
				return
			}
			p, err = download.Open(target, from, client.Content{Version: test.before.Version, Sender: test.before.Sender})
			if err != nil || p.Offset() != 5 {
				t.Fatalf("the part is resumed with %v, want no error and Offset 5", err)
			}
			if err := p.Drop(); err != nil {
				t.Error(err)
			}
		})
	}
}
