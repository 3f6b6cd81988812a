package app

import (
	"cmp"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/settings"
	"github.com/tusker-go/tusker/cli/internal/usage"
	"github.com/tusker-go/tusker/cli/internal/version"
	"github.com/tusker-go/tusker/protocol"
)

func versionCommand(a *app) *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Long: `Prints the version of the program, the commit that it was built from, and the
versions of Go, of tus, and of the modules of Tusker that it consists of.
The commit is unknown after "go run", in a work tree of "git worktree", and with
-buildvcs=false, because the go command does not write it into such programs.
"tusker --version" prints only the version of the program.`,
		Example: `  tusker version
  tusker version --json | jq -r .version`,
		Args:        usage.NoArguments,
		Annotations: map[string]string{settings.NoConfig: "to be asked when nothing else works"},
		RunE: func(*cobra.Command, []string) error {
			info, _ := debug.ReadBuildInfo()
			if asJSON {
				a.console.Out.JSON(jsonVersion(info))
			} else {
				a.console.Out.Table(versionTable(info))
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

	Modules map[string]string `json:"modules"` // versions, by the name of the module
}

// jsonVersion accepts nil for a program without information about its build.
func jsonVersion(info *debug.BuildInfo) versionJSON {
	commit := version.CommitOf(info)
	modules := make(map[string]string)
	for _, m := range version.Modules(info) {
		modules[m.Name] = m.Version
	}
	return versionJSON{
		Version: version.From(info), Commit: cmp.Or(commit.Hash, "unknown"), Modified: commit.Modified,
		Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH, Tus: protocol.Version,
		Modules: modules,
	}
}

// versionTable accepts nil for a program without information about its build.
func versionTable(info *debug.BuildInfo) [][2]string {
	table := [][2]string{
		{"tusker", version.From(info)},
		{"commit", version.CommitOf(info).String()},
		{"go", runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH},
		{"tus", protocol.Version},
	}
	for _, m := range version.Modules(info) {
		table = append(table, [2]string{m.Name, m.Version})
	}
	return table
}
