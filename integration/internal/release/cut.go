package release

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/module"
)

// Cut creates the release of a version in the repository in the folder repo, whose
// files are those of its last commit: the commit of the libraries, the tag of the
// root and those of the libraries, the commit of the command line, which is on no
// branch, and its tag. Afterwards the libraries' commit is checked out. Cut packs the modules
// of each tag into proxy. It returns the tags in the order in which to publish them. The new
// commits have the time of the last one, so that a second release of it by the same person has
// the same commits.
func Cut(ctx context.Context, repo, version string, proxy Proxy) ([]string, error) {
	ms, err := ReadModules(repo)
	if err != nil {
		return nil, err
	}
	if err := requireEverywhere(ctx, repo, version); err != nil {
		return nil, fmt.Errorf("release the libraries: %w", err)
	}
	libraries, err := commit(ctx, repo, "release: "+version)
	if err != nil {
		return nil, fmt.Errorf("release the libraries: %w", err)
	}
	tags := []string{root().Tag(version)}
	if err := tag(ctx, repo, tags[0], libraries); err != nil {
		return nil, err
	}
	known := map[module.Version]string{}
	for _, m := range ms.Libraries {
		sums, err := proxy.Add(ctx, repo, m, version, libraries)
		if err != nil {
			return nil, err
		}
		maps.Copy(known, sums)
		if err := tag(ctx, repo, m.Tag(version), libraries); err != nil {
			return nil, err
		}
		tags = append(tags, m.Tag(version))
	}

	if err := standAlone(filepath.Join(repo, ms.CLI.Dir), known); err != nil {
		return nil, fmt.Errorf("release the command line: %w", err)
	}
	cli, err := commit(ctx, repo, "release: the command line without replace directives, "+version)
	if err != nil {
		return nil, fmt.Errorf("release the command line: %w", err)
	}
	if _, err := proxy.Add(ctx, repo, ms.CLI, version, cli); err != nil {
		return nil, err
	}
	if err := tag(ctx, repo, ms.CLI.Tag(version), cli); err != nil {
		return nil, err
	}
	if _, err := run(ctx, repo, nil, "git", "reset", "-q", "--hard", libraries); err != nil {
		return nil, fmt.Errorf("release: %w", err)
	}
	return append(tags, ms.CLI.Tag(version)), nil
}

// requireEverywhere sets the version in all go.mod files. Modules that are not
// published need it, too: the versions of the replaced modules have to agree with
// the versions that the published modules require.
func requireEverywhere(ctx context.Context, repo, version string) error {
	files, err := run(ctx, repo, nil, "git", "ls-files", "*go.mod")
	if err != nil {
		return err
	}
	for file := range strings.FieldsSeq(files) {
		if err := rewrite(filepath.Join(repo, filepath.FromSlash(file)), func(data []byte) ([]byte, error) {
			return Require(data, version)
		}); err != nil {
			return err
		}
	}
	return nil
}

// standAlone makes a module independent of the neighboring folders. Its go.sum gets the sums of
// those siblings that its go.mod requires.
func standAlone(dir string, siblings map[module.Version]string) error {
	if err := rewrite(filepath.Join(dir, "go.mod"), func(data []byte) (out []byte, err error) {
		if siblings, err = requiredOf(data, siblings); err != nil {
			return nil, err
		}
		return DropReplaces(data)
	}); err != nil {
		return err
	}
	return rewrite(filepath.Join(dir, "go.sum"), func(data []byte) ([]byte, error) {
		return AddSums(data, siblings)
	})
}

func rewrite(name string, change func([]byte) ([]byte, error)) error {
	data, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	data, err = change(data)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return os.WriteFile(name, data, 0o644)
}

// commit returns a commit with the current files. If nothing changed, it is the
// last commit.
func commit(ctx context.Context, repo, message string) (string, error) {
	changes, err := run(ctx, repo, nil, "git", "status", "--porcelain")
	if err != nil {
		return "", err
	}
	if changes != "" {
		when, err := run(ctx, repo, nil, "git", "log", "-1", "--format=%cI")
		if err != nil {
			return "", err
		}
		when = strings.TrimSpace(when)
		env := []string{"GIT_AUTHOR_DATE=" + when, "GIT_COMMITTER_DATE=" + when}
		if _, err := run(ctx, repo, env, "git", "commit", "-q", "-a", "-m", message); err != nil {
			return "", err
		}
	}
	rev, err := run(ctx, repo, nil, "git", "rev-parse", "HEAD")
	return strings.TrimSpace(rev), err
}

func tag(ctx context.Context, repo, name, rev string) error {
	if _, err := run(ctx, repo, nil, "git", "tag", "-a", "-m", name, name, rev); err != nil {
		return fmt.Errorf("tag %s: %w", name, err)
	}
	return nil
}
