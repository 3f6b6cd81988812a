package config_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/tusker-go/tusker/cli/internal/config"
)

// S-CONFIG-ACCESS: a file is trusted if only the user and root can change it.
func TestCheckAccess(t *testing.T) {
	t.Parallel()
	const root, me, other = 0, 1000, 1001
	tests := map[string]struct {
		mode        fs.FileMode
		owner, user int
		want        string // part of the error, "" for none
	}{
		"mine":                       {0o600, me, me, ""},
		"mine, readable":             {0o644, me, me, ""},
		"root's":                     {0o644, root, me, ""},
		"mine, by the group":         {0o664, me, me, "mode 0664"},
		"mine, by others":            {0o602, me, me, "mode 0602"},
		"root's, by the group":       {0o660, root, me, "mode 0660"},
		"root's own, by others":      {0o666, root, root, "mode 0666"},
		"another's":                  {0o600, other, me, "uid 1001"},
		"another's, for root":        {0o600, me, root, "uid 1000"},
		"another's, by others":       {0o666, other, me, "uid 1001"},
		"a device":                   {fs.ModeDevice | fs.ModeCharDevice | 0o666, root, me, ""},
		"a terminal":                 {fs.ModeDevice | fs.ModeCharDevice | 0o620, me, me, ""},
		"another's device":           {fs.ModeDevice | fs.ModeCharDevice | 0o600, other, me, "uid 1001"},
		"a pipe":                     {fs.ModeNamedPipe | 0o600, me, me, ""},
		"a pipe that others can use": {fs.ModeNamedPipe | 0o622, me, me, "mode 0622"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := config.CheckAccess(test.mode, test.owner, test.user)
			if (err != nil) != (test.want != "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
}

// S-CONFIG-ACCESS: the mode of the file that is read counts, also behind a link.
func TestReadChecksAccess(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("access lists apply on this system")
	}
	t.Parallel()
	dir := t.TempDir()
	file, link := filepath.Join(dir, "config.yaml"), filepath.Join(dir, "link.yaml")
	if err := os.WriteFile(file, []byte("retries: 3\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	for _, mode := range []fs.FileMode{0o600, 0o644, 0o620, 0o666} {
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{file, link} {
			_, err := config.Read(path, known)
			_, refused := errors.AsType[*config.AccessError](err)
			if refused != (mode&0o022 != 0) || err != nil && !refused {
				t.Errorf("mode %o, %s: error %v, want a refusal: %t", mode, filepath.Base(path), err, mode&0o022 != 0)
			}
		}
	}
}
