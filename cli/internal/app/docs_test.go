package app

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/client"
)

var quoted = regexp.MustCompile("`([^`]+)`")

// table returns the rows of the table under that heading of docs/cli.md, by each of
// the names in the first column.
func table(t *testing.T, heading string) map[string]string {
	t.Helper()
	page, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "cli.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(page), heading+"\n")
	if !ok {
		t.Fatalf("docs/cli.md has no %s", heading)
	}
	body, _, _ := strings.Cut(rest, "\n\n")
	rows := make(map[string]string)
	for row := range strings.Lines(body) {
		names, text, _ := strings.Cut(strings.TrimPrefix(row, "|"), "|")
		for _, name := range quoted.FindAllStringSubmatch(names, -1) {
			rows[name[1]] = text
		}
	}
	return rows
}

// The commands with --json are the commands in the table of their fields.
func TestJSONIsDocumented(t *testing.T) {
	t.Parallel()
	var want []string
	for _, c := range allCommands(newApp(Streams{}).root()) {
		// A command that lists records by default is documented under list.
		if c.Flag("json") != nil && !c.HasSubCommands() {
			want = append(want, strings.TrimPrefix(c.CommandPath(), "tusker "))
		}
	}
	got := slices.Collect(maps.Keys(table(t, "| command | fields |")))
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("commands (-with --json +in docs/cli.md):\n%s", diff)
	}
}

// docs/cli.md documents all events of uploads, and their fields.
func TestEventsAreDocumented(t *testing.T) {
	t.Parallel()
	want := ownEvents(t)
	for kind := client.EventKind(1); kind.String() != client.EventKind(0).String(); kind++ {
		want = append(want, kind.String())
	}
	rows := table(t, "| event | when | more fields |")
	got := slices.Collect(maps.Keys(rows))
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events (-in the code +in docs/cli.md):\n%s", diff)
	}
	for _, f := range fields(output.Summary{}) {
		if !strings.Contains(rows["summary"], "`"+f+"`") && !strings.Contains(rows["summary"], "`"+f+"?`") {
			t.Errorf("the summary has %s, which docs/cli.md does not", f)
		}
	}
	page, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "cli.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range slices.Concat(fields(output.Event{}), fields(output.Plan{}), fields(output.Error{})) {
		if !strings.Contains(string(page), "`"+f+"`") && !strings.Contains(string(page), "`"+f+"?`") {
			t.Errorf("events have %s, which docs/cli.md does not", f)
		}
	}
}

// ownEvents returns the constants of package output that name events. Literals are
// not allowed as names of events.
func ownEvents(t *testing.T) []string {
	t.Helper()
	var names []string
	files, err := filepath.Glob(filepath.Join("..", "*", "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.KeyValueExpr:
				key, _ := n.Key.(*ast.Ident)
				if _, literal := n.Value.(*ast.BasicLit); literal && key != nil && key.Name == "Event" {
					t.Errorf("%s names an event by a literal", name)
				}
			case *ast.ValueSpec:
				if file.Name.Name != "output" || len(n.Values) != 1 || !strings.HasPrefix(strings.ToLower(n.Names[0].Name), "event") {
					break
				}
				if text, ok := n.Values[0].(*ast.BasicLit); ok {
					event, err := strconv.Unquote(text.Value)
					if err != nil {
						t.Error(err)
					}
					names = append(names, event)
				}
			}
			return true
		})
	}
	return names
}

// fields returns the names of the fields of a struct in JSON.
func fields(v any) []string {
	var names []string
	for _, f := range reflect.VisibleFields(reflect.TypeOf(v)) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name != "event" && name != "" {
			names = append(names, name)
		}
	}
	return names
}
