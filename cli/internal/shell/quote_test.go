package shell

import "testing"

func TestQuote(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ text, want, windows string }{
		"plain":     {"dir/a-b_1.mp4", "dir/a-b_1.mp4", "dir/a-b_1.mp4"},
		"space":     {"a b", "'a b'", `"a b"`},
		"quote":     {"it's", `'it'\''s'`, `"it's"`},
		"dollar":    {"$HOME", "'$HOME'", `"$HOME"`},
		"empty":     {"", "''", `""`},
		"ampersand": {"a&b", "'a&b'", `"a&b"`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := QuoteIfNeeded(test.text, "linux"); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
			if got := QuoteIfNeeded(test.text, "windows"); got != test.windows {
				t.Errorf("on windows got %s, want %s", got, test.windows)
			}
		})
	}
}
