package prose

import (
	"bytes"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"
)

// markdown parses the dialect of GitHub, which has tables.
var markdown = goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser()

// Page checks the prose of a Markdown page: its headings, paragraphs, list items and the
// cells of its tables. It skips code blocks, HTML, quotations and URLs. Code inside a
// sentence counts as one lower-case word.
func Page(name string, source []byte) []Finding {
	var out []Finding
	page := markdown.Parse(text.NewReader(source))
	// The function below returns no error, so neither does Walk.
	_ = ast.Walk(page, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if _, quoted := n.(*ast.Blockquote); quoted || !entering {
			return ast.WalkSkipChildren, nil
		}
		if first := n.FirstChild(); first == nil || first.Type() != ast.TypeInline {
			return ast.WalkContinue, nil
		}
		for _, s := range inline(n, source) {
			if why := reason(s.text, ""); why != "" {
				out = append(out, Finding{File: name, Line: s.line, Sentence: s.text, Reason: why})
			}
		}
		return ast.WalkSkipChildren, nil
	})
	return out
}

// inline returns the sentences of a block that consists of text, code, links and emphasis.
func inline(block ast.Node, source []byte) []sentence {
	line := func(offset int) int { return 1 + bytes.Count(source[:offset], []byte("\n")) }
	var p paragraph
	_ = ast.Walk(block, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.CodeSpan:
			p.put(line(n.Pos()), codeWord)
			return ast.WalkSkipChildren, nil
		case *ast.Text:
			at := n.Segment.Start
			p.put(line(at), string(n.Segment.Value(source)))
			if n.SoftLineBreak() || n.HardLineBreak() {
				p.put(line(at), " ")
			}
		}
		return ast.WalkContinue, nil
	})
	return p.split()
}
