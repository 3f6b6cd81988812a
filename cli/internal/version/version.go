// Package version reads the version of the program from its build.
package version

import "runtime/debug"

// ModifiedText marks a build whose sources differ from the commit.
const ModifiedText = " (modified)"

// String returns the version of this program, "devel" if it is not a release.
func String() string {
	info, _ := debug.ReadBuildInfo()
	return From(info)
}

// From returns the version in info. It accepts nil for a program without information about its
// build.
func From(info *debug.BuildInfo) string {
	if info == nil || info.Main.Version == "" || info.Main.Version == "(devel)" {
		return "devel"
	}
	return info.Main.Version
}

// CommitOf returns the commit in info, followed by ModifiedText if the sources differ from it,
// or "unknown". It accepts nil.
func CommitOf(info *debug.BuildInfo) string {
	commit, modified := "unknown", ""
	if info == nil {
		return commit
	}
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			commit = s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			modified = ModifiedText
		}
	}
	return commit + modified
}
