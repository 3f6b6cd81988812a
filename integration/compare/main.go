// Command compare writes docs/compare.md. It runs in the folder of the repository.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/tusker-go/tusker/integration/internal/compare"
)

func main() {
	if err := os.WriteFile(filepath.Join("docs", "compare.md"), []byte(compare.Page()), 0o644); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
