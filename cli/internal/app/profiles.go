package app

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/profile"
	"github.com/tusker-go/tusker/cli/internal/settings"
	"github.com/tusker-go/tusker/cli/internal/units"
	"github.com/tusker-go/tusker/cli/internal/usage"
)

func profilesCommand(a *app) *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:   "profiles [flags] [NAME]",
		Short: "Show the known servers and their rules",
		Long: `Prints the known servers, or everything that is known about the server NAME: the
size of chunks, the headers and the metadata that it wants, and the response
headers that are worth printing. With "upload --profile NAME", chunks have the
size that the server wants, files get only the metadata that it knows by
default, and a required setting that is missing is an error before anything is
sent.

With --json, each line is an object. Sizes are in bytes; 0 means no rule.`,
		Example: `  tusker profiles
  tusker profiles cloudflare
  tusker upload --profile cloudflare --token-file token URL video.mp4`,
		Args:              usage.Arguments(0, 1, "at most one NAME"),
		ValidArgsFunction: completeFirst(profile.Names),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				runProfiles(a, asJSON)
				return nil
			}
			p, err := settings.Profile(args[0])
			switch {
			case err != nil:
				return err
			case p.Name == "":
				return usage.Error(fmt.Errorf("NAME is empty"))
			case asJSON:
				a.console.Out.JSON(jsonProfile(p))
			default:
				a.console.Out.Table(profileTable(p))
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print an object on each line")
	return cmd
}

func runProfiles(a *app, asJSON bool) {
	if asJSON {
		for p := range profile.All() {
			a.console.Out.JSON(jsonProfile(p))
		}
		return
	}
	a.console.Out.Columns(func(yield func([]string) bool) {
		if !yield([]string{"PROFILE", "CHUNK", "NEEDS", "SERVER"}) {
			return
		}
		for p := range profile.All() {
			chunk := "any"
			if p.Chunk.Size > 0 {
				chunk = wholeSize(p.Chunk.Size)
			}
			if !yield([]string{p.Name, chunk, needsText(p), p.Server}) {
				return
			}
		}
	})
}

// jsonProfile has empty lists instead of null.
func jsonProfile(p profile.Profile) profile.Profile {
	p.Headers = append([]profile.Field{}, p.Headers...)
	p.Metadata = append([]profile.Field{}, p.Metadata...)
	p.Returns = append([]profile.Return{}, p.Returns...)
	p.Notes = append([]string{}, p.Notes...)
	return p
}

// needsText counts the fields that the creation of an upload requires.
func needsText(p profile.Profile) string {
	if p.NoCreation {
		return "a URL"
	}
	var parts []string
	for _, kind := range []struct {
		name   string
		fields []profile.Field
	}{{"header", p.Headers}, {"metadata", p.Metadata}} {
		n := 0
		for _, f := range kind.fields {
			if f.Need != profile.Advised && f.From == "" {
				n++
			}
		}
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, kind.name))
		}
	}
	if len(parts) == 0 {
		return "nothing"
	}
	return strings.Join(parts, ", ")
}

func profileTable(p profile.Profile) [][2]string {
	rows := [][2]string{
		{"profile", p.Name},
		{"server", p.Server},
		{"endpoint", p.Endpoint},
		{"docs", p.Docs},
		{"chunks", chunkText(p.Chunk)},
	}
	rows = append(rows, fieldRows("headers", p.Headers)...)
	rows = append(rows, fieldRows("metadata", p.Metadata)...)
	for i, r := range p.Returns {
		rows = append(rows, [2]string{first(i, "returns"), r.Name + ": " + r.About})
	}
	for i, note := range p.Notes {
		rows = append(rows, [2]string{first(i, "notes"), note})
	}
	return rows
}

func chunkText(c profile.Chunk) string {
	if c.Size == 0 {
		return "any size"
	}
	text := wholeSize(c.Size)
	switch {
	case c.Min > 0 && c.Min == c.Max:
		text += ", no other size"
	case c.Min > 0 && c.Max > 0:
		text += fmt.Sprintf(", from %s to %s", wholeSize(c.Min), wholeSize(c.Max))
	case c.Max > 0:
		text += ", at most that"
	}
	if c.Multiple > 1 {
		text += ", a multiple of " + wholeSize(c.Multiple)
	}
	return text
}

// wholeSize formats a size without rounding.
func wholeSize(n int64) string {
	if n%1024 == 0 {
		return units.FormatSize(n)
	}
	return fmt.Sprintf("%d bytes", n)
}

func fieldRows(name string, fields []profile.Field) [][2]string {
	needs := map[profile.Need]string{
		profile.Advised: "", profile.Creation: " (needed)", profile.Always: " (always needed)",
	}
	var rows [][2]string
	for i, f := range fields {
		need := needs[f.Need]
		if f.From != "" {
			need += fmt.Sprintf(" (default: the file's %s)", map[profile.From]string{
				profile.Filename: "name", profile.Filetype: "media type", profile.Path: "name, or its path from the directory on",
			}[f.From])
		}
		rows = append(rows, [2]string{first(i, name), f.Name + ": " + f.About + need})
	}
	return rows
}
