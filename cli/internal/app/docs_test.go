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
	"github.com/spf13/pflag"

	"github.com/tusker-go/tusker/cli/internal/flags"
	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/client"
)

var (
	quoted   = regexp.MustCompile("`([^`]+)`")
	flagName = regexp.MustCompile(`^--?[a-zA-Z0-9.-]+`)
)

// contract returns docs/cli.md.
func contract(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "cli.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// table returns the rows of the table under that heading of docs/cli.md, by each of
// the names in the first column.
func table(t *testing.T, heading string) map[string]string {
	t.Helper()
	_, rest, ok := strings.Cut(contract(t), heading+"\n")
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

// Each flag of a command has a row under its group in docs/cli.md, and each row is that of a
// flag.
func TestFlagsAreDocumented(t *testing.T) {
	t.Parallel()
	want, got := make(map[string]bool), make(map[string]bool)
	for _, c := range allCommands(newApp(Streams{}).root()) {
		for _, group := range flagGroups(c) {
			heading := group.heading
			if heading == string(flags.GroupCommand) {
				heading = "Flags of single commands"
			}
			group.flags.VisitAll(func(f *pflag.Flag) {
				if !c.Hidden && !f.Hidden {
					want[heading+": --"+f.Name] = true
				}
				if !c.Hidden && f.Shorthand != "" {
					want[heading+": -"+f.Shorthand] = true
				}
			})
		}
	}
	heading := ""
	for line := range strings.Lines(contract(t)) {
		if title, ok := strings.CutPrefix(line, "#"); ok {
			heading = strings.Trim(title, "# \n")
		}
		names, _, isRow := strings.Cut(strings.TrimPrefix(line, "| "), " | ")
		if !isRow || !strings.HasPrefix(heading, "Flags ") {
			continue
		}
		for _, name := range quoted.FindAllStringSubmatch(names, -1) {
			if flag := flagName.FindString(name[1]); flag != "" {
				got[heading+": "+flag] = true
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("flags (-in the code +in docs/cli.md):\n%s", diff)
	}
}

// Each command has a row in docs/cli.md.
func TestCommandsAreDocumented(t *testing.T) {
	t.Parallel()
	rows := table(t, "| command | does | standard output |")
	documented := make(map[string]bool)
	for name := range rows {
		documented[strings.Join(slices.DeleteFunc(strings.Fields(name), func(word string) bool { return strings.ToLower(word) != word }), " ")] = true
	}
	root := newApp(Streams{}).root()
	root.InitDefaultHelpCmd()
	for _, c := range allCommands(root) {
		name := strings.TrimPrefix(c.CommandPath(), "tusker ")
		if c.HasParent() && !c.Hidden && !documented[name] && name != "config" && name != "job" {
			t.Errorf("docs/cli.md has no row for tusker %s", name)
		}
		delete(documented, name)
	}
	for name := range documented {
		t.Errorf("docs/cli.md has the command %q, which does not exist", name)
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
	text := contract(t)
	for _, f := range slices.Concat(fields(output.Event{}), fields(output.Plan{}), fields(output.Error{})) {
		if !strings.Contains(text, "`"+f+"`") && !strings.Contains(text, "`"+f+"?`") {
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
		t.Fatalf("error %v, want no error and some files", err)
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
