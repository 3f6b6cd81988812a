package shell

import "testing"

// A path in a printed command is never taken for a flag.
func TestQuotePath(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"a": "a", "-": "-", "-x": "./-x", "--": "./--", "--x y": "'./--x y'", "./-x": "./-x", "/-x": "/-x", "": "''",
	} {
		if got := QuotePath(path); got != want {
			t.Errorf("QuotePath(%q) = %s, want %s", path, got, want)
		}
	}
}
