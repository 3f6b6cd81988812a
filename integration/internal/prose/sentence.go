package prose

import (
	"go/ast"
	"go/token"
	"regexp"
	"strings"
)

// sentence is a sentence of a comment or of a page, on one line.
type sentence struct {
	line int // of its first word: in a comment group from 0, in a page from 1
	text string
}

var (
	// directive matches comments for tools, such as //go:build and //nolint.
	directive = regexp.MustCompile(`^//([a-z0-9]+:[a-z0-9]|nolint\b|line |export |extern )`)

	// output matches the line after which an example's comment is its output.
	output = regexp.MustCompile(`(?i)^(unordered )?output:`)

	// marker matches the start of a list item or of a heading.
	marker = regexp.MustCompile(`^(?:[-*+•] +|\d+[.)] +|# +)`)

	// end matches the end of a sentence and the space after it. The next
	// sentence begins with an upper-case letter, a digit or punctuation.
	end = regexp.MustCompile(`[.!?][)"'”’]*\s+([^a-z\s])`)

	url = regexp.MustCompile(`\b[a-z][a-z0-9+.-]*://\S+`)
)

// sentences splits a comment group into sentences. It joins the lines of a
// paragraph, and omits code blocks, directives and the output of examples. URLs
// are replaced by "URL".
func sentences(group *ast.CommentGroup, fset *token.FileSet) []sentence {
	first := fset.Position(group.Pos()).Line
	var out []sentence
	var p paragraph
	for _, comment := range group.List {
		line := fset.Position(comment.Pos()).Line - first
		if directive.MatchString(comment.Text) {
			continue
		}
		for i, text := range textLines(comment.Text) {
			trimmed := strings.TrimSpace(text)
			switch {
			case output.MatchString(trimmed):
				return append(out, p.split()...)
			case trimmed == "":
				out, p = append(out, p.split()...), paragraph{}
				continue
			case isCode(text) && !marker.MatchString(trimmed):
				// The continuation of a list item is indented too.
				if p.isItem {
					p.add(line+i, trimmed)
					continue
				}
				out, p = append(out, p.split()...), paragraph{}
				continue
			}
			if start := marker.FindString(trimmed); start != "" {
				out, p = append(out, p.split()...), paragraph{isItem: true}
				trimmed = trimmed[len(start):]
			}
			p.add(line+i, trimmed)
		}
	}
	return append(out, p.split()...)
}

// textLines returns the lines of a comment without its delimiters and without
// the space that follows them.
func textLines(comment string) []string {
	if text, ok := strings.CutPrefix(comment, "//"); ok {
		return []string{strings.TrimPrefix(text, " ")}
	}
	text := strings.TrimSuffix(strings.TrimPrefix(comment, "/*"), "*/")
	return strings.Split(strings.TrimPrefix(text, " "), "\n")
}

// isCode reports whether a line is part of a code block, which is indented.
func isCode(text string) bool { return strings.HasPrefix(text, " ") || strings.HasPrefix(text, "\t") }

// paragraph collects lines that belong together.
type paragraph struct {
	isItem bool // a list item or a heading
	text   strings.Builder
	starts []lineStart
}

// lineStart is the offset at which a line, or a piece of it, begins in the text of a paragraph.
type lineStart struct{ offset, line int }

// add appends a whole line.
func (p *paragraph) add(line int, text string) {
	if p.text.Len() > 0 {
		p.text.WriteByte(' ')
	}
	p.put(line, text)
}

// put appends a piece of a line.
func (p *paragraph) put(line int, text string) {
	p.starts = append(p.starts, lineStart{offset: p.text.Len(), line: line})
	p.text.WriteString(text)
}

// split returns the sentences of the paragraph.
func (p *paragraph) split() []sentence {
	text := p.text.String()
	var out []sentence
	from := 0
	for from < len(text) {
		to, next := len(text), len(text)
		if at := end.FindStringSubmatchIndex(text[from:]); at != nil {
			to, next = from+at[2], from+at[2]
		}
		out = append(out, sentence{
			line: p.lineAt(from),
			text: url.ReplaceAllString(strings.TrimSpace(text[from:to]), "URL"),
		})
		from = next
	}
	return out
}

// lineAt returns the line of the text at offset.
func (p *paragraph) lineAt(offset int) int {
	line := 0
	for _, start := range p.starts {
		if start.offset > offset {
			break
		}
		line = start.line
	}
	return line
}
