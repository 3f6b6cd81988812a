package compare_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/integration/internal/compare"
)

var root = filepath.Join("..", "..", "..")

// The page is the one that the table makes.
func TestPageIsCurrent(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join(root, "docs", "compare.md"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(compare.Page(), string(page)); diff != "" {
		t.Errorf("docs/compare.md is old; \"go run ./integration/compare\" writes it (-want +got):\n%s", diff)
	}
}

// The tests that prove cells exist.
func TestProofsExist(t *testing.T) {
	t.Parallel()
	for file, tests := range compare.Tests() {
		data, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(file)))
		if err != nil {
			t.Error(err)
			continue
		}
		for _, test := range tests {
			if !strings.Contains(string(data), "func "+test+"(t *testing.T)") {
				t.Errorf("%s has no %s", file, test)
			}
		}
	}
}
