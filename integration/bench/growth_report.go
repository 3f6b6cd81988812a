package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
)

// growthReport contains the results of the row growth. Its JSON is the data of the charts.
type growthReport struct {
	Made    time.Time `json:"made"`
	Machine []string  `json:"machine"`
	Curves  []curves  `json:"curves"`
}

func (r growthReport) writeJSON(w io.Writer) {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	_ = e.Encode(r) // there is nothing that cannot be encoded
}

const growthPreface = `
These tables show how the cost grows with the work. The server stores nothing, the files are
sparse, and the records are on the disk. Client and server share the cores, so the CPU time of
the client and the counts say more than the wall time. All figures are medians; the column "runs"
says of how many runs. The same figures are in [growth.json](growth.json).
`

// write writes the tables as Markdown.
func (r growthReport) write(w io.Writer) {
	line := func(format string, args ...any) { _, _ = fmt.Fprintf(w, format+"\n", args...) }
	line("# Growth")
	line("")
	line("Made by `task bench:growth`; do not edit.")
	line("")
	line("- %s", r.Made.UTC().Format("2 January 2006, 15:04 UTC"))
	for _, m := range r.Machine {
		line("- %s", m)
	}
	line("")
	line("%s", strings.TrimSpace(growthPreface))
	for i := range r.Curves {
		r.Curves[i].write(line)
	}
}

func (c *curves) write(line func(string, ...any)) {
	line("")
	line("## %s: %s", c.Name, c.Title)
	line("")
	if len(c.measured()) > 1 {
		picture(line, "growth-"+c.Name, "Curves of the wall time and the memory by "+c.Variable)
		line("")
	}
	each, rule := "", ""
	if c.each {
		each, rule = fmt.Sprintf(" CPU for each of the %s |", c.Variable), " ---: |"
	}
	line("| %s | client | wall | CPU of the client |%s CPU of the server | memory | requests | runs |", c.Variable, each)
	line("| ---: | --- | ---: | ---: |%s ---: | ---: | ---: | ---: |", rule)
	for _, x := range c.xs {
		for _, client := range c.Clients {
			for _, p := range client.Points {
				if p.X != x {
					continue
				}
				if c.each {
					each = fmt.Sprintf(" %v |", (p.CPU / time.Duration(x)).Round(time.Microsecond))
				}
				line("| %s | %s | %s | %s |%s %s | %s | %d | %d |", amount(x, c.Unit), client.Name, seconds(p.Wall.Seconds()), seconds(p.CPU.Seconds()), each,
					seconds(p.Server.Seconds()), mebibytes(p.MemoryBytes), p.Requests, p.Runs)
			}
		}
	}
}

// amount returns a quantity as text.
func amount(x int64, unit string) string {
	switch {
	case unit == "bytes" && x >= gib:
		return fmt.Sprintf("%d GiB", x/gib)
	case unit == "bytes":
		return fmt.Sprintf("%d MiB", x/mib)
	}
	digits := fmt.Sprint(x)
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return digits
}
