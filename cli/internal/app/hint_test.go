package app

import "testing"

func TestResumeHint(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		url, file string
		flags     bool
		want      string
	}{
		"plain": {
			"http://h/files/1?sig=a&b", "video.mp4", false,
			"go on with: tusker resume 'http://h/files/1?sig=a&b' video.mp4",
		},
		"flags":       {"http://h/1", "-", true, "go on, with the same flags: tusker resume 'http://h/1' -"},
		"not created": {"", "video.mp4", false, "nothing was uploaded yet: run the same command again"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := resumeHint(test.url, test.file, test.flags); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

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
			if got := quoteWhereNeeded(test.text, "linux"); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
			if got := quoteWhereNeeded(test.text, "windows"); got != test.windows {
				t.Errorf("on windows got %s, want %s", got, test.windows)
			}
		})
	}
}
