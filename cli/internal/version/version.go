// Package version reads the version of the program from its build.
package version

import (
	"cmp"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
)

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

// Commit is the commit that a program was built from.
type Commit struct {
	// Hash is "" if the build does not say it, and short if the build has only a version of
	// the module between two releases.
	Hash string
	// Modified says that the sources differ from the commit.
	Modified bool
	// Tag is the tag of the commit if the program was built from the module of a release, or "".
	Tag string
}

// String returns the commit for people.
func (c Commit) String() string {
	switch {
	case c.Hash != "" && c.Modified:
		return c.Hash + " (modified)"
	case c.Hash != "":
		return c.Hash
	case c.Tag != "":
		return "that of the tag " + c.Tag
	}
	return "unknown"
}

// pseudo matches the version of a module between two releases, which ends with the beginning of the
// hash of its commit. See https://go.dev/ref/mod#pseudo-versions.
const pseudo = `^v[0-9]+\.[0-9]+\.[0-9]+-(?:.*\.)?[0-9]{14}-([0-9a-f]{12})$`

// CommitOf returns the commit in info. It accepts nil.
func CommitOf(info *debug.BuildInfo) Commit { return commitOf(commit, info) }

// commitOf returns the commit in info. linked is the hash that the linker set, or "".
func commitOf(linked string, info *debug.BuildInfo) Commit {
	c := Commit{Hash: linked}
	if info == nil {
		return c
	}
	// Only a module that was downloaded has a sum.
	if info.Main.Sum != "" {
		if parts := regexp.MustCompile(pseudo).FindStringSubmatch(info.Main.Version); parts != nil {
			c.Hash = cmp.Or(c.Hash, parts[1])
		} else {
			c.Tag = strings.TrimPrefix(info.Main.Path, modulePath) + "/" + info.Main.Version
		}
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			c.Hash = s.Value
		case "vcs.modified":
			c.Modified = s.Value == "true"
		}
	}
	return c
}
