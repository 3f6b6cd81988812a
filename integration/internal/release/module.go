package release

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
)

// Prefix is the beginning of the paths of all modules.
const Prefix = "github.com/tusker-go/tusker/"

// Module is a published module.
type Module struct {
	Path string
	// Dir is the folder of the module with slashes, relative to the root of the
	// repository.
	Dir string
}

// At returns the module in a version.
func (m Module) At(version string) module.Version {
	return module.Version{Path: m.Path, Version: version}
}

// Tag returns the name of the tag of a version, as the go command looks for it. That of the root
// is the version.
func (m Module) Tag(version string) string { return path.Join(m.Dir, version) }

// root is the folder of the repository. It has no module. Its tag is the one that the release on
// GitHub, its files, and the action have.
func root() Module { return Module{} }

// Modules are the published modules: all modules of go.work except integration.
type Modules struct {
	// Libraries are sorted by path.
	Libraries []Module
	// CLI is the module of the program, which users install and do not import.
	CLI Module
}

// All returns the libraries, followed by the module of the command line.
func (m Modules) All() []Module { return append(slices.Clone(m.Libraries), m.CLI) }

// ReadModules returns the modules of the repository in the folder dir.
func ReadModules(dir string) (Modules, error) {
	name := filepath.Join(dir, "go.work")
	data, err := os.ReadFile(name)
	if err != nil {
		return Modules{}, fmt.Errorf("read the workspace: %w", err)
	}
	work, err := modfile.ParseWork(name, data, nil)
	if err != nil {
		return Modules{}, fmt.Errorf("read the workspace: %w", err)
	}
	var ms Modules
	for _, use := range work.Use {
		rel := path.Clean(use.Path)
		data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(rel), "go.mod"))
		if err != nil {
			return Modules{}, fmt.Errorf("read a module: %w", err)
		}
		m := Module{Path: modfile.ModulePath(data), Dir: rel}
		switch {
		case m.Path != Prefix+m.Dir:
			return Modules{}, fmt.Errorf("read a module: %s has the path %q, not %q", m.Dir, m.Path, Prefix+m.Dir)
		case m.Dir == "integration":
		case m.Dir == "cli":
			ms.CLI = m
		default:
			ms.Libraries = append(ms.Libraries, m)
		}
	}
	if ms.CLI.Path == "" {
		return Modules{}, fmt.Errorf("read the workspace: %s does not use ./cli", name)
	}
	slices.SortFunc(ms.Libraries, func(a, b Module) int { return strings.Compare(a.Path, b.Path) })
	return ms, nil
}
