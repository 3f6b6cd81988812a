package suggest_test

import (
	"slices"
	"testing"

	"github.com/tusker-go/tusker/cli/internal/suggest"
)

func TestNearest(t *testing.T) {
	t.Parallel()
	names := []string{"token-file", "token-command", "user", "retries", "retry-max-wait", "key", "cert"}
	tests := map[string]struct{ word, want string }{
		"letter left out":      {"tokn-file", "token-file"},
		"letter too many":      {"retriess", "retries"},
		"letters swapped":      {"kye", ""},
		"capitals":             {"User", "user"},
		"beginning":            {"token-c", "token-command"},
		"beginning of several": {"token", ""},
		"no similar name":      {"colour", ""},
		"short":                {"x", ""},
		"empty":                {"", ""},
		"exact match":          {"cert", "cert"},
		"one of four":          {"certs", "cert"},
		"not ASCII":            {"usér", "user"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := suggest.Nearest(test.word, slices.Values(names)); got != test.want {
				t.Errorf("Nearest(%q) = %q, want %q", test.word, got, test.want)
			}
		})
	}
}

// Few wrong letters are a misspelling, and other words are not.
func TestMisspelled(t *testing.T) {
	t.Parallel()
	names := []string{"RETRIES", "SIZE", "TOKEN_FILE", "KEY", "PROFILE"}
	tests := map[string]struct{ word, want string }{
		"a letter replaced": {"RETRYES", "RETRIES"},
		"two letters":       {"TOKENFILES", "TOKEN_FILE"},
		"three letters":     {"RETRY", ""},
		"a short word":      {"FILE", ""},
		"a beginning":       {"TOKEN", ""},
		"a name":            {"SIZE", ""},
		"very short":        {"KE", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := suggest.Misspelled(test.word, slices.Values(names)); got != test.want {
				t.Errorf("Misspelled(%q) = %q, want %q", test.word, got, test.want)
			}
		})
	}
}
