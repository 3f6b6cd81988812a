package release

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/mod/semver"
)

// Preflight returns the problems that prevent the release of version from the
// repository in the folder repo: the form of the version, a change that is not
// committed, a tag that already exists or is newer, or a changelog without the
// version. The error joins all problems.
func Preflight(ctx context.Context, repo, version string) error {
	if err := checkVersion(version); err != nil {
		return err
	}
	ms, err := ReadModules(repo)
	if err != nil {
		return err
	}
	var errs []error
	changes, err := run(ctx, repo, nil, "git", "status", "--porcelain")
	if err != nil {
		return err
	}
	if changes != "" {
		errs = append(errs, errors.New("the working tree has changes that are not committed"))
	}
	for _, m := range append(ms.All(), root()) {
		versions, err := Tags(ctx, repo, m)
		if err != nil {
			return err
		}
		if len(versions) > 0 && semver.Compare(versions[0], version) >= 0 {
			errs = append(errs, fmt.Errorf("the tag %s exists", m.Tag(versions[0])))
		}
	}
	if semver.Prerelease(version) == "" {
		changelog, err := os.ReadFile(filepath.Join(repo, "CHANGELOG.md"))
		if err != nil {
			return err
		}
		if !hasSection(changelog, version) {
			errs = append(errs, fmt.Errorf("CHANGELOG.md has no section [%s]", strings.TrimPrefix(version, "v")))
		}
	}
	return errors.Join(errs...)
}

func checkVersion(version string) error {
	switch {
	case semver.Canonical(version) != version || version == "":
		return fmt.Errorf("%q is no version like v0.1.0", version)
	case semver.Major(version) != "v0" && semver.Major(version) != "v1":
		return fmt.Errorf("%s needs %s at the end of each module's path", version, semver.Major(version))
	}
	return nil
}

func hasSection(changelog []byte, version string) bool {
	heading := regexp.MustCompile(`(?m)^## \[` + regexp.QuoteMeta(strings.TrimPrefix(version, "v")) + `\]`)
	return heading.Match(changelog)
}

// Tags returns the versions for which the module has tags, newest first.
func Tags(ctx context.Context, repo string, m Module) ([]string, error) {
	out, err := run(ctx, repo, nil, "git", "tag", "--list", m.Tag("v*"))
	if err != nil {
		return nil, err
	}
	var versions []string
	for name := range strings.Lines(out) {
		version := path.Base(strings.TrimSpace(name))
		if semver.IsValid(version) {
			versions = append(versions, version)
		}
	}
	semver.Sort(versions)
	slices.Reverse(versions)
	return versions, nil
}
