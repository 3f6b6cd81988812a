package flags

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/protocol"
)

func TestFileMetadata(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		profile, file, relative string
		want                    protocol.Metadata
	}{
		"no profile": {
			"", "dir/a.mp4", "",
			protocol.Metadata{"filename": "a.mp4", "mime_type": "video/mp4", "filetype": "video/mp4"},
		},
		"no profile, in a directory": {
			"", "dir/sub/a", "dir/sub/a",
			protocol.Metadata{"filename": "a", "relativePath": "dir/sub/a"},
		},
		"a profile without metadata": {"vimeo", "a", "", protocol.Metadata{"filename": "a"}},
		"own names":                  {"directus", "dir/a.mp4", "dir/a.mp4", protocol.Metadata{"filename_download": "a.mp4", "type": "video/mp4"}},
		"unknown type":               {"bunny", "a", "", protocol.Metadata{"title": "a"}},
		"path":                       {"supabase", "dir/sub/a", "dir/sub/a", protocol.Metadata{"objectName": "dir/sub/a"}},
		"path of a file alone":       {"supabase", "dir/a.mp4", "", protocol.Metadata{"objectName": "a.mp4", "contentType": "video/mp4"}},
		"standard input":             {"directus", "-", "", protocol.Metadata{}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := Profile{name: test.profile}
			if diff := cmp.Diff(test.want, p.fileMetadata(test.file, test.relative, "")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
