package shell

import (
	"strings"
	"testing"

	"github.com/tusker-go/tusker/cli/internal/output"
)

// Quote makes a single shell word with the same text.
func FuzzQuote(f *testing.F) {
	for _, seed := range []string{"", "a b", "it's", "$(x)", "`x`", "a\\b", "-rf", "\x1b[31m", "a;b", "!x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		word := Quote(s, "linux")
		inner, ok := strings.CutPrefix(word, "'")
		if !ok || !strings.HasSuffix(inner, "'") || strings.ReplaceAll(strings.TrimSuffix(inner, "'"), `'\''`, "'") != s {
			t.Errorf("Quote(%q) = %s, want %q, ok true and the suffix %q", s, word, s, "'")
		}
		if line := output.OneLine(word); strings.ContainsAny(line, "\n\r\x1b") {
			t.Errorf("shown as %q, want text that can be printed", line)
		}
	})
}
