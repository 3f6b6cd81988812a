package integration

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// TestDocsCode compiles every Go program in README.md and the pages of docs.
func TestDocsCode(t *testing.T) {
	for _, page := range pages(t) {
		for i, program := range programs(t, page) {
			t.Run(fmt.Sprintf("%s %d", filepath.Base(page), i+1), func(t *testing.T) {
				t.Parallel()
				name := "main.go"
				if strings.Contains(program, `"testing"`) {
					name = "docs_test.go"
				}
				file := filepath.Join(t.TempDir(), name)
				if err := os.WriteFile(file, []byte(program), 0o600); err != nil {
					t.Fatal(err)
				}
				// The command is vet, because build does not compile tests. It runs in
				// this folder, so that this module resolves the imports.
				if out, err := exec.CommandContext(t.Context(), "go", "vet", file).CombinedOutput(); err != nil {
					t.Errorf("%v\n%s", err, out)
				}
			})
		}
	}
}

// firstPages are the pages that a new user of the library reads first.
var firstPages = []string{filepath.Join("..", "README.md"), filepath.Join("..", "docs", "library.md")}

// README.md has the program of the library, and docs/library.md the transport and the test.
func TestFirstPages(t *testing.T) {
	for i, want := range []int{1, 2} {
		if n := len(programs(t, firstPages[i])); n != want {
			t.Errorf("%s has %d programs, want %d", firstPages[i], n, want)
		}
	}
}

// README.md is short enough to be read.
func TestREADMEIsShort(t *testing.T) {
	const most = 200
	if n := strings.Count(text(t, firstPages[0]), "\n"); n > most {
		t.Errorf("README.md has %d lines, want at most %d", n, most)
	}
}

// Every relative link and picture of the pages leads to an existing file and heading, and a page
// links to every page and picture.
func TestDocsLinks(t *testing.T) {
	link := regexp.MustCompile(`(?:\]\(|\bsrc="|\bsrcset=")([^)"\s]+)[)" ]`)
	linked := map[string]bool{}
	for _, page := range pages(t) {
		for _, match := range link.FindAllStringSubmatch(prose(t, page), -1) {
			target, heading, _ := strings.Cut(match[1], "#")
			if strings.Contains(target, ":") {
				continue // a link to another site
			}
			file := page
			if target != "" {
				file = filepath.Join(filepath.Dir(page), filepath.FromSlash(target))
			}
			linked[file] = true
			if _, err := os.Stat(file); err != nil {
				t.Errorf("%s: %s: %v", page, match[1], err)
				continue
			}
			if heading != "" && !slices.Contains(headings(t, file), heading) {
				t.Errorf("%s: %s: no such heading", page, match[1])
			}
		}
	}
	for _, pattern := range []string{"../docs/*.md", "../docs/examples/*", "../docs/images/*"} {
		names, err := filepath.Glob(filepath.FromSlash(pattern))
		if err != nil || len(names) == 0 {
			t.Errorf("%s matches %d files (%v)", pattern, len(names), err)
		}
		for _, name := range names {
			if !linked[name] {
				t.Errorf("%s: no page links to it", name)
			}
		}
	}
}

// The table of contents of a page has its headings of the second level, in their order.
func TestContents(t *testing.T) {
	entry := regexp.MustCompile(`(?m)^- \[([^\]]+)\]\(#`)
	heading := regexp.MustCompile(`(?m)^## (.+)$`)
	names := func(re *regexp.Regexp, text string) []string {
		var all []string
		for _, match := range re.FindAllStringSubmatch(text, -1) {
			all = append(all, match[1])
		}
		return all
	}
	found := 0
	for _, page := range pages(t) {
		first, rest, _ := strings.Cut(prose(t, page), "\n## ")
		if got, want := names(entry, first), names(heading, "## "+rest); len(got) > 0 {
			found++
			if !slices.Equal(got, want) {
				t.Errorf("%s: the table of contents is %q, want %q", page, got, want)
			}
		}
	}
	if found < 3 {
		t.Errorf("%d pages have a table of contents", found)
	}
}

// pages returns the names of the documentation pages.
func pages(t *testing.T) []string {
	t.Helper()
	found := map[string]bool{}
	for _, pattern := range []string{"../*.md", "../docs/*.md"} {
		names, err := filepath.Glob(filepath.FromSlash(pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			found[name] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

var fence = regexp.MustCompile("(?ms)^```([a-z]*)\n(.*?)^```$")

func programs(t *testing.T, page string) []string {
	t.Helper()
	var all []string
	for _, block := range fence.FindAllStringSubmatch(text(t, page), -1) {
		if block[1] == "go" {
			all = append(all, block[2])
		}
	}
	return all
}

// prose returns a page without its code.
func prose(t *testing.T, page string) string {
	t.Helper()
	return fence.ReplaceAllString(text(t, page), "")
}

// headings returns the anchors that GitHub creates for the headings of a page.
func headings(t *testing.T, page string) []string {
	t.Helper()
	var all []string
	for line := range strings.SplitSeq(prose(t, page), "\n") {
		title := strings.TrimLeft(line, "#")
		if title == line || !strings.HasPrefix(title, " ") {
			continue
		}
		all = append(all, strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r == '-', r == '_', unicode.IsLetter(r), unicode.IsDigit(r):
				return unicode.ToLower(r)
			}
			return -1
		}, strings.TrimSpace(title)))
	}
	return all
}

func text(t *testing.T, page string) string {
	t.Helper()
	b, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
