package release

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
)

// Require returns the go.mod file data with that version for each required module
// of Tusker. The rest of the file stays unchanged.
func Require(data []byte, version string) ([]byte, error) {
	file, err := modfile.Parse("go.mod", data, nil)
	if err != nil {
		return nil, fmt.Errorf("set versions: %w", err)
	}
	for _, req := range file.Require {
		if !strings.HasPrefix(req.Mod.Path, Prefix) {
			continue
		}
		if err := file.AddRequire(req.Mod.Path, version); err != nil {
			return nil, fmt.Errorf("set versions: %w", err)
		}
	}
	return format(file)
}

// DropReplaces returns the go.mod file data without its replace directives. A
// replace directive for a module that is not part of Tusker is an error: without
// it, the build would use other code than the tests.
func DropReplaces(data []byte) ([]byte, error) {
	file, err := modfile.Parse("go.mod", data, nil)
	if err != nil {
		return nil, fmt.Errorf("drop replaces: %w", err)
	}
	for _, r := range file.Replace {
		if !strings.HasPrefix(r.Old.Path, Prefix) {
			return nil, fmt.Errorf("drop replaces: %s is not a module of %s", r.Old.Path, Prefix)
		}
		if err := file.DropReplace(r.Old.Path, r.Old.Version); err != nil {
			return nil, fmt.Errorf("drop replaces: %w", err)
		}
	}
	return format(file)
}

// requiredOf returns the sums of the modules that the go.mod file data requires.
func requiredOf(data []byte, sums map[module.Version]string) (map[module.Version]string, error) {
	file, err := modfile.Parse("go.mod", data, nil)
	if err != nil {
		return nil, fmt.Errorf("choose sums: %w", err)
	}
	required := map[module.Version]string{}
	for v, sum := range sums {
		if slices.ContainsFunc(file.Require, func(r *modfile.Require) bool { return r.Mod.Path == v.Path }) {
			required[v] = sum
		}
	}
	return required, nil
}

func format(file *modfile.File) ([]byte, error) {
	file.Cleanup()
	data, err := file.Format()
	if err != nil {
		return nil, fmt.Errorf("write go.mod: %w", err)
	}
	return data, nil
}

// AddSums returns the go.sum file data with the lines of sums, sorted. They replace
// all lines about modules of Tusker.
func AddSums(data []byte, sums map[module.Version]string) ([]byte, error) {
	all := map[module.Version]string{}
	for line := range strings.Lines(string(data)) {
		fields := strings.Fields(line)
		if len(fields) != 3 {
			return nil, fmt.Errorf("add sums: go.sum has the line %q", line)
		}
		if !strings.HasPrefix(fields[0], Prefix) {
			all[module.Version{Path: fields[0], Version: fields[1]}] = fields[2]
		}
	}
	maps.Copy(all, sums)
	order := slices.Collect(maps.Keys(all))
	module.Sort(order)
	var out strings.Builder
	for _, m := range order {
		fmt.Fprintf(&out, "%s %s %s\n", m.Path, m.Version, all[m])
	}
	return []byte(out.String()), nil
}
