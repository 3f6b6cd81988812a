package filestore_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
)

const (
	endpoint = "https://tus.example/files/?key=s3cret"

	// serverFile is named by the SHA-256 of endpoint.
	serverFile = "0d97ec3c5a9a8d30ee75d5c6f185f72625f05a5b017daf668ccd70469e01e058.server"
)

var (
	able = protocol.Capabilities{
		Versions:           []string{"1.0.0", "0.2.2"},
		Extensions:         []protocol.Extension{"creation", "checksum"},
		ChecksumAlgorithms: []string{"sha1"},
		MaxSize:            protocol.Known(1 << 30),
	}
	asked = time.Date(2026, 1, 2, 3, 4, 5, 600, time.UTC)
)

// Others read these files: what is in them stays as it is.
func TestServerFormat(t *testing.T) {
	s := open(t, t.TempDir())
	if err := s.SaveCapabilities(t.Context(), endpoint, able, asked); err != nil {
		t.Fatal(err)
	}
	if got := names(t, s.Dir()); !slices.Equal(got, []string{serverFile}) {
		t.Fatalf("files %q", got)
	}
	file := filepath.Join(s.Dir(), serverFile)
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{
  "version": 1,
  "asked": "2026-01-02T03:04:05.0000006Z",
  "versions": [
    "1.0.0",
    "0.2.2"
  ],
  "extensions": [
    "creation",
    "checksum"
  ],
  "algorithms": [
    "sha1"
  ],
  "max": 1073741824
}
`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("the server's file (-want +got):\n%s", diff)
	}
	if runtime.GOOS == "windows" || runtime.GOOS == "js" {
		return // modes are not kept here
	}
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode(); mode != 0o600 {
		t.Errorf("mode %v", mode)
	}
}

// What cannot be read is as good as nothing, and gives way to the next answer.
func TestServerUseless(t *testing.T) {
	const whole = `{"version": 1, "asked": "2026-01-02T03:04:05Z", "versions": ["1.0.0"]}`
	tests := map[string]struct {
		content string
		ok      bool
	}{
		"whole":              {whole, true},
		"with a new name":    {strings.Replace(whole, "{", `{"more": {},`, 1), true},
		"empty":              {"", false},
		"cut off":            {whole[:40], false},
		"zeros":              {strings.Repeat("\x00", 100), false},
		"no object":          {"[]", false},
		"no version":         {`{"versions": ["1.0.0"]}`, false},
		"of a newer version": {strings.Replace(whole, "1", "2", 1), false},
		"another type":       {strings.Replace(whole, `["1.0.0"]`, "1", 1), false},
		"no time":            {strings.Replace(whole, "2026-01-02T03:04:05Z", "yesterday", 1), false},
		"negative size":      {strings.Replace(whole, "{", `{"max": -1,`, 1), false},
		"size beyond all":    {strings.Replace(whole, "{", `{"max": 9223372036854775808,`, 1), false},
		"largest":            {whole + strings.Repeat(" ", 64<<10-len(whole)), true},
		"too large":          {whole + strings.Repeat(" ", 64<<10-len(whole)+1), false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := open(t, t.TempDir())
			if err := os.WriteFile(filepath.Join(s.Dir(), serverFile), []byte(test.content), 0o600); err != nil {
				t.Fatal(err)
			}
			caps, at, err := s.LoadCapabilities(t.Context(), endpoint)
			if test.ok {
				if err != nil || !caps.Supports("1.0.0") || !at.Equal(asked.Truncate(time.Second)) {
					t.Errorf("%+v at %v, %v", caps, at, err)
				}
				return
			}
			if !errors.Is(err, client.ErrNoRecord) || !at.IsZero() || caps.Versions != nil {
				t.Errorf("%+v at %v, error %v, want %v", caps, at, err, client.ErrNoRecord)
			}
			if err != nil && strings.Contains(err.Error(), "s3cret") {
				t.Errorf("error %q tells a secret", err)
			}
			if err := s.SaveCapabilities(t.Context(), endpoint, able, asked); err != nil {
				t.Fatal(err)
			}
			got, _, err := s.LoadCapabilities(t.Context(), endpoint)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(able, got, cmp.AllowUnexported(protocol.Length{})); diff != "" {
				t.Errorf("capabilities (-want +got):\n%s", diff)
			}
		})
	}
}

func TestServerTooLarge(t *testing.T) {
	s := open(t, t.TempDir())
	talkative := protocol.Capabilities{Versions: []string{strings.Repeat("1", 64<<10)}}
	if err := s.SaveCapabilities(t.Context(), endpoint, talkative, asked); !errors.Is(err, client.ErrInvalidRecord) {
		t.Errorf("error %v, want %v", err, client.ErrInvalidRecord)
	}
	if err := s.SaveCapabilities(t.Context(), endpoint, able, asked.AddDate(10_000, 0, 0)); err == nil {
		t.Error("no error for a year that cannot be written")
	}
	if got := names(t, s.Dir()); len(got) != 0 {
		t.Errorf("left are %q", got)
	}
}

// Neither a folder nor a link in the place of the file is gone into.
func TestServerIsNoFile(t *testing.T) {
	for name, put := range map[string]func(file string) error{
		"folder": func(file string) error { return os.Mkdir(file, 0o700) },
		"link": func(file string) error {
			target := filepath.Join(filepath.Dir(file), "target")
			content := `{"version": 1, "asked": "2026-01-02T03:04:05Z"}`
			return errors.Join(os.WriteFile(target, []byte(content), 0o600), os.Symlink(target, file))
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, t.TempDir())
			if err := put(filepath.Join(s.Dir(), serverFile)); err != nil {
				t.Skip(err)
			}
			if _, _, err := s.LoadCapabilities(t.Context(), endpoint); !errors.Is(err, client.ErrNoRecord) {
				t.Errorf("error %v, want %v", err, client.ErrNoRecord)
			}
		})
	}
}

func TestServerWithoutFolder(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "state"))
	if err := os.Remove(s.Dir()); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.LoadCapabilities(t.Context(), endpoint); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("load: error %v", err)
	}
	err := s.SaveCapabilities(t.Context(), endpoint, able, asked)
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), s.Dir()) || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("save: error %v", err)
	}
}

func TestPruneServers(t *testing.T) {
	const week = 7 * 24 * time.Hour
	for name, c := range map[string]struct {
		file string
		old  time.Duration
		age  time.Duration
		gone bool
	}{
		"of today":               {serverFile, 23 * time.Hour, week, false},
		"of yesterday":           {serverFile, 25 * time.Hour, week, true},
		"within the age":         {serverFile, time.Hour, 2 * time.Hour, false},
		"beyond the age":         {serverFile, 3 * time.Hour, 2 * time.Hour, true},
		"all":                    {serverFile, time.Minute, 0, true},
		"another's":              {"web.server", week, 0, false},
		"another's of that size": {strings.ToUpper(serverFile[:64]) + ".server", week, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, t.TempDir())
			file := filepath.Join(s.Dir(), c.file)
			writeOld(t, file, "", c.old)
			for _, err := range s.List(t.Context()) {
				t.Errorf("listed, error %v", err)
			}
			if removed, err := s.Prune(t.Context(), c.age); removed != 0 || err != nil {
				t.Errorf("%d records removed, error %v", removed, err)
			}
			if left := names(t, s.Dir()); (len(left) == 0) != c.gone {
				t.Errorf("left are %q", left)
			}
		})
	}
}
