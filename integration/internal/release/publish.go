package release

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Tag creates the release of a version in a clone of the repository in the folder
// repo, and copies its tags to the repository. No file and no branch of the
// repository changes. Tag returns the tags in the order in which to publish them.
func Tag(ctx context.Context, repo, version string) ([]string, error) {
	tmp, err := os.MkdirTemp("", "tusker-release-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(tmp) }()
	clone := filepath.Join(tmp, "clone")
	if err := cloneWithUser(ctx, repo, clone); err != nil {
		return nil, err
	}
	tags, err := Cut(ctx, clone, version, Proxy{Dir: filepath.Join(tmp, "proxy")})
	if err != nil {
		return nil, err
	}
	args := []string{"fetch", "-q", "--atomic", clone}
	for _, tag := range tags {
		args = append(args, "refs/tags/"+tag+":refs/tags/"+tag)
	}
	_, err = run(ctx, repo, nil, "git", args...)
	return tags, err
}

// Pack packs the modules of a version into proxy: those of its tags if the repository in the
// folder repo has them, and otherwise those that Tag would tag. The repository is not changed.
func Pack(ctx context.Context, repo, version string, proxy Proxy) error {
	ms, err := ReadModules(repo)
	if err != nil {
		return err
	}
	if versions, err := Tags(ctx, repo, ms.CLI); err != nil {
		return err
	} else if slices.Contains(versions, version) {
		for _, m := range ms.All() {
			if _, err := proxy.Add(ctx, repo, m, version, m.Tag(version)); err != nil {
				return err
			}
		}
		return nil
	}
	tmp, err := os.MkdirTemp("", "tusker-release-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(tmp) }()
	clone := filepath.Join(tmp, "clone")
	if err := cloneWithUser(ctx, repo, clone); err != nil {
		return err
	}
	_, err = Cut(ctx, clone, version, proxy)
	return err
}

// cloneWithUser clones a repository, with the local name and address of its user.
func cloneWithUser(ctx context.Context, repo, clone string) error {
	if _, err := run(ctx, repo, nil, "git", "clone", "-q", ".", clone); err != nil {
		return err
	}
	for _, key := range []string{"user.name", "user.email"} {
		value, err := run(ctx, repo, nil, "git", "config", key)
		if err != nil {
			return fmt.Errorf("release: git has no %s: %w", key, err)
		}
		if _, err := run(ctx, clone, nil, "git", "config", key, strings.TrimSpace(value)); err != nil {
			return err
		}
	}
	return nil
}
