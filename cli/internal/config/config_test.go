package config_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/cli/internal/config"
)

var known = map[string]config.Key{
	"retries": {}, "user": {}, "insecure": {}, "token-file": {},
	"print-header": {List: true},
	"header":       {List: true, Separator: ": "},
	"metadata":     {List: true, Separator: "="},
}

func TestParse(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		text string
		want *config.File
	}{
		"nothing":      {"", &config.File{}},
		"a comment":    {"# nothing\n", &config.File{}},
		"no document":  {"---\n", &config.File{}},
		"no endpoints": {"endpoints:\n", &config.File{Defaults: config.Settings{}}},
		"values as they are written": {
			"retries: 0x10\ninsecure: yes\nuser: ''\n",
			&config.File{Defaults: config.Settings{
				"retries": {[]string{"0x10"}, 1}, "insecure": {[]string{"yes"}, 2}, "user": {[]string{""}, 3},
			}},
		},
		"lists": {
			"header: 'A: 1'\nprint-header: [B, C]\nmetadata: []\n",
			&config.File{Defaults: config.Settings{
				"header": {[]string{"A: 1"}, 1}, "print-header": {[]string{"B", "C"}, 2}, "metadata": {[]string{}, 3},
			}},
		},
		"pairs": {
			"header: {A: 1, B: 'two: 2'}\nmetadata:\n  title: Holidays\n",
			&config.File{Defaults: config.Settings{
				"header": {[]string{"A: 1", "B: two: 2"}, 1}, "metadata": {[]string{"title=Holidays"}, 2},
			}},
		},
		"endpoints": {
			"retries: 3\nendpoints:\n  work: {url: https://w/}\n  play.2:\n    url: https://p/\n    retries: 4\n",
			&config.File{
				Defaults: config.Settings{"retries": {[]string{"3"}, 1}},
				Endpoints: map[string]config.Endpoint{
					"work":   {Name: "work", URL: "https://w/", Line: 3, Settings: config.Settings{}},
					"play.2": {Name: "play.2", URL: "https://p/", Line: 4, Settings: config.Settings{"retries": {[]string{"4"}, 6}}},
				},
			},
		},
		"alias": {
			"header: &h {A: 1}\nendpoints: {a: {url: u, header: *h}}\n",
			&config.File{
				Defaults: config.Settings{"header": {[]string{"A: 1"}, 1}},
				Endpoints: map[string]config.Endpoint{
					"a": {Name: "a", URL: "u", Line: 2, Settings: config.Settings{"header": {[]string{"A: 1"}, 2}}},
				},
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := config.Parse("c.yaml", []byte(test.text), known)
			if err != nil {
				t.Fatal(err)
			}
			test.want.Path = "c.yaml"
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseErrors(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ text, want, meant string }{
		"unknown key":                 {"user: a\nretriess: 3\n", `c.yaml:2: unknown key "retriess"`, "retries"},
		"unknown key, no similar key": {"colour: red\n", `c.yaml:1: unknown key "colour"`, ""},
		"unknown key of endpoint":     {"endpoints:\n  a:\n    ulr: x\n", `c.yaml:3: unknown key "ulr"`, ""},
		"plural":                      {"headers: {A: 1}\n", `c.yaml:1: unknown key "headers"`, "header"},
		"key twice":                   {"user: a\n\nuser: b\n", `c.yaml:3: key "user" is there twice`, ""},
		"endpoint twice":              {"endpoints:\n  a: {url: u}\n  a: {url: v}\n", `c.yaml:3: key "a" is there twice`, ""},
		"header twice":                {"header:\n  A: hush\n  A: hush\n", `c.yaml:3: key "A" is there twice`, ""},
		"list where one is wanted":    {"user: [hush]\n", "c.yaml:1: user: want one value", ""},
		"pairs where one is wanted":   {"user: {hush: hush}\n", "c.yaml:1: user: want one value", ""},
		"pairs in a list":             {"header: [A: hush]\n", "c.yaml:1: header: want one value", ""},
		"no value":                    {"user:\n", "c.yaml:1: user has no value", ""},
		"no value in a list":          {"header:\n - hush\n -\n", "c.yaml:3: header has no value", ""},
		"no url":                      {"endpoints:\n  a: {user: hush}\n", `c.yaml:2: endpoint "a" has no url`, ""},
		"bad name":                    {"endpoints:\n  a/b: {url: u}\n", `c.yaml:2: endpoint "a/b": a name`, ""},
		"endpoint without settings":   {"endpoints:\n  a:\n", "c.yaml:2: want keys and values", ""},
		"endpoints of another kind":   {"endpoints: hush\n", "c.yaml:1: want keys and values", ""},
		"no mapping":                  {"- hush\n", "c.yaml:1: want keys and values", ""},
		"key of another kind":         {"? [hush]\n: b\n", "c.yaml:1: a key is a word", ""},
		"syntax":                      {"user: a\nretries: [1\nuser: b\n", "c.yaml:", ""},
		"not YAML":                    {"\x00", "config file c.yaml: control characters are not allowed", ""},
		"two documents":               {"user: a\n---\nuser: b\n", "c.yaml: it holds more than one YAML document", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := config.Parse("c.yaml", []byte(test.text), known)
			e, ok := errors.AsType[*config.Error](err)
			if !ok || !strings.Contains(e.Error(), test.want) || strings.Contains(e.Error(), "hush") {
				t.Fatalf("error %v, want %q", err, test.want)
			}
			if e.Meant != test.meant {
				t.Errorf("suggestion %q, want %q", e.Meant, test.meant)
			}
		})
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	long := filepath.Join(dir, "long")
	if err := os.WriteFile(long, make([]byte, 1<<20+1), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		path string
		err  error
		want string
	}{
		"missing": {filepath.Join(dir, "missing"), fs.ErrNotExist, ""},
		"folder":  {dir, nil, "config file " + dir + ": "},
		"long":    {long, nil, "longer than 1 MiB"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := config.Read(test.path, known)
			if err == nil || test.err != nil && !errors.Is(err, test.err) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
}

func TestSecret(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		text string
		want int
	}{
		"none":            {"token-file: t\nuser: me\nheader: {X-Team: a}\n", 0},
		"password":        {"retries: 1\nuser: me:hush\n", 2},
		"header":          {"header:\n  Authorization: hush\n", 1},
		"of an endpoint":  {"endpoints:\n  a:\n    url: u\n    header: {apikey: hush}\n", 4},
		"URL":             {"endpoints:\n  a:\n    url: https://me:hush@h/\n", 2},
		"URL, login only": {"endpoints:\n  a:\n    url: https://me@h/\n", 0},
		"URL, token":      {"endpoints:\n  a:\n    url: https://h/?a=b&access_token=hush\n", 2},
		"URL, other":      {"endpoints:\n  a:\n    url: https://h/?tenant=a\n", 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file, err := config.Parse("c.yaml", []byte(test.text), known)
			if err != nil {
				t.Fatal(err)
			}
			if line, ok := file.Secret(); line != test.want || ok != (test.want > 0) {
				t.Errorf("line %d, %t, want %d", line, ok, test.want)
			}
		})
	}
}

func TestDefaultPath(t *testing.T) {
	t.Parallel()
	root := "/"
	if filepath.Separator == '\\' {
		root = `C:\`
	}
	home := filepath.Join(root, "home")
	tests := map[string]struct {
		goos string
		env  map[string]string
		want string
	}{
		"xdg":          {"linux", map[string]string{"XDG_CONFIG_HOME": filepath.Join(root, "x"), "HOME": home}, filepath.Join(root, "x", "tusker", "config.yaml")},
		"xdg, no path": {"linux", map[string]string{"XDG_CONFIG_HOME": "x", "HOME": home}, filepath.Join(home, ".config", "tusker", "config.yaml")},
		"linux":        {"linux", map[string]string{"HOME": home}, filepath.Join(home, ".config", "tusker", "config.yaml")},
		"darwin":       {"darwin", map[string]string{"HOME": home}, filepath.Join(home, "Library", "Application Support", "tusker", "config.yaml")},
		"windows":      {"windows", map[string]string{"AppData": home, "HOME": root}, filepath.Join(home, "tusker", "config.yaml")},
		"no home":      {"linux", nil, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := config.DefaultPath(test.goos, func(name string) (string, bool) {
				value, ok := test.env[name]
				return value, ok
			})
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"retries: 3\nendpoints:\n  a: {url: https://h/, header: {A: b}}\n",
		"header: &h [A]\nendpoints: {a: {url: u, header: *h}}\n",
		"<<: {user: a}\n", "? [a]\n: b\n", "a: *a\n", "&a [*a]\n", "---\n---\n", "\t",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		file, err := config.Parse("c.yaml", text, known)
		if _, ok := errors.AsType[*config.Error](err); err != nil && !ok {
			t.Errorf("error %T: %v, want a *config.Error", err, err)
		}
		if err == nil {
			file.Secret()
		}
	})
}
