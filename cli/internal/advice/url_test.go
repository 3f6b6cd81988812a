package advice

import (
	"strings"
	"testing"
)

func TestURLHint(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"127.0.0.1:80/files/":   "http://",
		"localhost/files/":      "http://",
		"localhost:1080/files/": "http://",
		"tus.example/files/":    "http://",
		"tus:1080":              "http://",
		"/home/me/film.mov":     "",
		"./film.mov":            "",
		"ftp://tus.example/":    "",
		"":                      "",
		"me:secret@host/":       "",
	}
	for target, want := range tests {
		t.Run(target, func(t *testing.T) {
			t.Parallel()
			hint := URL(target)
			if got := strings.Contains(hint, "put http://"); got != (want != "") || strings.Contains(hint, "secret") {
				t.Errorf("URL(%q) = %q", target, hint)
			}
		})
	}
}
