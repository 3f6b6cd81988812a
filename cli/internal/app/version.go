package app

import (
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/protocol"
)

func (a *app) versionCommand() *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Say which version this is",
		Example: `  tusker version
  tusker version --json | jq -r .version`,
		Args:        noArguments,
		Annotations: map[string]string{annotationNoConfig: "to be asked when nothing else works"},
		RunE: func(*cobra.Command, []string) error {
			info, _ := debug.ReadBuildInfo()
			if asJSON {
				a.out.JSON(jsonVersion(info))
			} else {
				a.out.Table(versionTable(info))
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

type versionJSON struct {
	Version  string `json:"version"`
	Commit   string `json:"commit"`
	Modified bool   `json:"modified"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
	Tus      string `json:"tus"`
}

// jsonVersion accepts nil for a program without information about its build.
func jsonVersion(info *debug.BuildInfo) versionJSON {
	commit, modified := strings.CutSuffix(commitOf(info), modifiedText)
	return versionJSON{
		Version: versionOf(info), Commit: commit, Modified: modified,
		Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH, Tus: protocol.Version,
	}
}

// modifiedText marks a build whose sources differ from the commit.
const modifiedText = " (modified)"

// versionTable accepts nil for a program without information about its build.
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
			modified = modifiedText
		}
	}
	return commit + modified
}
