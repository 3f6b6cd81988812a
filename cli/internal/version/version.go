// Package version reads the version of the program from its build.
package version

import (
	"cmp"
	"runtime/debug"
	"slices"
	"strings"
)

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
	if info == nil {
		return devel
	}
	return of(&info.Main)
}

// devel is the version of a module that is built from its source and is not a release.
const devel = "devel"

func of(m *debug.Module) string {
	if m.Version == "" || m.Version == "(devel)" {
		return devel
	}
	return m.Version
}

// Module is a module of Tusker in the program.
type Module struct {
	// Name is the path of the module without that of Tusker, such as client.
	Name string
	// Version is devel if the module is not a release.
	Version string
}

// modulePath is what the paths of all modules of Tusker begin with.
const modulePath = "github.com/tusker-go/tusker/"

// Modules returns the modules of Tusker that the program consists of, besides its own, in the
// order of their names. It accepts nil.
func Modules(info *debug.BuildInfo) []Module {
	if info == nil {
		return nil
	}
	var modules []Module
	for _, m := range info.Deps {
		name, ok := strings.CutPrefix(m.Path, modulePath)
		if !ok {
			continue
		}
		if m.Replace != nil {
			m = m.Replace
		}
		modules = append(modules, Module{Name: name, Version: of(m)})
	}
	slices.SortFunc(modules, func(a, b Module) int { return cmp.Compare(a.Name, b.Name) })
	return modules
}

// commit is set by the linker in the programs of a release. The archive of a module, which they
// are built from, does not say which commit it was made of.
var commit string

// CommitOf returns the commit in info, followed by ModifiedText if the sources differ from it,
// or that of the release, or "unknown". It accepts nil.
func CommitOf(info *debug.BuildInfo) string {
	revision, modified := cmp.Or(commit, "unknown"), ""
	if info == nil {
		return revision
	}
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			revision = s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			modified = ModifiedText
		}
	}
	return revision + modified
}
