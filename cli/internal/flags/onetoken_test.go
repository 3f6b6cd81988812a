package flags

import (
	"errors"
	"testing"
)

func TestOneToken(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		text, want string
		bad        bool
	}{
		"plain":       {"abc", "abc", false},
		"line break":  {"abc\n", "abc", false},
		"windows":     {"\tabc\r\n", "abc", false},
		"empty":       {"", "", true},
		"blank":       {" \n", "", true},
		"two":         {"abc def", "", true},
		"two lines":   {"abc\ndef\n", "", true},
		"not ASCII":   {"abç", "", true},
		"not printed": {"a\x00b", "", true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := oneToken([]byte(test.text))
			if got != test.want || errors.Is(err, errToken) != test.bad {
				t.Errorf("oneToken(%q) = %q, %v, want %q and %v: %t", test.text, got, err, test.want, errToken, test.bad)
			}
		})
	}
}
