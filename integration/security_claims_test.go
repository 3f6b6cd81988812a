package integration

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	claimRow  = regexp.MustCompile(`(?m)^\| (S-[A-Z-]+) \|.*\|$`)
	claimID   = regexp.MustCompile(`\bS-[A-Z]{2,}(?:-[A-Z]+)*\b`)
	goTest    = regexp.MustCompile("`([a-z0-9/]+)\\.((?:Test|Fuzz)\\w+)`")
	scriptRef = regexp.MustCompile("`(\\w+\\.txtar)`")
)

// Each claim of docs/security.md names an existing test, and each test names only
// existing claims.
func TestSecurityClaims(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "docs", "security.md"))
	if err != nil {
		t.Fatal(err)
	}
	claims := make(map[string]bool)
	for _, row := range claimRow.FindAllStringSubmatch(string(text), -1) {
		line, id := row[0], row[1]
		if claims[id] {
			t.Errorf("the claim %s exists twice", id)
		}
		claims[id] = true
		tests, scripts := goTest.FindAllStringSubmatch(line, -1), scriptRef.FindAllStringSubmatch(line, -1)
		if len(tests)+len(scripts) == 0 {
			t.Errorf("%s names no test", id)
		}
		for _, test := range tests {
			if !hasTest(t, test[1], test[2]) {
				t.Errorf("%s: package %s has no %s", id, test[1], test[2])
			}
		}
		for _, script := range scripts {
			if _, err := os.Stat(filepath.Join("..", "cli", "testdata", "script", script[1])); err != nil {
				t.Errorf("%s: %v", id, err)
			}
		}
	}
	if len(claims) < 30 {
		t.Errorf("only %d claims were found", len(claims))
	}
	for _, pattern := range []string{
		"../client/security_*_test.go", "../transport/nethttp/security_test.go", "security_test.go",
		"../cli/testdata/script/security_*.txtar", "../cli/internal/*/*_test.go",
	} {
		files, err := filepath.Glob(filepath.FromSlash(pattern))
		if err != nil || len(files) == 0 {
			t.Errorf("%s: %d files, %v", pattern, len(files), err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, id := range claimID.FindAllString(string(text), -1) {
				if !claims[id] {
					t.Errorf("%s names %s, which is not a claim of the page", file, id)
				}
			}
		}
	}
}

// hasTest reports whether the package in a folder has a test of that name.
func hasTest(t *testing.T, folder, name string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", filepath.FromSlash(folder), "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "\nfunc "+name+"(") {
			return true
		}
	}
	return false
}
