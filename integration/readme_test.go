package integration

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestREADME compiles every Go program that README.md shows, as its readers
// would.
func TestREADME(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(string(text), -1)
	if len(blocks) < 3 {
		t.Fatalf("found %d programs, want the library, the transport and the test", len(blocks))
	}
	for i, block := range blocks {
		t.Run(fmt.Sprintf("program %d", i+1), func(t *testing.T) {
			name := "main.go"
			if strings.Contains(block[1], `"testing"`) {
				name = "readme_test.go"
			}
			file := filepath.Join(t.TempDir(), name)
			if err := os.WriteFile(file, []byte(block[1]), 0o600); err != nil {
				t.Fatal(err)
			}
			// Vet, unlike build, compiles tests too. Run from here, it
			// resolves the modules through this one.
			if out, err := exec.CommandContext(t.Context(), "go", "vet", file).CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}
