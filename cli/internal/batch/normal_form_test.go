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
	const composedDir, decomposedDir = "\u00e9/", "e\u0301/"
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

		"decomposed folder, composed file":  {[]string{decomposedDir + composed}, composedDir + composed, decomposedDir + composed},
		"composed folder, decomposed file":  {[]string{composedDir + decomposed}, decomposedDir + decomposed, composedDir + decomposed},
		"both in other forms":               {[]string{composedDir + decomposed}, decomposedDir + composed, composedDir + decomposed},
		"in the middle of a path":           {[]string{"a/" + decomposedDir + "b/c"}, "a/" + composedDir + "b/c", "a/" + decomposedDir + "b/c"},
		"a folder":                          {[]string{decomposedDir + "c"}, composedDir, decomposedDir},
		"both forms in one name":            {[]string{"\u00e9u\u0308"}, "e\u0301\u00fc", "\u00e9u\u0308"},
		"the last element is missing":       {[]string{decomposedDir + "a"}, composedDir + "b", composedDir + "b"},
		"an element without other forms":    {[]string{"a/" + composed}, "b/" + decomposed, "b/" + decomposed},
		"a way up":                          {[]string{"a/" + composed}, "a/../a//./" + decomposed, "a/../a//./" + composed},
		"a folder that also has the letter": {[]string{composedDir + "a", decomposedDir + "b"}, composedDir + "a", composedDir + "a"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for _, file := range test.files {
				if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(file)), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(dir, file), nil, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			// filepath.Join would shorten the names.
			below := dir + string(filepath.Separator)
			got, want := NameOnDisk(below+filepath.FromSlash(test.name)), below+filepath.FromSlash(test.want)
			a, aerr := os.Stat(got)
			b, berr := os.Stat(want)
			// Some file systems take both forms for one name.
			if got != want && (aerr != nil || berr != nil || !os.SameFile(a, b)) {
				t.Errorf("%q, want %q", got, want)
			}
		})
	}
}
