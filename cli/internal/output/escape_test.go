package output_test

import (
	"strconv"
	"testing"

	"github.com/tusker-go/tusker/cli/internal/output"
)

func TestEscape(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ text, want, oneLine string }{
		"empty":                    {"", "", ""},
		"plain":                    {"a b.txt", "a b.txt", "a b.txt"},
		"quotes":                   {`say "x"`, `say "x"`, `say "x"`},
		"printable unicode":        {"héllo 世界 🐘", "héllo 世界 🐘", "héllo 世界 🐘"},
		"line break":               {"a\nb\r\n", `a\nb\r\n`, `a\nb\r\n`},
		"tab and nul":              {"a\tb\x00", `a\tb\x00`, `a\tb\x00`},
		"terminal escape sequence": {"\x1b[31mred", `\x1b[31mred`, `\x1b[31mred`},
		"invalid UTF-8":            {"a\xff\xfeb", `a\xff\xfeb`, `a\xff\xfeb`},
		"replacement character":    {"\ufffd", "\ufffd", "\ufffd"},
		"right-to-left override":   {"a\u202egpj.exe", `a\u202egpj.exe`, `a\u202egpj.exe`},
		"backslash":                {`C:\new`, `C:\\new`, `C:\new`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := output.Escape(test.text); got != test.want {
				t.Errorf("Escape(%q) = %q, want %q", test.text, got, test.want)
			}
			if got := output.OneLine(test.text); got != test.oneLine {
				t.Errorf("OneLine(%q) = %q, want %q", test.text, got, test.oneLine)
			}
		})
	}
}

func FuzzEscape(f *testing.F) {
	f.Add("a\n\\n\xff\"")
	f.Fuzz(func(t *testing.T, s string) {
		escaped := output.Escape(s)
		for _, r := range escaped {
			if !strconv.IsPrint(r) {
				t.Fatalf("Escape(%q) = %q holds %q", s, escaped, r)
			}
		}
		back := ""
		for rest := escaped; rest != ""; {
			r, multibyte, tail, err := strconv.UnquoteChar(rest, 0)
			if err != nil {
				t.Fatalf("Escape(%q) = %q: %v", s, escaped, err)
			}
			if multibyte {
				back += string(r)
			} else {
				back += string([]byte{byte(r)})
			}
			rest = tail
		}
		if back != s {
			t.Fatalf("Escape(%q) = %q means %q, want %q", s, escaped, back, s)
		}
	})
}
