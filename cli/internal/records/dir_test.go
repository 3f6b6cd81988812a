package records

import (
	"errors"
	"path/filepath"
	"testing"
)

func TestStateDir(t *testing.T) {
	t.Parallel()
	home := t.TempDir() // absolute on every system
	other := t.TempDir()
	tests := map[string]struct {
		goos string
		env  map[string]string
		want []string // nil: there is none
	}{
		"linux":               {"linux", map[string]string{"HOME": home}, []string{home, ".local", "state", "tusker"}},
		"freebsd":             {"freebsd", map[string]string{"HOME": home}, []string{home, ".local", "state", "tusker"}},
		"darwin":              {"darwin", map[string]string{"HOME": home}, []string{home, "Library", "Application Support", "tusker", "state"}},
		"windows":             {"windows", map[string]string{"LocalAppData": home, "HOME": other}, []string{home, "tusker", "state"}},
		"XDG":                 {"linux", map[string]string{"HOME": home, "XDG_STATE_HOME": other}, []string{other, "tusker"}},
		"XDG without home":    {"linux", map[string]string{"XDG_STATE_HOME": other}, []string{other, "tusker"}},
		"XDG on darwin":       {"darwin", map[string]string{"HOME": home, "XDG_STATE_HOME": other}, []string{other, "tusker"}},
		"XDG on windows":      {"windows", map[string]string{"LocalAppData": home, "XDG_STATE_HOME": other}, []string{other, "tusker"}},
		"XDG empty":           {"linux", map[string]string{"HOME": home, "XDG_STATE_HOME": ""}, []string{home, ".local", "state", "tusker"}},
		"XDG relative":        {"linux", map[string]string{"HOME": home, "XDG_STATE_HOME": "state"}, []string{home, ".local", "state", "tusker"}},
		"no home":             {"linux", nil, nil},
		"relative home":       {"linux", map[string]string{"HOME": "home"}, nil},
		"no home on windows":  {"windows", map[string]string{"HOME": home}, nil},
		"no home on darwin":   {"darwin", map[string]string{"LocalAppData": home}, nil},
		"empty home on linux": {"linux", map[string]string{"HOME": ""}, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := defaultDir(test.goos, func(name string) (string, bool) {
				value, ok := test.env[name]
				return value, ok
			})
			if want := filepath.Join(test.want...); got != want || errors.Is(err, errNoDir) != (test.want == nil) {
				t.Errorf("%q, error %v, want %q", got, err, want)
			}
		})
	}
}
