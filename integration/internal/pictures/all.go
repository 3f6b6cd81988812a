package pictures

import (
	"os"
	"path/filepath"
)

// All returns the pictures of the repository in root by the names of their files.
func All(root string) (map[string][]byte, error) {
	page, err := os.ReadFile(filepath.Join(root, "docs", "how-an-upload-goes.md"))
	if err != nil {
		return nil, err
	}
	layers, err := Layers(string(page))
	if err != nil {
		return nil, err
	}
	modules, err := ReadModules(root)
	if err != nil {
		return nil, err
	}
	return map[string][]byte{"layers.svg": layers, "modules.svg": Modules(modules)}, nil
}
