package output_test

import (
	"bytes"
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/tusker-go/tusker/cli/internal/output"
)

// Plain returns JSON with the same meaning, and only printable characters.
func FuzzPlain(f *testing.F) {
	for _, seed := range []string{"", "a", "\x1b[31m", "\x7f", "\u009b31m", "\u202egpj", "\xff", "\U000e0001", `\u009b`, "é世界", "\u2028"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		if err := e.Encode([]string{s}); err != nil {
			t.Fatal(err)
		}
		got := output.Plain(b.Bytes())
		var before, after []string
		if err := json.Unmarshal(b.Bytes(), &before); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(got, &after); err != nil || after[0] != before[0] {
			t.Errorf("Plain changes %q to %s, %v, want no error and [0] %q", s, got, err, before[0])
		}
		if strings.ContainsFunc(string(got), func(r rune) bool { return !strconv.IsPrint(r) && r != '\n' }) {
			t.Errorf("%q is shown as %q, want text that can be printed", s, got)
		}
	})
}

// RedactURL removes the user information and the query from a URL.
func FuzzRedactURL(f *testing.F) {
	for _, seed := range []string{"", "https://me:hidden@h/p?hidden#hidden", "//hidden@h", "http://[::1", "mailto:hidden", "?hidden", "http://h:80/%2f"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		got := output.RedactURL(raw)
		u, err := url.Parse(got)
		if strings.ContainsAny(got, "?#\n\x1b") || err == nil && u.User != nil {
			t.Errorf("RedactURL(%q) = %q, want no user, query or control character", raw, got)
		}
	})
}
