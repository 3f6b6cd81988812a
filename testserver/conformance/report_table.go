package conformance

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// rowFormat has columns that are wide enough for each status, level and ID.
const rowFormat = "%-6s  %-10s  %-34s  %s"

// String returns the result as a row with status, level, ID and Why. The
// columns have the same width in all rows.
func (r Result) String() string {
	return strings.TrimRight(fmt.Sprintf(rowFormat, r.Status, r.Level, r.ID, r.Why), " ")
}

// WriteTable writes a row for each rule, and then what [Report.WriteSummary]
// writes.
func (r Report) WriteTable(w io.Writer) error {
	var b strings.Builder
	for _, x := range r.Results {
		b.WriteString(x.String() + "\n")
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return err
	}
	return r.WriteSummary(w)
}

// WriteSummary writes the exchanges of rules with Fail or Warn, a total for
// each extension, the number of uploads that remain, and the obstacle.
func (r Report) WriteSummary(w io.Writer) error {
	var b strings.Builder
	for _, x := range r.Results {
		if x.Status != Fail && x.Status != Warn {
			continue
		}
		_, _ = fmt.Fprintf(&b, "\n%s %s: %s\n  %s\n  “%s”\n", x.Status, x.ID, x.Why, x.Section, x.Sentence)
		for line := range strings.Lines(x.exchanges()) {
			b.WriteString("  " + line)
		}
	}
	if len(r.Results) > 0 {
		b.WriteString("\n")
		columns := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
		_, _ = fmt.Fprintln(columns, "extension\tpass\tfail\twarn\tskip\tunable")
		row := func(name string, t Total) {
			_, _ = fmt.Fprintf(columns, "%s\t%d\t%d\t%d\t%d\t%d\n", name, t.Pass, t.Fail, t.Warn, t.Skip, t.Unable)
		}
		for _, t := range r.Totals() {
			row(string(t.Extension), t.Total)
		}
		row("all", r.Total())
		_ = columns.Flush()
	}
	if r.Left > 0 {
		_, _ = fmt.Fprintf(&b, "\n%d uploads remain on the server because they could not be deleted\n", r.Left)
	}
	if r.Obstacle != nil {
		_, _ = fmt.Fprintf(&b, "\n%v\n", r.Obstacle)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
