// Command prose checks the English of comments, errors and test failures in all Go
// files of the repository, and of all its Markdown pages. Run it in the root folder. It
// prints a line with file, line and reason for each finding, and exits with 1 if there is one.
package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/tusker-go/tusker/integration/internal/prose"
)

func main() {
	if err := run(os.Stdout, "."); err != nil {
		fmt.Fprintln(os.Stderr, "prose:", err)
		os.Exit(1)
	}
}

func run(w io.Writer, root string) error {
	found, err := prose.Tree(root)
	if err != nil {
		return err
	}
	var lines strings.Builder
	for _, f := range found {
		_, _ = fmt.Fprintln(&lines, f)
	}
	if _, err := io.WriteString(w, lines.String()); err != nil {
		return err
	}
	if n := len(found); n > 0 {
		return fmt.Errorf("%d sentences break the rules of CONTRIBUTING.md", n)
	}
	return nil
}
