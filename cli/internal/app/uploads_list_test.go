package app

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/protocol"
)

func TestAbbreviate(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ keys, want []string }{
		"none":               {nil, nil},
		"one":                {[]string{"0123456789"}, []string{"01234567"}},
		"short":              {[]string{"0123"}, []string{"0123"}},
		"differ early":       {[]string{"b123456789", "a123456789"}, []string{"a1234567", "b1234567"}},
		"differ late":        {[]string{"0123456789a", "0123456789b", "1123456789a"}, []string{"0123456789a", "0123456789b", "11234567"}},
		"differ in between":  {[]string{"012345678xy", "012345678ab"}, []string{"012345678a", "012345678x"}},
		"beginning of other": {[]string{"0123456789", "012345678"}, []string{"012345678", "0123456789"}},
		"twice":              {[]string{"0123456789", "0123456789"}, []string{"01234567"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var all []packed
			for _, key := range test.keys {
				all = append(all, pack(unfinished{key: key}))
			}
			var got []string
			for _, p := range abbreviate(all) {
				got = append(got, p.shortKey())
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func packAll(all []unfinished) []packed {
	var packed []packed
	for _, u := range all {
		packed = append(packed, pack(u))
	}
	return packed
}

func TestUnfinishedTable(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	all := []unfinished{
		{key: "new", updated: now.Add(-time.Minute), offset: 512, length: protocol.Known(1024), source: "/a", url: "http://h/1"},
		{key: "future", updated: now.Add(time.Hour), source: "/b\x1b[2J", url: "http://h/2"},
		{key: "old", updated: now.Add(-50 * time.Hour), length: protocol.Known(10), source: "/c", url: "http://h/3"},
		{key: "unknown", url: "2 parts"},
	}
	var got []string
	_, rows := unfinishedTable(packAll(all), now, 80)
	for row := range rows {
		got = append(got, strings.Join(row, "|"))
	}
	want := []string{
		"KEY|AGE|PROGRESS|FILE|UPLOAD",
		"unknown|unknown|0 B|unknown|2 parts",
		"old|2d|0% of 10 B|/c|http://h/3",
		"new|1m|50% of 1 KiB|/a|http://h/1",
		`future|0s|0 B|/b\x1b[2J|http://h/2`,
	}
	if !slices.Equal(got, want) {
		t.Error(cmp.Diff(want, got))
	}
}

// A row fits into the terminal: the ends of names and URLs stay.
func TestUnfinishedTableFits(t *testing.T) {
	t.Parallel()
	all := func() []unfinished {
		return []unfinished{{
			key: strings.Repeat("3f9a1c2b", 10), length: protocol.Known(40 << 20), offset: 10 << 20,
			source: "/home/me/pictures/2026/holidays/in/the/mountains/film.mov", url: "https://uploads.tus.example/files/c7d82529a1e63f1ae45247b048fded44",
		}}
	}
	tests := map[int]string{
		80:  "3f9a1c2b  unknown  25% of 40 MiB  …ys/in/the/mountains/film.mov  https://…8fded44",
		200: "3f9a1c2b  unknown  25% of 40 MiB  /home/me/pictures/2026/holidays/in/the/mountains/film.mov  https://uploads.tus.example/files/c7d82529a1e63f1ae45247b048fded44",
	}
	for width, want := range tests {
		_, table := unfinishedTable(packAll(all()), time.Time{}, width)
		rows := slices.Collect(table)
		if got := strings.Join(rows[1], "  "); got != want {
			t.Errorf("in %d columns: %q, want %q", width, got, want)
		}
	}
}

// Files and the place that they are sent to are shortened on their own, with " at " in between.
func TestFilesAt(t *testing.T) {
	t.Parallel()
	const url = "http://127.0.0.1:1080/files/"
	for _, test := range []struct {
		files, place string
		width        int
		want         string
	}{
		{"a, b", url, 48, "a, b at " + url},
		{"few/c.txt, photos/z.jpg", url, 48, "few/c.txt, …otos/z.jpg at http://127.…080/files/"},
		{strings.Repeat("a", 60), "http://h/", 48, strings.Repeat("a", 17) + "…" + strings.Repeat("a", 17) + " at http://h/"},
		{"a", url + strings.Repeat("b", 60), 48, "a at http://127.…" + strings.Repeat("b", 31)},
	} {
		got := filesAt(test.files, test.place, test.width)
		if got != test.want || output.Width(got) > test.width {
			t.Errorf("%q, %q:\n got %q\nwant %q", test.files, test.place, got, test.want)
		}
	}
}
