// Command release checks a release and creates the tags of a version. RELEASING.md
// describes its commands.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"

	"github.com/tusker-go/tusker/integration/internal/release"
)

const usage = `usage, from the folder of the repository:

  release check VERSION      say what speaks against releasing it
  release tag VERSION        make its commits and tags, and push nothing
  release pack VERSION DIR   write a module proxy with it into DIR, from its tags or as "tag" would
  release apidiff [VERSION]  say what changed in the libraries' interfaces
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdout, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, w io.Writer, args []string) error {
	switch {
	case len(args) == 2 && args[0] == "check":
		return check(ctx, w, args[1])
	case len(args) == 2 && args[0] == "tag":
		return tag(ctx, w, args[1])
	case len(args) == 3 && args[0] == "pack":
		return pack(ctx, w, args[1], args[2])
	case len(args) == 1 && args[0] == "apidiff":
		return release.APIDiff(ctx, ".", "", w)
	case len(args) == 2 && args[0] == "apidiff":
		return release.APIDiff(ctx, ".", args[1], w)
	}
	return errors.New(strings.TrimSpace(usage))
}

func check(ctx context.Context, w io.Writer, version string) error {
	return errors.Join(
		release.Preflight(ctx, ".", version),
		release.APIDiff(ctx, ".", version, w),
	)
}

func tag(ctx context.Context, w io.Writer, version string) error {
	if err := release.Preflight(ctx, ".", version); err != nil {
		return err
	}
	tags, err := release.Tag(ctx, ".", version)
	if err != nil {
		return err
	}
	libraries, cli := tags[:len(tags)-1], tags[len(tags)-1]
	_, err = fmt.Fprintf(w, `Tagged, and not pushed. To publish:

  git merge --ff-only %s
  git push --atomic origin HEAD %s
  git push origin %s

To take it back, as long as nothing is pushed:

  git tag -d %s
`, libraries[0], strings.Join(libraries, " "), cli, strings.Join(tags, " "))
	return err
}

// pack prints the value for GOPROXY.
func pack(ctx context.Context, w io.Writer, version, dir string) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	proxy := release.Proxy{Dir: dir}
	if err := release.Pack(ctx, ".", version, proxy); err != nil {
		return err
	}
	_, err = fmt.Fprintln(w, proxy.URL())
	return err
}
