package app

import (
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/protocol"
)

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Say which version this is",
		Example: `  tusker version`,
		Args:    noArguments,
		RunE: func(*cobra.Command, []string) error {
			info, _ := debug.ReadBuildInfo()
			a.out.Table(versionTable(info))
			return nil
		},
	}
}

// versionTable takes nil for a program that knows nothing of its build.
func versionTable(info *debug.BuildInfo) [][2]string {
	return [][2]string{
		{"tusker", versionOf(info)},
		{"commit", commitOf(info)},
		{"go", runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH},
		{"tus", protocol.Version},
	}
}

func version() string {
	info, _ := debug.ReadBuildInfo()
	return versionOf(info)
}

func versionOf(info *debug.BuildInfo) string {
	if info == nil || info.Main.Version == "" || info.Main.Version == "(devel)" {
		return "devel"
	}
	return info.Main.Version
}

func commitOf(info *debug.BuildInfo) string {
	commit, modified := "unknown", ""
	if info == nil {
		return commit
	}
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			commit = s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			modified = " (modified)"
		}
	}
	return commit + modified
}
