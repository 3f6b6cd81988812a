package app

import (
	"runtime/debug"
	"testing"
)

func TestVersionTable(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		info           *debug.BuildInfo
		String, commit string
	}{
		"nothing known": {nil, "devel", "unknown"},
		"development":   {&debug.BuildInfo{Main: debug.Module{Version: "(devel)"}}, "devel", "unknown"},
		"release":       {&debug.BuildInfo{Main: debug.Module{Version: "v1.2.3"}}, "v1.2.3", "unknown"},
		"commit": {&debug.BuildInfo{Settings: []debug.BuildSetting{
			{Key: "vcs.revision", Value: "abc"}, {Key: "vcs.modified", Value: "false"},
		}}, "devel", "abc"},
		"modified": {&debug.BuildInfo{Settings: []debug.BuildSetting{
			{Key: "vcs.modified", Value: "true"}, {Key: "vcs.revision", Value: "abc"},
		}}, "devel", "abc (modified)"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			table := versionTable(test.info)
			if table[0][1] != test.String || table[1][1] != test.commit {
				t.Errorf("got %v, want %s and %s", table, test.String, test.commit)
			}
		})
	}
}
