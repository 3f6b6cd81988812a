package mediatype

import (
	"mime"
	"slices"
	"strings"
	"testing"
)

func TestByName(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ name, want string }{
		"plain":             {"video.mp4", "video/mp4"},
		"capitals":          {"VIDEO.MP4", "video/mp4"},
		"folder":            {"a.txt/b.png", "image/png"},
		"two extensions":    {"x.tar.gz", "application/gzip"},
		"without parameter": {"notes.txt", "text/plain"},
		"none":              {"README", ""},
		"folder only":       {"a.txt/README", ""},
		"not known":         {"a.qqq", ""},
		"point at the end":  {"a.", ""},
		"hidden file":       {".bashrc", ""},
		"empty":             {"", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := ByName(test.name); got != test.want {
				t.Errorf("ByName(%q) = %q, want %q", test.name, got, test.want)
			}
		})
	}
}

func TestTable(t *testing.T) {
	t.Parallel()
	var extensions []string
	for line := range strings.Lines(table) {
		extension, mediaType, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		if !ok || extension != strings.ToLower(extension) || strings.ContainsAny(extension, ". ") {
			t.Errorf("line %q: want an extension in lower case and a type", line)
		}
		if got, params, err := mime.ParseMediaType(mediaType); err != nil || got != mediaType || len(params) > 0 {
			t.Errorf("line %q: type parses as %q with %v, %v, want %q, none and no error", line, got, params, err, mediaType)
		}
		extensions = append(extensions, extension)
	}
	if !slices.IsSorted(extensions) || len(slices.Compact(slices.Clone(extensions))) != len(extensions) {
		t.Error("extensions are not sorted, or not unique")
	}
}
