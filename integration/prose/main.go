// Command prose checks the English of comments, errors and test failures in all Go
// files of the repository. Run it in the root folder. It prints a line with file, line and
// reason for each finding, and exits with 1 if there is one. It also names packages
// that no longer need to be exempt, which is not an error.
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
	report, err := prose.Tree(root, prose.Pending())
	if err != nil {
		return err
	}
	var lines strings.Builder
	for _, f := range report.Findings {
		_, _ = fmt.Fprintln(&lines, f)
	}
	for _, folder := range report.Clean {
		_, _ = fmt.Fprintf(&lines, "%s has no findings: remove it from integration/internal/prose/exempt.txt\n", folder)
	}
	if _, err := io.WriteString(w, lines.String()); err != nil {
		return err
	}
	if n := len(report.Findings); n > 0 {
		return fmt.Errorf("%d sentences break the rules of CONTRIBUTING.md", n)
	}
	return nil
}
