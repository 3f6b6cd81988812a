package batch

import (
	"os"
	"path/filepath"
	"testing"
)

// A file is found by its name in another Unicode normal form. A file that has exactly the
// name comes first.
func TestNameOnDisk(t *testing.T) {
	t.Parallel()
	const composed, decomposed = "\u00fc.txt", "u\u0308.txt"
	tests := map[string]struct {
		files      []string
		name, want string
	}{
		"composed on the disk":   {[]string{composed}, decomposed, composed},
		"decomposed on the disk": {[]string{decomposed}, composed, decomposed},
		"both, composed":         {[]string{composed, decomposed}, composed, composed},
		"both, decomposed":       {[]string{composed, decomposed}, decomposed, decomposed},
		"none":                   {nil, composed, composed},
		"not UTF-8":              {[]string{composed}, "\xff.txt", "\xff.txt"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for _, file := range test.files {
				if err := os.WriteFile(filepath.Join(dir, file), nil, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			got, want := NameOnDisk(filepath.Join(dir, test.name)), filepath.Join(dir, test.want)
			a, aerr := os.Stat(got)
			b, berr := os.Stat(want)
			// Some file systems take both forms for one name.
			if got != want && (aerr != nil || berr != nil || !os.SameFile(a, b)) {
				t.Errorf("%q, want %q", got, want)
			}
		})
	}
}
