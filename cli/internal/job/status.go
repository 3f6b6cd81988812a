package job

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tusker-go/tusker/cli/internal/jobpage"
	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/cli/internal/units"
	"github.com/tusker-go/tusker/client/fleet"
)

// NewStatus returns the state of a job, as the page and JSON have it.
func NewStatus(s fleet.Status, failures []fleet.Result, now time.Time) *jobpage.Status {
	out := &jobpage.Status{
		Job: s.Name, Endpoint: output.RedactURL(s.Endpoint), Adding: s.Adding, Again: s.Again,
		Items: s.Queued + s.InFlight + s.Done + s.Failed, Queued: s.Queued, InFlight: s.InFlight, Done: s.Done, Failed: s.Failed,
		Bytes: s.Bytes, Length: s.AddedBytes, Rate: int64(s.Rate), ItemRate: s.FileRate, RateLimit: s.RateLimit,
		Workers: []jobpage.Worker{}, Failures: []jobpage.Failure{}, Time: now,
	}
	for _, w := range s.Workers {
		out.Workers = append(out.Workers, jobpage.Worker{
			Name: w.ID, Host: w.Host, PID: w.PID, Slots: w.Slots, InFlight: w.Busy, Done: w.Done, Failed: w.Failed,
			Bytes: w.Sent, Rate: int64(w.Rate), ItemRate: w.FileRate, Draining: w.Draining, Silent: w.Silent,
		})
	}
	for _, r := range failures {
		out.Failures = append(out.Failures, jobpage.Failure{
			Item: output.Escape(r.Item.Name()), Class: string(r.Class), Message: output.OneLine(r.Message), Worker: r.Worker, Time: r.Time,
		})
	}
	return out
}

// Rows returns the state as two columns.
func Rows(s *jobpage.Status) [][2]string {
	rows := [][2]string{
		{"job", s.Job},
		{"endpoint", s.Endpoint},
		{"state", fmt.Sprintf("%s, %d%%", State(s), s.Percent())},
		{"queued", queued(s)},
		{"in flight", fmt.Sprint(s.InFlight)},
		{"done", fmt.Sprint(s.Done)},
		{"failed", fmt.Sprint(s.Failed)},
		{"sent", units.FormatSize(s.Bytes)},
		{"rate", rate(s.Rate, s.ItemRate)},
	}
	if s.RateLimit > 0 {
		rows = append(rows, [2]string{"limit", units.FormatSize(s.RateLimit) + "/s"})
	}
	return append(rows, [2]string{"workers", fmt.Sprint(s.Alive())})
}

func queued(s *jobpage.Status) string {
	if s.Again && s.Queued > 0 {
		return fmt.Sprintf("%d (a file that was added again counts again, and is not sent again)", s.Queued)
	}
	return fmt.Sprint(s.Queued)
}

func rate(bytes int64, items float64) string {
	return fmt.Sprintf("%s/s, %.3g files/s", units.FormatSize(bytes), items)
}

// State says in a few words how a job goes.
func State(s *jobpage.Status) string {
	switch {
	case s.Adding:
		return "items are being added"
	case s.Items == 0:
		return "no items"
	case s.IsComplete() && s.Failed > 0:
		return "complete, with failed items"
	case s.IsComplete():
		return "complete"
	case s.Alive() == 0:
		return "waiting for a worker"
	}
	return "running"
}

// WorkerRows yields the workers under a heading.
func WorkerRows(s *jobpage.Status) func(yield func([]string) bool) {
	return func(yield func([]string) bool) {
		if !yield([]string{"WORKER", "SLOTS", "IN FLIGHT", "DONE", "FAILED", "RATE"}) {
			return
		}
		for _, w := range s.Workers {
			name := output.Escape(w.Name)
			switch {
			case w.Silent:
				name += " (silent)"
			case w.Draining:
				name += " (draining)"
			}
			row := []string{name, fmt.Sprint(w.Slots), fmt.Sprint(w.InFlight), fmt.Sprint(w.Done), fmt.Sprint(w.Failed), rate(w.Rate, w.ItemRate)}
			if !yield(row) {
				return
			}
		}
	}
}

// Screen returns the lines of a terminal with that many columns and rows.
func Screen(s *jobpage.Status, columns, rows int) []string {
	var lines []string
	for _, row := range Rows(s) {
		lines = append(lines, fmt.Sprintf("%-9s  %s", row[0], row[1]))
	}
	if len(s.Workers) > 0 {
		lines = append(lines, "")
		lines = append(lines, columnsOf(slices.Collect(WorkerRows(s)))...)
	}
	if len(s.Failures) > 0 {
		lines = append(lines, "", "last failures:")
		for _, f := range s.Failures {
			lines = append(lines, f.Item+": "+f.Message)
		}
	}
	lines = lines[:min(len(lines), max(1, rows-1))]
	for i, line := range lines {
		lines[i] = output.Cut(line, columns-1)
	}
	return lines
}

// columnsOf aligns the columns of rows.
func columnsOf(rows [][]string) []string {
	var widths []int
	for _, row := range rows {
		for i, text := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], output.Width(text))
		}
	}
	lines := make([]string, len(rows))
	for i, row := range rows {
		var b strings.Builder
		for j, text := range row {
			b.WriteString(text + strings.Repeat(" ", widths[j]-output.Width(text)+2))
		}
		lines[i] = strings.TrimRight(b.String(), " ")
	}
	return lines
}
