//go:build linux

package chaos

import (
	"fmt"
	"io"
	"time"
)

// tableHead is the head of the table of runs.
const tableHead = `| run | seed | files | MB | seconds | workers killed | stopped | tus killed | engine killed | zombies | lost | twice | wrong | missing | repeated | partial | orphans | failed workers |
|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|
`

// WriteHead writes the head of a table in Markdown, of which each [Outcome] is a row.
func WriteHead(w io.Writer) { _, _ = io.WriteString(w, tableHead) }

// Write writes the outcome as a row of the table.
func (o *Outcome) Write(w io.Writer, name string) {
	v := o.Verdict
	_, _ = fmt.Fprintf(w, "| %s | %d | %d | %d | %.0f | %d | %d | %d | %d | %d | %d | %d | %d | %d | %d | %d | %d | %d |\n",
		name, o.Plan.Seed, o.Plan.Files, o.Bytes>>20, o.Took.Round(time.Second).Seconds(), o.WorkerKills, o.Stops, o.ServerKills, o.EngineKills,
		o.Zombies, len(v.Lost), len(v.Twice), len(v.Wrong), len(v.Missing), len(v.Repeated), len(v.Partial), v.Orphans, len(o.Failures))
}
