package prose_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/integration/internal/prose"
)

// Each rule finds its sentences at the line of their first word, and nothing in
// code, directives, URLs and output.
func TestFile(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		source string
		want   []string // line and opening or phrase
	}{
		{"Where", "// Where a server answers, the client waits.\nvar x int", []string{`2 opens with "Where"`}},
		{"What", "// What comes is read.\nvar x int", []string{`2 opens with "What"`}},
		{"Of", "// Of a body nothing is read.\nvar x int", []string{`2 opens with "Of"`}},
		{"One that", "// One that fails is sent again.\nvar x int", []string{`2 opens with "One that"`}},
		{"Those that", "// Those that fail are sent again.\nvar x int", []string{`2 opens with "Those that"`}},
		{"Nobody", "// Nobody reads it.\nvar x int", []string{`2 opens with "Nobody"`}},
		{"Whoever", "// Whoever asks gets it.\nvar x int", []string{`2 opens with "Whoever"`}},
		{"Nor", "// Nor is it closed.\nvar x int", []string{`2 opens with "Nor"`}},
		{"As long as", "// As long as it runs, it waits.\nvar x int", []string{`2 opens with "As long as"`}},
		{"One who", "// One who asks gets it.\nvar x int", []string{`2 opens with "One who"`}},
		{"Those who", "// Those who ask get it.\nvar x int", []string{`2 opens with "Those who"`}},
		{"Whatever", "// Whatever comes is read.\nvar x int", []string{`2 opens with "Whatever"`}},
		{"Neither does", "// x is fine. Neither does y fail. Neither do others.\nvar x int", []string{`2 opens with "Neither does"`, `2 opens with "Neither do"`}},
		{"after a colon", "// x: What comes is read; Of others nothing. y: Of RFC 9110.\nvar x int", []string{`2 opens with "What"`}},
		{"after a semicolon", "// x is read; Of others nothing.\nvar x int", []string{`2 opens with "Of"`}},
		{"phrases", "// x is gone on with. It goes on with y. It starts Anew. It is gone without.\n// It is what nobody knows. It is a fault of one's own.\nvar x int", []string{
			`2 contains "gone on with"`, `2 contains "goes on with"`, `2 contains "Anew"`,
			`2 contains "gone without"`, `3 contains "nobody knows"`, `3 contains "of one's own"`,
		}},
		{"more phrases", "// x says what becomes of y. It knows what became of z. It is for whoever asks.\nvar x int", []string{
			`2 contains "becomes of"`, `2 contains "became of"`, `2 contains "whoever"`,
		}},
		{"second sentence", "// x is fine. Where it is not, it fails.\nvar x int", []string{`2 opens with "Where"`}},
		{"wrapped sentence", "// x is fine. As\n// long as it is,\n// it works. What\n// else is wrong.\nvar x int", []string{`2 opens with "As long as"`, `4 opens with "What"`}},
		{"wrapped phrase", "// x is gone on\n// with.\nvar x int", []string{`2 contains "gone on with"`}},
		{"paragraphs", "// x is fine\n//\n// What else\nvar x int", []string{`4 opens with "What"`}},
		{"after a question", `// Is x fine? (Yes.) Where it is not, it fails.` + "\nvar x int", []string{`2 opens with "Where"`}},
		{"list", "// x has:\n//\n//   - a value. What else\n//     is there.\n//   - Of all, one\nvar x int", []string{`4 opens with "What"`, `6 opens with "Of"`}},
		{"trailing comment", "var x int // Where it is", []string{`2 opens with "Where"`}},
		{"block comment", "/* x is fine.\nWhat else. */\nvar x int", []string{`3 opens with "What"`}},
		{"comment in a function", "func f() {\n\t// Where it is\n\treturn\n}", []string{`3 opens with "Where"`}},

		{"message of an error", "var x = errors.New(\"started anew\")", []string{`2 contains "anew"`}},
		{"message of a test", "func f(t T) {\n\tt.Errorf(\"gone on with at %d\", 1)\n\t// Where it is\n}", []string{
			`3 contains "gone on with"`, `4 opens with "Where"`,
		}},

		{"upper-case word", "// Of RFC 9110, section 4 applies. Where X is, y is.\nvar x int", nil},
		{"middle of a sentence", "// x knows what and where, of all. This is what it does.\nvar x int", nil},
		{"part of a word", "// Often it is whatever. Offers are renewed: StartAnew.\nvar x int", nil},
		{"own name", "// Of returns its argument.\nfunc Of() {}", nil},
		{"own name, second sentence", "// Of returns its argument. Of others it knows nothing.\nfunc Of() {}", []string{`2 opens with "Of"`}},
		{"name of a field", "type T struct {\n\t// What is the text.\n\tWhat string\n}", nil},
		{"quotation", "// The text is:\n// \"As long as the length is unknown\".\nvar x int", nil},
		{"code block", "// x is used like this:\n//\n//\tWhat is code. Of all\n//\n// The end.\nvar x int", nil},
		{"directives", "//nolint:all // What else\n//go:generate Where x\nvar x int", nil},
		{"URL", "// See https://example.com/anew/Where for x.\nvar x int", nil},
		{"output", "func Example() {\n\t// Output:\n\t// What is printed.\n}", nil},
		{"abbreviation", "// x is short, e.g. where it fits.\nvar x int", nil},
		{"strings", "var x = \"Where is it? What else. anew\"", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			found, err := prose.File("x.go", []byte("package x\n"+tt.source+"\n"))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, rules(found)); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

// rules returns the line and the opening or phrase of each finding.
func rules(found []prose.Finding) []string {
	var out []string
	for _, f := range found {
		rule, _, _ := strings.Cut(f.String(), `": `)
		out = append(out, strings.Replace(strings.TrimPrefix(rule, f.File+":"), ": the sentence", "", 1)+`"`)
	}
	return out
}

// A finding has the form of a compiler message, with the start of the sentence.
func TestFindingString(t *testing.T) {
	t.Parallel()
	found, err := prose.File("a/x.go", []byte("package x\n\n// Nobody reads this sentence, which has many more words than a message can show.\nvar x int\n"))
	if err != nil || len(found) != 1 {
		t.Fatalf("got %v, error %v; want one finding", found, err)
	}
	want := `a/x.go:3: the sentence opens with "Nobody": name the one who acts: "Nobody reads this sentence, which has many more words than…"`
	if got := found[0].String(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// A generated file has no findings.
func TestGeneratedFile(t *testing.T) {
	t.Parallel()
	found, err := prose.File("x.go", []byte("// Code generated by x. DO NOT EDIT.\n\npackage x\n\n// What else.\nvar x int\n"))
	if err != nil || len(found) != 0 {
		t.Errorf("got %v, error %v; want none", found, err)
	}
}

// A file that does not parse is an error.
func TestFileError(t *testing.T) {
	t.Parallel()
	if _, err := prose.File("x.go", []byte("packag x")); err == nil {
		t.Error("File succeeded, want an error")
	}
}

// Tree checks Go files and Markdown pages, and skips folders that are not packages.
func TestTree(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	for name, text := range map[string]string{
		"a/a.go":          "package a\n\n// What is wrong.\nvar x int\n",
		"a/b/b.go":        "package b\n\n// Where it is wrong.\nvar x int\n",
		"c/c.go":          "package c\n\n// x is a number.\nvar x int\n",
		"c/testdata/d.go": "package d\n\n// What is ignored.\nvar x int\n",
		".hidden/e.md":    "What is ignored.\n",
		"docs/f.md":       "Fine.\n\nWhat is wrong.\n",
		"g.txt":           "What is ignored.\n",
	} {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	found, err := prose.Tree(root)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range found {
		got = append(got, fmt.Sprintf("%s:%d", f.File, f.Line))
	}
	if diff := cmp.Diff([]string{"a/a.go:3", "a/b/b.go:3", "docs/f.md:3"}, got); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

// A file that Go cannot parse ends Tree with an error.
func TestTreeError(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "x.go"), []byte("packag x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := prose.Tree(root); err == nil {
		t.Error("Tree succeeded, want the error of the parser")
	}
}
