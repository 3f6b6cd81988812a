package settings

import (
	"io/fs"
	"testing"
)

// There is a warning if chmod 600 keeps others away from a secret, and the user can still read it.
func TestExposes(t *testing.T) {
	t.Parallel()
	const root, me, other = 0, 1000, 1001
	tests := map[string]struct {
		mode        fs.FileMode
		owner, user int
		want        bool
	}{
		"mine":                          {0o600, me, me, false},
		"mine, for the group":           {0o640, me, me, true},
		"mine, for others":              {0o604, me, me, true},
		"root's, which my group reads":  {0o440, root, me, false},
		"root's, for others":            {0o444, root, me, true},
		"another's, for my group":       {0o640, other, me, false},
		"root's own, for its group":     {0o640, root, root, true},
		"another's, for root":           {0o640, me, root, true},
		"another's, for root, not open": {0o600, me, root, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := exposes(test.mode, test.owner, test.user); got != test.want {
				t.Errorf("got %t, want %t", got, test.want)
			}
		})
	}
}
