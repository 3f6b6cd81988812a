package release

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/semver"
)

const apidiff = "golang.org/x/exp/cmd/apidiff@v0.0.0-20261014143641-f0251eb4aa3e"

// APIDiff writes to w how the exported names of each library in the folder repo
// differ from those of its newest tag. With a version, a change that would break a
// dependent module is an error, unless the version may have it: v0.y.0 and v2.0.0
// may, v0.y.1 and v1.2.0 may not.
func APIDiff(ctx context.Context, repo, version string, w io.Writer) error {
	ms, err := ReadModules(repo)
	if err != nil {
		return err
	}
	tmp, err := os.MkdirTemp("", "tusker-apidiff-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(tmp) }()
	old := filepath.Join(tmp, "old")
	var errs []error
	for _, m := range ms.Libraries {
		versions, err := Tags(ctx, repo, m)
		if err != nil {
			return err
		}
		if len(versions) == 0 {
			_, _ = fmt.Fprintf(w, "%s: no tag yet\n", m.Dir)
			continue
		}
		newest := versions[0]
		if err := checkOut(ctx, repo, old, m.Tag(newest)); err != nil {
			return err
		}
		before, after := filepath.Join(tmp, "before"), filepath.Join(tmp, "after")
		if err := export(ctx, filepath.Join(old, m.Dir), m, before); err != nil {
			return err
		}
		if err := export(ctx, filepath.Join(repo, m.Dir), m, after); err != nil {
			return err
		}
		diff, err := run(ctx, tmp, nil, "go", "run", apidiff, "-m", before, after)
		if err != nil {
			return err
		}
		if diff == "" {
			diff = "no changes\n"
		}
		_, _ = fmt.Fprintf(w, "%s since %s:\n%s", m.Dir, newest, diff)
		// The heading is part of the report. The exit code of apidiff does not show
		// incompatible changes.
		if version != "" && strings.Contains(diff, "Incompatible changes:") && !mayBreak(newest, version) {
			errs = append(errs, fmt.Errorf("%s has changes since %s that %s may not have", m.Dir, newest, version))
		}
	}
	return errors.Join(errs...)
}

// mayBreak reports whether the version after may have changes that break modules which
// depend on before.
func mayBreak(before, after string) bool {
	if semver.Major(before) == "v0" {
		return semver.MajorMinor(before) != semver.MajorMinor(after)
	}
	return semver.Major(before) != semver.Major(after)
}

func checkOut(ctx context.Context, repo, dir, tag string) error {
	if _, err := os.Stat(dir); err != nil {
		if _, err := run(ctx, repo, nil, "git", "clone", "-q", ".", dir); err != nil {
			return err
		}
	}
	_, err := run(ctx, dir, nil, "git", "checkout", "-q", tag)
	return err
}

func export(ctx context.Context, dir string, m Module, file string) error {
	_, err := run(ctx, dir, []string{"GOWORK=off"}, "go", "run", apidiff, "-m", "-w", file, m.Path)
	return err
}
