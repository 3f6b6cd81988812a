package job_test

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/console"
	"github.com/tusker-go/tusker/cli/internal/flags"
	"github.com/tusker-go/tusker/cli/internal/job"
	"github.com/tusker-go/tusker/cli/internal/settings"
	"github.com/tusker-go/tusker/client/fleet"
)

// tree makes a folder with these files, and returns its path.
func tree(t *testing.T, files ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// selection returns the selection of these flags.
func selection(t *testing.T, args ...string) *flags.Selection {
	t.Helper()
	s := &flags.Selection{}
	cmd := &cobra.Command{Use: "add"}
	s.RegisterWalk(cmd)
	if err := cmd.Flags().Parse(args); err != nil {
		t.Fatal(err)
	}
	from := settings.New(&console.Console{LookupEnv: os.LookupEnv}, cmd.Flags())
	if err := s.CheckWalk(from, []string{"any"}); err != nil {
		t.Fatal(err)
	}
	return s
}

// found are the items of a list, and the names that failed.
func found(t *testing.T, l *job.List, failed *[]string) []string {
	t.Helper()
	var names []string
	var last *fleet.Item
	for item, err := range l.Items(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if err := item.Validate(); err != nil {
			t.Error(err)
		}
		if last != nil && fleet.OrderWalk.Compare(*last, item) >= 0 {
			t.Errorf("%s comes after %s", item.Name(), last.Name())
		}
		last = &item
		names = append(names, item.Name())
	}
	return append(names, *failed...)
}

func of(names ...string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for _, name := range names {
			if !yield(name, nil) {
				return
			}
		}
	}
}

// A list has the files of its arguments and of a list of names, each once, in the order in
// which the job needs them.
func TestList(t *testing.T) {
	dir := tree(t, "media/2024/a.mov", "media/2024/a/b.mov", "media/2024/a-b.mov", "media/2025/c.mov", "media/x", "photos/1.jpg", "photos/tmp/2.jpg", "one.txt", "other/photos/3.jpg")
	t.Chdir(dir)
	media := []string{"media=media"}
	everything := []string{"media:2024/a/b.mov", "media:2024/a-b.mov", "media:2024/a.mov"}
	tests := map[string]struct {
		roots []string
		flags []string
		args  []string
		list  []string // names in a list
		want  []string
	}{
		"a folder":                 {args: []string{"photos"}, want: []string{"photos:1.jpg", "photos:tmp/2.jpg"}},
		"this folder":              {args: []string{"photos", "photos/."}, want: []string{"photos:1.jpg", "photos:tmp/2.jpg"}},
		"a folder of a root":       {media, nil, []string{"media:2024/"}, nil, everything},
		"a path below a root":      {media, nil, []string{filepath.Join("media", "2024")}, nil, everything},
		"folders that overlap":     {media, nil, []string{"media:2024/a", "media:2024", "media:2024/a.mov"}, nil, everything},
		"a whole root":             {media, []string{"--exclude", "2024"}, []string{"media:"}, nil, []string{"media:2025/c.mov", "media:x"}},
		"two roots":                {media, nil, []string{"photos", "media:2025"}, nil, []string{"media:2025/c.mov", "photos:1.jpg", "photos:tmp/2.jpg"}},
		"a file":                   {args: []string{filepath.Join("photos", "1.jpg")}, want: []string{"photos:1.jpg"}},
		"a pattern of the folder":  {media, []string{"--include", "/a"}, []string{"media:2024"}, nil, []string{"media:2024/a/b.mov"}},
		"names in a list":          {media, nil, nil, []string{filepath.Join("media", "x"), "media:2025/c.mov", filepath.Join("media", "x")}, []string{"media:2025/c.mov", "media:x"}},
		"a list beside a folder":   {media, nil, []string{"media:2024/a"}, []string{"media:x", "media:2024/a.mov", "media:2024/a/b.mov"}, []string{"media:2024/a/b.mov", "media:2024/a.mov", "media:x"}},
		"a missing name in a list": {media, nil, nil, []string{"media:none", "media:x"}, []string{"media:x", filepath.Join(dir, "media", "none")}},
		"a folder in a list":       {media, nil, nil, []string{"media:2024", "media:x"}, []string{"media:x", filepath.Join(dir, "media", "2024")}},
		"a name that leads out":    {media, nil, nil, []string{"media:../one.txt", "media:x"}, []string{"media:x", "media:../one.txt"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			roots, err := job.ParseRoots(test.roots)
			if err != nil {
				t.Fatal(err)
			}
			var failed []string
			var list iter.Seq2[string, error]
			if test.list != nil {
				list = of(test.list...)
			}
			l, err := job.NewList(roots, selection(t, append(test.flags, "-r")...), test.args, list, func(name string, _ error) { failed = append(failed, name) })
			if err != nil {
				t.Fatal(err)
			}
			got := found(t, l, &failed)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("items (-want +got):\n%s", diff)
			}
		})
	}
}

// Names that cannot be added are errors before anything is added, which say what to do.
func TestListRefuses(t *testing.T) {
	dir := tree(t, "media/x", "photos/1.jpg", "other/photos/3.jpg")
	t.Chdir(dir)
	for name, test := range map[string]struct {
		flags, args []string
		want        string
	}{
		"a folder without -r":     {nil, []string{"photos"}, "is a directory"},
		"a root that is unknown":  {[]string{"-r"}, []string{"video:2024"}, `no root is called "video"`},
		"two folders of one name": {[]string{"-r"}, []string{"photos", filepath.Join("other", "photos")}, "have the same name"},
		"a path out of a root":    {[]string{"-r"}, []string{"media:../photos"}, "leads out of the root"},
		"a missing file":          {nil, []string{"none"}, "none"},
	} {
		t.Run(name, func(t *testing.T) {
			roots, err := job.ParseRoots([]string{"media=media"})
			if err != nil {
				t.Fatal(err)
			}
			_, err = job.NewList(roots, selection(t, test.flags...), test.args, nil, nil)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
}

// Links in folders are left out and counted, so that no link leads out of a root. A link that is
// named is an error.
func TestListLinks(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links need a permission on Windows")
	}
	dir := tree(t, "photos/1.jpg", "secret.txt")
	t.Chdir(dir)
	for link, target := range map[string]string{"photos/out": filepath.Join("..", "secret.txt"), "photos/in": "1.jpg"} {
		if err := os.Symlink(target, filepath.FromSlash(link)); err != nil {
			t.Fatal(err)
		}
	}
	var failed []string
	l, err := job.NewList(nil, selection(t, "-r"), []string{"photos"}, nil, func(name string, _ error) { failed = append(failed, name) })
	if err != nil {
		t.Fatal(err)
	}
	if got := found(t, l, &failed); len(got) != 1 || l.Links != 2 {
		t.Errorf("items %v and %d links, want one file and 2 links", got, l.Links)
	}
	l, err = job.NewList(job.Roots{"photos": filepath.Join(dir, "photos")}, selection(t), nil, of("photos:in", "photos:out"), func(name string, _ error) { failed = append(failed, name) })
	if err != nil {
		t.Fatal(err)
	}
	if got := found(t, l, &failed); !slices.Equal(got, []string{filepath.Join(dir, "photos", "in"), filepath.Join(dir, "photos", "out")}) {
		t.Errorf("items and failures %v, want two failures", got)
	}
}

// The name of a list depends on its arguments and names, and not on their order.
func TestListName(t *testing.T) {
	dir := tree(t, "a/1", "b/1")
	t.Chdir(dir)
	name := func(args []string, list ...string) string {
		t.Helper()
		l, err := job.NewList(nil, selection(t, "-r"), args, of(list...), func(string, error) {})
		if err != nil {
			t.Fatal(err)
		}
		return l.Name
	}
	if name([]string{"a", "b"}) != name([]string{"b", "a"}) {
		t.Error("the order of arguments changes the name")
	}
	if name([]string{"a"}) == name([]string{"b"}) || name(nil, "a/1") == name(nil, "b/1") {
		t.Error("other files have the same name")
	}
}

// The name of a list depends on the flags that select files: a command with other flags must not
// continue after the last file of an interrupted one.
func TestListNameOfFlags(t *testing.T) {
	dir := tree(t, "a/1", "patterns")
	t.Chdir(dir)
	name := func(flags ...string) string {
		t.Helper()
		l, err := job.NewList(nil, selection(t, append(flags, "-r")...), []string{"a"}, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		return l.Name
	}
	before := map[string][]string{}
	for _, flags := range [][]string{
		nil,
		{"--include", "*.jpg"},
		{"--exclude", "*.jpg"},
		{"--exclude", "*.jpg", "--exclude", "*.png"},
		{"--exclude-from", "patterns"},
		{"--min-size", "10"},
		{"--max-size", "10"},
		{"--newer-than", "30d"},
		{"--newer-than", "2026-01-31"},
	} {
		got := name(flags...)
		if other, taken := before[got]; taken {
			t.Errorf("lists with the flags %q and %q have the same name", flags, other)
		}
		before[got] = flags
		if again := name(flags...); again != got {
			t.Errorf("two lists with the flags %q have different names", flags)
		}
	}
}

// A path that is below several roots belongs to the deepest one, and to the first by name of
// those for the same folder, so that a second command does not give the file to another root.
func TestListRootOfPath(t *testing.T) {
	dir := tree(t, "media/2024/a.mov")
	t.Chdir(dir)
	for range 100 {
		roots, err := job.ParseRoots([]string{"all=.", "d=media/2024", "c=media/2024", "b=media/2024", "media=media"})
		if err != nil {
			t.Fatal(err)
		}
		l, err := job.NewList(roots, selection(t), []string{filepath.Join("media", "2024", "a.mov")}, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := found(t, l, new([]string)); !slices.Equal(got, []string{"b:a.mov"}) {
			t.Fatalf("items %v, want b:a.mov", got)
		}
	}
}

// A walk ends with its context.
func TestListEnds(t *testing.T) {
	dir := tree(t, "a/1", "a/2", "a/3")
	t.Chdir(dir)
	l, err := job.NewList(nil, selection(t, "-r"), []string{"a"}, nil, func(string, error) {})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	enough := errors.New("enough")
	items := 0
	for _, err = range l.Items(ctx) {
		if err != nil {
			break
		}
		items++
		cancel(enough)
	}
	if items != 1 || !errors.Is(err, enough) {
		t.Errorf("%d items and error %v, want one and %v", items, err, enough)
	}
}

// The folders of roots are kept for each job and each engine.
func TestPlaces(t *testing.T) {
	t.Parallel()
	p := job.Places{Dir: filepath.Join(t.TempDir(), "jobs")}
	other := job.Places{Dir: p.Dir, Engine: "nats://a.example:4222"}
	want := job.Roots{"media": "/mnt/nfs"}
	if err := p.Save("archive", want); err != nil {
		t.Fatal(err)
	}
	if got, err := p.Load("archive"); err != nil || !cmp.Equal(got, want) {
		t.Errorf("roots %v, %v, want %v", got, err, want)
	}
	for _, p := range []job.Places{other, {Dir: p.Dir}} {
		if got, err := p.Load("other"); err != nil || len(got) != 0 {
			t.Errorf("roots of another job: %v, %v", got, err)
		}
	}
	if got, err := other.Load("archive"); err != nil || len(got) != 0 {
		t.Errorf("roots of another engine: %v, %v", got, err)
	}
	if err := want.Merge(job.Roots{"media": "/mnt/other"}); err == nil || !strings.Contains(err.Error(), "--root NAME=/mnt/other") {
		t.Errorf("another folder of the same name: %v", err)
	}
	if err := p.Forget("archive"); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(p.Dir, "archive.json")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after Forget: %v", err)
	}
}

// Values of --root that no root can have are errors.
func TestParseRoots(t *testing.T) {
	t.Parallel()
	for _, pair := range []string{"", "media", "media=", "=/mnt", "a:b=/mnt", "a/b=/mnt", "a\nb=/mnt"} {
		if roots, err := job.ParseRoots([]string{pair}); err == nil {
			t.Errorf("%q: %v, want an error", pair, roots)
		}
	}
	if _, err := job.ParseRoots([]string{"media=/a", "media=/b"}); err == nil {
		t.Error("two folders of one root are no error")
	}
}
