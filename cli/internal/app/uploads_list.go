package app

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/flags"
	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/cli/internal/records"
	"github.com/tusker-go/tusker/cli/internal/units"
	"github.com/tusker-go/tusker/cli/internal/usage"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
)

type uploadsList struct {
	stateDir string
	json     bool
}

func uploadsListCommand(a *app) *cobra.Command {
	l := &uploadsList{}
	cmd := &cobra.Command{
		Use:   "list [flags]",
		Short: "The unfinished uploads that this machine remembers",
		Long: `Prints the uploads that were begun on this machine and are not finished, those
worked on last at the end: the beginning of the key, which the other commands
take, the time since, how much the server had then, or that it refused the
upload, the file, the URL without its query, and the account where there is one.

With --json it is one object a line, in no order, with the whole URL, which may
be all that it takes to write to the upload.`,
		Example: `  tusker uploads list
  tusker uploads list --json | jq -r .source`,
		Args: usage.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return runUploadsList(cmd.Context(), a, l) },
	}
	flags.RegisterStateDir(cmd, &l.stateDir)
	cmd.Flags().BoolVar(&l.json, "json", false, "print an object a line")
	return cmd
}

func runUploadsList(ctx context.Context, a *app, l *uploadsList) error {
	store, err := records.Open(l.stateDir, a.console.LookupEnv)
	if err != nil {
		return err
	}
	if l.json {
		return records.Each(ctx, a.console.Log, store, func(r *client.Record) { a.console.Out.JSON(r) })
	}
	var all []unfinished
	err = records.Each(ctx, a.console.Log, store, func(r *client.Record) { all = append(all, newUnfinished(r)) })
	if len(all) > 0 {
		a.console.Out.Columns(unfinishedTable(all, time.Now()))
	} else if err == nil {
		a.console.Say("no unfinished uploads")
	}
	return err
}

// unfinished is a row of the table of records. There may be many.
type unfinished struct {
	key     string
	short   int // length of the shortest prefix that only this key has
	updated time.Time
	offset  int64
	length  protocol.Length
	source  string
	url     string // redacted
	account string
	refused int // status of the refusal; 0: not refused
}

func newUnfinished(r *client.Record) unfinished {
	u := unfinished{key: r.Key, updated: r.Updated, offset: r.Offset, length: r.Length, source: r.Source, account: r.Account, refused: refusedWith(r)}
	switch {
	case r.URL != "":
		u.url = output.RedactURL(r.URL)
	default:
		u.url = fmt.Sprintf("%d parts", len(r.Parts))
		if r.Endpoint != "" {
			u.url += " at " + output.RedactURL(r.Endpoint)
		}
	}
	return u
}

// refusedWith returns the status with which the server refused the upload or a part
// of it, or 0.
func refusedWith(r *client.Record) int {
	if r.Denial.Refused {
		return r.Denial.StatusCode
	}
	for _, p := range r.Parts {
		if p.Denial.Refused {
			return p.Denial.StatusCode
		}
	}
	return 0
}

// unfinishedTable sorts all records and returns the rows under a heading.
func unfinishedTable(all []unfinished, now time.Time) func(yield func([]string) bool) {
	all = abbreviate(all)
	slices.SortFunc(all, func(a, b unfinished) int {
		return cmp.Or(a.updated.Compare(b.updated), cmp.Compare(a.key, b.key))
	})
	// Most people have one account.
	accounts := slices.ContainsFunc(all, func(u unfinished) bool { return u.account != "" })
	return func(yield func([]string) bool) {
		heading := []string{"KEY", "AGE", "PROGRESS", "FILE", "UPLOAD"}
		if accounts {
			heading = append(heading, "ACCOUNT")
		}
		if !yield(heading) {
			return
		}
		for _, u := range all {
			row := u.row(now)
			if accounts {
				row = append(row, output.Escape(u.account))
			}
			if !yield(row) {
				return
			}
		}
	}
}

func (u *unfinished) row(now time.Time) []string {
	age := "unknown"
	if !u.updated.IsZero() {
		age = units.FormatAge(now.Sub(u.updated))
	}
	progress := units.FormatAmount(u.offset, u.length)
	if n, ok := u.length.Int64(); ok {
		progress += fmt.Sprintf(" (%.1f%%)", percent(u.offset, n))
	}
	if u.refused != 0 {
		progress = fmt.Sprintf("refused by the server (%d)", u.refused)
	}
	source := "unknown"
	if u.source != "" {
		source = output.Escape(u.source)
	}
	return []string{u.key[:u.short], age, progress, source, output.Escape(u.url)}
}

// shortKey is the smallest number of bytes of a key that are shown.
const shortKey = 8

// abbreviate sorts all records by key and finds the shortest unique prefix of each
// key. It removes duplicate keys.
func abbreviate(all []unfinished) []unfinished {
	slices.SortStableFunc(all, func(a, b unfinished) int { return cmp.Compare(a.key, b.key) })
	all = slices.CompactFunc(all, func(a, b unfinished) bool { return a.key == b.key })
	for i := range all {
		u := &all[i]
		u.short = shortKey
		if i > 0 {
			u.short = max(u.short, common(u.key, all[i-1].key)+1)
		}
		if i+1 < len(all) {
			u.short = max(u.short, common(u.key, all[i+1].key)+1)
		}
		// A complete key is always unique, even if another key begins with it.
		u.short = min(u.short, len(u.key))
	}
	return all
}

// common returns the length of the common prefix of a and b.
func common(a, b string) int {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return n
}
