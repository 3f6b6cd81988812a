// Package manpage writes manual pages in the macros of man(7).
package manpage

import (
	"fmt"
	"io"
	"strings"
)

// Page is the manual page of one command, in section 1. All texts are plain; a
// blank line ends a paragraph, and lines that begin with two spaces are left as
// they are.
type Page struct {
	Name        string // such as tusker-upload
	Version     string // of the program, such as v0.1.0
	Short       string
	Synopsis    string
	Description string
	Examples    string
	Sections    []Section
	SeeAlso     []string // names of other pages
}

// Section is a list of terms.
type Section struct {
	Heading string
	Items   []Item
}

// Item is a term, with an argument that may be empty, and what it means.
type Item struct{ Term, Argument, Text string }

// WriteTo writes the page. The page has no date, so equal pages have equal bytes.
func (p Page) WriteTo(w io.Writer) (int64, error) {
	var b strings.Builder
	fmt.Fprintf(&b, ".TH %q 1 \"\" %q \"Tusker Manual\"\n.nh\n.ad l\n", strings.ToUpper(p.Name), "Tusker "+p.Version)
	fmt.Fprintf(&b, ".SH NAME\n%s \\- %s\n", escape(p.Name), escape(p.Short))
	fmt.Fprintf(&b, ".SH SYNOPSIS\n.B %s\n", escape(p.Synopsis))
	section(&b, "DESCRIPTION", p.Description)
	section(&b, "EXAMPLES", p.Examples)
	for _, s := range p.Sections {
		fmt.Fprintf(&b, ".SH %s\n", escape(strings.ToUpper(s.Heading)))
		for _, item := range s.Items {
			fmt.Fprintf(&b, ".TP\n\\fB%s\\fP", escape(item.Term))
			if item.Argument != "" {
				fmt.Fprintf(&b, " \\fI%s\\fP", escape(item.Argument))
			}
			fmt.Fprintf(&b, "\n%s\n", escape(item.Text))
		}
	}
	if len(p.SeeAlso) > 0 {
		b.WriteString(".SH SEE ALSO\n")
		for i, name := range p.SeeAlso {
			end := ","
			if i == len(p.SeeAlso)-1 {
				end = ""
			}
			fmt.Fprintf(&b, "\\fB%s\\fP(1)%s\n", escape(name), end)
		}
	}
	n, err := io.WriteString(w, b.String())
	return int64(n), err
}

func section(b *strings.Builder, heading, text string) {
	if text == "" {
		return
	}
	fmt.Fprintf(b, ".SH %s\n", heading)
	verbatim, blank := false, false
	for line := range strings.Lines(text + "\n") {
		line = strings.TrimSuffix(line, "\n")
		if line == "" {
			blank = true
			continue
		}
		indented := strings.HasPrefix(line, "  ")
		if verbatim && !indented {
			b.WriteString(".fi\n.RE\n")
		}
		switch {
		case blank && verbatim && indented:
			b.WriteString("\n")
		case blank:
			b.WriteString(".PP\n")
		}
		if indented && !verbatim {
			b.WriteString(".RS\n.nf\n")
		}
		b.WriteString(escape(strings.TrimPrefix(line, "  ")) + "\n")
		verbatim, blank = indented, false
	}
	if verbatim {
		b.WriteString(".fi\n.RE\n")
	}
}

var special = strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "`", "\\(ga", "~", `\(ti`, "^", `\(ha`)

// escape returns s in a form that roff does not interpret.
func escape(s string) string {
	s = special.Replace(s)
	if strings.HasPrefix(s, ".") {
		return `\&` + s
	}
	return s
}
