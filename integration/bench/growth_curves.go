package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// growthCurves returns the curves, without points.
func growthCurves() []curves {
	return []curves{
		{
			Name: "files", Title: "Files of 4 KiB, 16 at a time", Variable: "files", xs: powers(100, 1_000_000), each: true,
			prepare: func(_ context.Context, g *growth, x int64) error { return sparseFiles(g.site.files, x, 4*kib) },
			Clients: []curve{
				{Name: rawPost, args: rawOf("-mode", "post", "-concurrency", "16")},
				tuskerOf("tusker", "--concurrency", "16"),
				tuskerOf("tusker --no-resume", "--concurrency", "16", "--no-resume"),
			},
		},
		{
			Name: "size", Title: "One file", Variable: "size", Unit: "bytes", xs: []int64{mib, 16 * mib, 256 * mib, gib, 4 * gib, 16 * gib, 64 * gib},
			prepare: func(_ context.Context, g *growth, x int64) error { return sparseFiles(g.site.files, 1, x) },
			Clients: []curve{{Name: rawPatch, args: rawOf()}, tuskerOf("tusker")},
		},
		{
			Name: "parts", Title: "A file of 1 GiB in parts over as many connections", Variable: "parts", xs: []int64{1, 2, 4, 8, 16, 32},
			prepare: func(_ context.Context, g *growth, _ int64) error { return sparseFiles(g.site.files, 1, gib) },
			Clients: []curve{{Name: "tusker --parallel", args: func(t *tools, s growthSite) cmd {
				return t.uploads(s, "upload", "--parallel", strconv.FormatInt(s.x, 10), "-r", s.url, s.files)
			}}},
		},
		{
			Name: "records", Title: "One command beside records of other uploads", Variable: "records", xs: powers(10, 100_000),
			prepare: prepareRecords,
			Clients: []curve{
				{Name: "tusker upload, 4 KiB", args: uploadOf("small")},
				{Name: "tusker upload, 4 MiB", args: uploadOf("large")},
				{Name: "tusker uploads list", args: func(t *tools, s growthSite) cmd { return t.uploads(s, "uploads", "list") }},
			},
		},
		{
			Name: "prune", Title: "Removal of old records", Variable: "records", xs: []int64{10, 100, 1000, 10_000, 20_000, 100_000}, each: true, fresh: true,
			prepare: prepareRecords,
			Clients: []curve{{Name: "tusker uploads prune", args: func(t *tools, s growthSite) cmd { return t.uploads(s, "uploads", "prune") }}},
		},
		{
			Name: "skip-sent", Title: "Files that were sent before, 16 at a time", Variable: "files", xs: powers(100, 100_000), each: true, keep: true,
			prepare: func(ctx context.Context, g *growth, x int64) error {
				if err := sparseFiles(g.site.files, x, 4*kib); err != nil {
					return err
				}
				_, err := g.command(ctx, tuskerOf("", "--concurrency", "16", "--skip-sent").args(g.b.tools, g.site), nil)
				return err
			},
			Clients: []curve{
				tuskerOf("tusker --skip-sent", "--concurrency", "16", "--skip-sent"),
				tuskerOf("tusker --skip-sent=local", "--concurrency", "16", "--skip-sent=local"),
			},
		},
	}
}

// rawOf returns the command line of the raw program that sends the files of the folder.
func rawOf(flags ...string) func(t *tools, s growthSite) cmd {
	return func(t *tools, s growthSite) cmd {
		return cmd{args: append([]string{t.raw, "-endpoint", s.url, "-dir", s.files}, flags...)}
	}
}

// tuskerOf returns a curve of tusker that sends the files of the folder.
func tuskerOf(name string, flags ...string) curve {
	return curve{Name: name, args: func(t *tools, s growthSite) cmd {
		return t.uploads(s, append(append([]string{"upload"}, flags...), "-r", s.url, s.files)...)
	}}
}

func uploadOf(name string) func(t *tools, s growthSite) cmd {
	return func(t *tools, s growthSite) cmd { return t.uploads(s, "upload", s.url, filepath.Join(s.files, name)) }
}

// uploads returns a command line of tusker with the records of the site.
func (t *tools) uploads(s growthSite, args ...string) cmd {
	return cmd{args: append([]string{t.tusker}, args...), env: []string{"TUSKER_STATE_DIR=" + s.state}}
}

// sparseFiles makes n files without content that have this size. Their time of modification is in
// the past, as for most files of users.
func sparseFiles(dir string, n, size int64) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for i := range n {
		if err := sparseFile(filepath.Join(dir, fmt.Sprintf("%07d", i)), size); err != nil {
			return err
		}
	}
	return nil
}

func sparseFile(name string, size int64) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	if err := f.Truncate(size); err != nil {
		return err
	}
	past := time.Now().Add(-time.Hour)
	return os.Chtimes(name, past, past)
}

// prepareRecords makes two files to send, and x records of other uploads that are 60 days old.
func prepareRecords(_ context.Context, g *growth, x int64) error {
	if err := os.MkdirAll(g.site.files, 0o700); err != nil {
		return err
	}
	for name, size := range map[string]int64{"small": 4 * kib, "large": 4 * mib} {
		if err := sparseFile(filepath.Join(g.site.files, name), size); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(g.site.state, 0o700); err != nil {
		return err
	}
	old := time.Now().Add(-60 * 24 * time.Hour).UTC().Format(time.RFC3339)
	for i := range x {
		if err := writeRecord(g.site.state, i, old); err != nil {
			return err
		}
	}
	return nil
}

// writeRecord writes record i and the list of its place. Writing it with package filestore would
// wait for the disk each time.
func writeRecord(dir string, i int64, updated string) error {
	place := fmt.Sprintf("%016x", i)
	key := fmt.Sprintf("%x-%s", sha256.Sum256([]byte(place)), place)
	text := fmt.Sprintf(`{"version": 1, "revision": "r", "key": %q, "endpoint": "http://tus.example/files/",
"url": "http://tus.example/files/%032x", "source": "/home/someone/pictures/2026/november/IMG_%07d.jpg",
"length": 2000000, "offset": 1000000, "created": %q, "updated": %q}
`, key, i, i, updated, updated)
	if err := os.WriteFile(filepath.Join(dir, key+".json"), []byte(text), 0o600); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, place+".place"), []byte(key+"\n"), 0o600)
}
