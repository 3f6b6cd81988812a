package output_test

import (
	"testing"

	"github.com/tusker-go/tusker/cli/internal/output"
)

// The end of a name stays, and so do the columns that head asks for.
func TestShorten(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		text        string
		width, head int
		want        string
	}{
		"short enough":      {"a/film.mov", 10, 0, "a/film.mov"},
		"the beginning":     {"photos/film.mov", 10, 0, "…/film.mov"},
		"the middle":        {"https://tus.example/files/24e533e02ec3bc40", 32, 20, "https://tus.example/…3e02ec3bc40"},
		"wide characters":   {"写真/映画.mov", 9, 0, "…映画.mov"},
		"half a character":  {"写真/映画.mov", 8, 0, "…画.mov"},
		"no room":           {"film.mov", 1, 0, "…"},
		"head without room": {"film.mov", 3, 9, "fi…"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := output.Shorten(test.text, test.width, test.head)
			if got != test.want || output.Width(got) > test.width {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}
