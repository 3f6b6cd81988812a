package app

import (
	"runtime/debug"
	"slices"
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

// The modules of Tusker follow, without those of others, and with the version that replaces one.
func TestVersionOfModules(t *testing.T) {
	t.Parallel()
	info := &debug.BuildInfo{Deps: []*debug.Module{
		{Path: "github.com/tusker-go/tusker/transport", Version: "v1.0.0"},
		{Path: "github.com/spf13/cobra", Version: "v1.10.2"},
		{Path: "github.com/tusker-go/tusker/client", Version: "v1.2.0", Replace: &debug.Module{Path: "../client", Version: "(devel)"}},
	}}
	table := versionTable(info)
	want := [][2]string{{"client", "devel"}, {"transport", "v1.0.0"}}
	if got := table[len(table)-2:]; !slices.Equal(got, want) {
		t.Errorf("the modules are %v, want %v", got, want)
	}
	modules := jsonVersion(info).Modules
	if len(modules) != 2 || modules["client"] != "devel" || modules["transport"] != "v1.0.0" {
		t.Errorf("the modules in JSON are %v, want 2 of them, [\"client\"] %q and [\"transport\"] %q", modules, "devel", "v1.0.0")
	}
}
