//go:build linux

package chaos

import (
	"fmt"
	"io"
	"strings"
)

// Row is a row of the table of measures.
type Row struct {
	Check    string
	Measured string
	Required string
	Met      bool
}

// WriteRows writes a table in Markdown.
func WriteRows(w io.Writer, rows []Row) {
	_, _ = io.WriteString(w, "| check | measured | required | met |\n|---|---|---|---|\n")
	for _, r := range rows {
		met := "yes"
		if !r.Met {
			met = "**no**"
		}
		_, _ = fmt.Fprintf(w, "| %s | %s | %s | %s |\n", r.Check, strings.ReplaceAll(r.Measured, "\n", "; "), r.Required, met)
	}
}

// Unmet returns an error that names the rows which are not met.
func Unmet(rows []Row) error {
	var names []string
	for _, r := range rows {
		if !r.Met {
			names = append(names, r.Check)
		}
	}
	if len(names) == 0 {
		return nil
	}
	return fmt.Errorf("not as required: %s", strings.Join(names, "; "))
}

// mib writes a number of bytes.
func mib(n int64) string { return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20)) }
