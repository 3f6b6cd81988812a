package release

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
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
	if _, err := run(ctx, repo, nil, "git", "clone", "-q", ".", clone); err != nil {
		return nil, err
	}
	// This repository may have a local name and address of the user.
	for _, key := range []string{"user.name", "user.email"} {
		value, err := run(ctx, repo, nil, "git", "config", key)
		if err != nil {
			return nil, fmt.Errorf("release: git has no %s: %w", key, err)
		}
		if _, err := run(ctx, clone, nil, "git", "config", key, strings.TrimSpace(value)); err != nil {
			return nil, err
		}
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
