package version

import (
	"runtime/debug"
	"testing"
)

// A build says which commit it is from if it knows it, and nothing that it does not know.
func TestCommitOf(t *testing.T) {
	t.Parallel()
	const path = modulePath + "cli"
	stamped := func(modified string) []debug.BuildSetting {
		return []debug.BuildSetting{{Key: "vcs.revision", Value: "d44dcce734e0"}, {Key: "vcs.modified", Value: modified}}
	}
	tests := []struct {
		name   string
		linked string
		info   *debug.BuildInfo
		want   string
	}{
		{name: "no information", want: "unknown"},
		{name: "a release, no information", linked: "974af66e", want: "974af66e"},
		{name: "go run", info: &debug.BuildInfo{Main: debug.Module{Path: path, Version: "(devel)"}}, want: "unknown"},
		{
			name: "a clone",
			info: &debug.BuildInfo{Main: debug.Module{Path: path, Version: "(devel)"}, Settings: stamped("false")},
			want: "d44dcce734e0",
		},
		{
			name: "a changed clone",
			info: &debug.BuildInfo{
				Main: debug.Module{Path: path, Version: "v0.1.1-0.20261129152952-d44dcce734e0+dirty"}, Settings: stamped("true"),
			},
			want: "d44dcce734e0 (modified)",
		},
		{
			name: "go install of a release",
			info: &debug.BuildInfo{Main: debug.Module{Path: path, Version: "v0.1.0", Sum: "h1:"}},
			want: "that of the tag cli/v0.1.0",
		},
		{
			name: "go install of a candidate for a release",
			info: &debug.BuildInfo{Main: debug.Module{Path: path, Version: "v0.1.0-rc.1", Sum: "h1:"}},
			want: "that of the tag cli/v0.1.0-rc.1",
		},
		{
			name: "go install of a branch before the first release",
			info: &debug.BuildInfo{Main: debug.Module{Path: path, Version: "v0.0.0-20261129152952-d44dcce734e0", Sum: "h1:"}},
			want: "d44dcce734e0",
		},
		{
			name: "go install of a branch after a release",
			info: &debug.BuildInfo{Main: debug.Module{Path: path, Version: "v0.1.1-0.20261129152952-d44dcce734e0", Sum: "h1:"}},
			want: "d44dcce734e0",
		},
		{
			name:   "a program of a release",
			linked: "974af66e",
			info:   &debug.BuildInfo{Main: debug.Module{Path: path, Version: "v0.1.0", Sum: "h1:"}},
			want:   "974af66e",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := commitOf(tt.linked, tt.info).String(); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
