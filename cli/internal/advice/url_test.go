package advice

import (
	"strings"
	"testing"
)

func TestURLHint(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"127.0.0.1:80/files/":     ": http://127.0.0.1:80/files/",
		"localhost/files/":        ": http://localhost/files/",
		"localhost:1080/files/":   ": http://localhost:1080/files/",
		"tus.example/files/":      ": https://tus.example/files/",
		"tus.example/?sig=secret": ": https://tus.example/",
		"tus:1080":                ": https://tus:1080",
		"/home/me/film.mov":       "like https://tus.example/files/",
		"./film.mov":              "like https://tus.example/files/",
		"ftp://tus.example/":      "like https://tus.example/files/",
		"":                        "like https://tus.example/files/",
		"me:secret@host/":         "like https://tus.example/files/",
	}
	for target, want := range tests {
		t.Run(target, func(t *testing.T) {
			t.Parallel()
			if hint := URL(target); !strings.HasSuffix(hint, want) || strings.Contains(hint, "secret") {
				t.Errorf("URL(%q) = %q, want %q at the end", target, hint, want)
			}
		})
	}
}
