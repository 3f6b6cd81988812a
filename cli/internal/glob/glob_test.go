package glob_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/cli/internal/glob"
)

// A path that ends in a slash is that of a directory.
func TestMatch(t *testing.T) {
	t.Parallel()
	for pattern, paths := range map[string]struct{ match, differ string }{
		"tmp":            {"tmp/ tmp a/tmp/ a/b/tmp", "tmpx a/tmp/b"},
		"*.jpg":          {"a.jpg b/a.jpg", "a.jpeg a.jpg.txt .jp"},
		"node_modules/":  {"node_modules/ a/node_modules/", "node_modules a/node_modules"},
		"node_modules//": {"node_modules/", "node_modules"},
		"./tmp":          {"tmp tmp/", "a/tmp a/tmp/"},
		"/tmp":           {"tmp tmp/", "a/tmp a/tmp/"},
		"././tmp":        {"tmp", "a/tmp"},
		"//tmp":          {"tmp", "a/tmp"},
		"/./tmp/":        {"tmp/", "tmp a/tmp/"},
		"a/b":            {"a/b a/b/", "b x/a/b a/b/c a"},
		"a/b/":           {"a/b/", "a/b x/a/b/"},
		"a//b":           {"a/b", "b"},
		"a/./b":          {"a/b", "b"},
		"a/*":            {"a/b a/c/", "a/b/c b"},
		"/*.txt":         {"a.txt", "b/a.txt"},
		"**":             {"a a/b a/", ""},
		"**/":            {"a/ a/b/", "a a/b"},
		"**/b":           {"b a/b a/c/b", "a/b/c"},
		"**/a/b":         {"a/b x/a/b x/y/a/b", "b x/b"},
		"a/**":           {"a/b a/b/c", "b x/a/b"},
		"a/**/b":         {"a/b a/x/b a/x/y/b", "b x/a/b"},
		"{a,b}.txt":      {"a.txt x/b.txt", "c.txt"},
		"{a,b}/c":        {"a/c b/c", "c x/a/c"},
		"[ab]":           {"a x/b", "c"},
		"[!ab]":          {"c", "a"},
		"?":              {"a ü \xff", "ab"},
		`\*`:             {"*", "a"},
		"!a":             {"!a", "a"},
		"#a":             {"#a", "a"},
		".git":           {".git/", "git"},
		".*":             {".git/ a/.b", "a.b"},
		"A":              {"A", "a"},
		"a ":             {"", "a"},
		"C:/a":           {"C:/a", "a"},
		"**a":            {"a ba x/ba", "ab"},
	} {
		p, err := glob.Parse(pattern, false)
		if err != nil {
			t.Errorf("%q: %v", pattern, err)
			continue
		}
		if p.String() != pattern {
			t.Errorf("the pattern %q has the name %q, want %q", pattern, p, pattern)
		}
		for list, want := range map[string]bool{paths.match: true, paths.differ: false} {
			for name := range strings.FieldsSeq(list) {
				if got := p.Match(strings.TrimSuffix(name, "/"), strings.HasSuffix(name, "/")); got != want {
					t.Errorf("%q matches %q: %v, want %v", pattern, name, got, want)
				}
			}
		}
	}
}

// On Windows both slashes separate.
func TestParseOnWindows(t *testing.T) {
	t.Parallel()
	for pattern, matches := range map[string]string{
		`node_modules\`: "a/node_modules/", `a\b`: "a/b", `.\tmp`: "tmp", `\tmp`: "tmp", `a\**\b`: "a/x/b", "a/b": "a/b", `[[]a`: "[a",
	} {
		p, err := glob.Parse(pattern, true)
		if err != nil || !p.Match(strings.TrimSuffix(matches, "/"), strings.HasSuffix(matches, "/")) {
			t.Errorf("%q does not match %q, %v", pattern, matches, err)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for pattern, want := range map[string]error{
		"": glob.ErrEmpty, "/": glob.ErrEmpty, ".": glob.ErrEmpty, "./": glob.ErrEmpty, "//": glob.ErrEmpty, "././": glob.ErrEmpty,
		"..": glob.ErrOutside, "../a": glob.ErrOutside, "a/../b": glob.ErrOutside, "/..": glob.ErrOutside,
		"[a": glob.ErrSyntax, "{a": glob.ErrSyntax, `a\`: glob.ErrSyntax, `a\/`: glob.ErrSyntax, "a/[": glob.ErrSyntax, "[a/": glob.ErrSyntax,
	} {
		if p, err := glob.Parse(pattern, false); !errors.Is(err, want) {
			t.Errorf("%q: %v, error %v, want %v", pattern, p, err, want)
		}
	}
}

// Each pattern of a set is tried, also behind one that matches.
func TestUnmatched(t *testing.T) {
	t.Parallel()
	var set glob.Set
	for _, text := range []string{"a", "?", "b", "a/"} {
		p, err := glob.Parse(text, false)
		if err != nil {
			t.Fatal(err)
		}
		set = append(set, p)
	}
	if !set.Match("a", false) || set.Match("cc", false) {
		t.Error("the set does not match a name that one of its patterns matches")
	}
	var left []string
	for _, p := range set.Unmatched() {
		left = append(left, p.String())
	}
	if diff := cmp.Diff([]string{"b", "a/"}, left); diff != "" {
		t.Errorf("unmatched (-want +got):\n%s", diff)
	}
	if glob.Set(nil).Match("a", false) {
		t.Error("an empty set matches")
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"", "a/b", "**/a/", "{a,[b]}", `\`, "./../x", "[!a-z]?", "a//./b/"} {
		f.Add(seed, "a/b", true)
	}
	f.Fuzz(func(t *testing.T, text, name string, windows bool) {
		p, err := glob.Parse(text, windows)
		if err != nil {
			return
		}
		if p.Match(name, false) && !p.Match(name, true) {
			t.Errorf("%q matches the file %q, and not the directory", text, name)
		}
	})
}
