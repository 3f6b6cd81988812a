package download

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A name as long as file systems take can be downloaded and resumed, and two such names do
// not share a part.
func TestPartOfLongName(t *testing.T) {
	t.Parallel()
	for _, char := range []string{"a", "é", "語"} {
		for _, size := range []int{233, 234, 235, 244, 254, 255} {
			name := strings.Repeat(char, size/len(char))
			name += strings.Repeat("x", size-len(name))
			if got := SafeName(name); got != name {
				t.Fatalf("SafeName of %d bytes has %d, want the expected %d", len(name), len(got), len(name))
			}
			target := filepath.Join(t.TempDir(), name)
			other := strings.TrimSuffix(target, target[len(target)-1:]) + "y"
			if partName(target) == partName(other) {
				t.Errorf("two names of %d bytes of %q have the same part", size, char)
			}
			p := open(t, target, from, version)
			write(t, p, "01")
			if err := p.Keep(); err != nil {
				t.Fatal(err)
			}
			p = open(t, target, from, version)
			if p.Offset() != 2 {
				t.Errorf("%d bytes of %q: offset %d, want 2", size, char, p.Offset())
			}
			if err := p.Complete(false); err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(target); err != nil {
				t.Error(err)
			}
		}
	}
}
