// Command pictures draws docs/images/layers.svg and docs/images/modules.svg. Run it in the
// root folder.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/tusker-go/tusker/integration/internal/pictures"
)

func main() {
	if err := run("."); err != nil {
		fmt.Fprintln(os.Stderr, "pictures:", err)
		os.Exit(1)
	}
}

func run(root string) error {
	all, err := pictures.All(root)
	if err != nil {
		return err
	}
	for name, svg := range all {
		if err := os.WriteFile(filepath.Join(root, "docs", "images", name), svg, 0o644); err != nil {
			return err
		}
	}
	return nil
}
