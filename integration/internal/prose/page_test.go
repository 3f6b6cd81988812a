package prose_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/integration/internal/prose"
)

// Each kind of Markdown prose has its findings at the line of their first word. Code,
// quotations, HTML and URLs have none.
func TestPage(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		page string
		want []string // line and opening or phrase
	}{
		{"paragraph", "Fine.\n\nWhat comes is read.", []string{`3 opens with "What"`}},
		{"second sentence", "Fine, 1.\nNot `Fine`. Where it is not, it fails.", []string{`2 opens with "Where"`}},
		{"wrapped sentence", "x is fine. As\nlong as it\nis, it works.\nWhat else.", []string{`1 opens with "As long as"`, `4 opens with "What"`}},
		{"phrase", "It is gone on\nwith. It starts **anew**.", []string{`1 contains "gone on with"`, `2 contains "anew"`}},
		{"heading", "# What is wrong\n\nWhere it is\n===", []string{`1 opens with "What"`, `3 opens with "Where"`}},
		{"list", "- Fine\n- Of all, one\n  - Nobody knows. It\n    is. What else\n\n1. Nor is it", []string{
			`2 opens with "Of"`, `3 opens with "Nobody"`, `4 opens with "What"`, `6 opens with "Nor"`,
		}},
		{"table", "| x | What else |\n| --- | --- |\n| fine | Fine. Of `a\\|b`, one |\n| Those who ask | anew |", []string{
			`1 opens with "What"`, `3 opens with "Of"`, `4 opens with "Those who"`, `4 contains "anew"`,
		}},
		{"emphasis and link", "**Where** it is. [Of all](x.md), one.", []string{`1 opens with "Where"`, `1 opens with "Of"`}},
		{"text of a picture", "![What it shows](x.svg)", []string{`1 opens with "What"`}},
		{"code begins the line", "A page.\nWhat `x` does.\n`x`. Of `y` and", []string{`2 opens with "What"`, `3 opens with "Of"`}},

		{"upper-case word", "Of RFC 9110. Where URLs are.", nil},
		{"code span", "`What is code: Of all, anew`", nil},
		{"fenced code", "Fine:\n\n```\nWhat is code\n```\n\n~~~sh\n# Where it is\n~~~", nil},
		{"indented code", "Fine:\n\n    What is code", nil},
		{"quotation", "> What a specification says\n> - Of all", nil},
		{"HTML", "<picture>\nWhat is markup\n</picture>\n\n<!-- Where it is -->", nil},
		{"URL", "See <https://example.com/anew> and https://example.com/anew/x, or [x](https://example.com/anew).", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, rules(prose.Page("docs/x.md", []byte(tt.page)))); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

// A finding shows the place of code in its sentence, without the code.
func TestPageFindingString(t *testing.T) {
	t.Parallel()
	found := prose.Page("docs/x.md", []byte("Fine.\n`x` is fine. Of `a long name`, one is read.\n"))
	if len(found) != 1 {
		t.Fatalf("got %v, want one finding", found)
	}
	want := "docs/x.md:2: the sentence opens with \"Of\": do not invert the word order; begin with the subject: \"Of `…`, one is read.\""
	if got := found[0].String(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
