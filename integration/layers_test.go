package integration

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// layered is a package and its purpose. Its path is relative to the module; "." is the
// package of the module itself.
type layered struct{ path, purpose string }

// layering has the packages of a module in layers, from the bottom to the top. A package
// imports only packages of lower layers. These are the only lists of them: a page for
// readers and the depguard rules of .golangci.yml are compared with them.
type layering struct {
	module string
	page   string // the page with the diagram
	layers [][]layered

	// above are packages that must not import the packages of below, although these are in
	// lower layers. why is the reason.
	above, below []string
	apart, why   string // name of the depguard rule for above, and the reason
}

var layerings = []layering{clientLayers, cliLayers}

var clientLayers = layering{
	module: "client", page: "../docs/how-an-upload-goes.md",
	layers: [][]layered{
		{
			{"filelock", "a lock on an open file, for all processes"},
			{"internal/cause", "why a context ended"},
			{"internal/redact", "URLs and texts as messages show them"},
			{"internal/timestep", "the clocks of file systems"},
		},
		{
			{"failure", "errors, and the class of each"},
		},
		{
			{"internal/address", "URLs: origins, Location, redirects"},
			{"internal/header", "how much of a header is kept"},
			{"internal/input", "how reading the bytes of a source ends"},
			{"internal/network", "the class of an exchange without an answer"},
			{"internal/partial", "validators and ranges of answers"},
		},
		{
			{"source", "the bytes of an upload, and their identity"},
		},
		{
			{"internal/handle", "calls on an opened source"},
			{"internal/dialect", "what the driver of a protocol offers"},
			{"internal/wire", "one HTTP exchange: body, watchdog, pace"},
			{"journal", "records of uploads, and the store that has them"},
		},
		{
			{"internal/engine", "the state machine of one upload: decide.go, loop.go"},
			{"internal/rufh", "the driver for Resumable Uploads for HTTP"},
			{"internal/tus", "the driver for tus 1.0.0: headers, statuses, Judge"},
		},
		{
			{"internal/download", "a download that resumes"},
			{"internal/record", "when the record of an upload is written"},
		},
		{
			{"internal/parts", "an upload in several parts, and their join"},
		},
		{
			{".", "what programs call: Config, Upload, Resume, Download"},
		},
		{
			// Only programs and tests import the packages below this line.
			{"filestore", "a journal.Store in a folder"},
			{"internal/fake", "a server in memory, for tests"},
			{"internal/fake/content", "a server of a download in memory, for tests"},
			{"internal/fake/object", "a server of an object to upload, for tests"},
			{"lease", "a lock that expires unless it is renewed"},
			{"source/httpsource", "a source at an http or https URL"},
			{"sourcetest", "tests for a source.Source"},
			{"storetest", "tests for a journal.Store"},
			{"storetest/databases", "real servers of databases, for tests"},
		},
		{
			{"internal/clienttest", "what the tests of client share"},
			{"internal/dialecttest", "whole uploads over any dialect"},
		},
	},
	// The packages that work with every protocol must not import the driver of one, nor the
	// HTTP exchange below it.
	above: []string{"internal/engine", "internal/record", "internal/parts"},
	below: []string{"internal/rufh", "internal/tus", "internal/wire"},
	apart: "dialect", why: "the package is for every protocol",
}

var cliLayers = layering{
	module: "cli", page: "../CONTRIBUTING.md",
	layers: [][]layered{
		{
			{"internal/disposal", "files that leave their place after the upload"},
			{"internal/download", "the file of a download, and its name until it is complete"},
			{"internal/exit", "exit codes, and the code of each error"},
			{"internal/glob", "patterns for names of files"},
			{"internal/localengine", "one engine for the processes of a machine"},
			{"internal/manpage", "manual pages"},
			{"internal/mediatype", "media types by extension"},
			{"internal/netrc", "the netrc file"},
			{"internal/output", "lines, tables and JSON, and the screen with its bars"},
			{"internal/profile", "known servers and their rules"},
			{"internal/shell", "words for a shell, and commands in it"},
			{"internal/suggest", "the name that was meant"},
			{"internal/terminaltest", "a terminal, for tests"},
			{"internal/textfile", "text files of all systems"},
			{"internal/units", "sizes, rates and ages as text"},
			{"internal/version", "the version of the program"},
		},
		{
			{"engine", "the engine of jobs, inside the program"},
			{"internal/config", "the config file"},
			{"internal/faults", "faults as text"},
			{"internal/inbox", "finished uploads of serve under their own names"},
			{"internal/jobpage", "the page and the metrics of a job"},
			{"internal/logs", "the log, for people or as JSON"},
			{"internal/manifest", "the list of files that were sent, with their SHA-256"},
			{"internal/progress", "bars and lines of progress"},
			{"internal/remote", "files that are not on this machine"},
			{"internal/usage", "the arguments of commands"},
		},
		{
			{"internal/advice", "hints, and the error of several things"},
			{"internal/records", "records of uploads between runs"},
		},
		{
			{"internal/console", "the streams of a run: say, complain, report"},
			{"internal/demo", "the upload of the command demo"},
			{"internal/doctor", "what is between this machine and a server"},
		},
		{
			{"internal/settings", "flags from the environment, the config file and a profile"},
		},
		{
			{"internal/flags", "the flags that commands share, by group"},
		},
		{
			{"internal/batch", "the files of an upload command: list, order, plan, run"},
			{"internal/job", "the files of a job below their roots, and its state as text"},
		},
		{
			{"internal/app", "one file for each command"},
		},
		{
			{"cmd/tusker", "the program"},
		},
	},
}

// TestLayers compares the imports of each package with the table of layers. Files for all
// systems count, and test files do not.
func TestLayers(t *testing.T) {
	for _, l := range layerings {
		t.Run(l.module, l.compareImports)
	}
}

func (l layering) compareImports(t *testing.T) {
	height := map[string]int{}
	for i, layer := range l.layers {
		for _, pkg := range layer {
			height[pkg.path] = i + 1
		}
	}
	found := map[string]bool{}
	for _, imp := range importsOf(t, l.module) {
		found[imp.from] = true
		from, known := height[imp.from]
		if !known {
			t.Errorf("%s: package %q is not in the table of layers", imp.file, imp.from)
			continue
		}
		to, known := height[imp.to]
		switch {
		case imp.to == "":
		case !known:
			t.Errorf("%s imports %q, which is not in the table of layers", imp.file, imp.to)
		case to >= from:
			t.Errorf("%s imports %q: layer %d must not import layer %d", imp.file, imp.to, from, to)
		case slices.Contains(l.above, imp.from) && slices.Contains(l.below, imp.to):
			t.Errorf("%s imports %q: %s", imp.file, imp.to, l.why)
		}
	}
	for path := range height {
		if !found[path] {
			t.Errorf("package %q of the table of layers does not exist", path)
		}
	}
}

// TestLayersDiagram compares the diagrams for readers with the tables of layers.
func TestLayersDiagram(t *testing.T) {
	for _, l := range layerings {
		if want := l.diagram(); !strings.Contains(text(t, l.page), "```\n"+want+"```") {
			t.Errorf("%s does not have this diagram:\n%s", l.page, want)
		}
	}
}

// TestLayersDepguard compares the rules of the linter with the tables of layers.
func TestLayersDepguard(t *testing.T) {
	const config = "../.golangci.yml"
	for _, l := range layerings {
		if want := l.depguard(); !strings.Contains(text(t, config), want) {
			t.Errorf("%s does not have these rules of depguard:\n%s", config, want)
		}
	}
}

// diagram draws the table with the highest layer first.
func (l layering) diagram() string {
	var b strings.Builder
	for i, layer := range slices.Backward(l.layers) {
		mark := strconv.Itoa(i + 1)
		for _, pkg := range layer {
			_, _ = fmt.Fprintf(&b, "%-3s%-21s %s\n", mark, l.shown(pkg.path), pkg.purpose)
			mark = ""
		}
		if i > 0 {
			b.WriteString("\n")
		}
	}
	return b.String()
}

// shown returns the name of a package in the diagram.
func (l layering) shown(path string) string {
	if path == "." {
		return l.module
	}
	return path
}

// depguard writes a rule for each layer: its packages may import those of the lower
// layers, and no other package of the module.
func (l layering) depguard() string {
	var b strings.Builder
	var lower []string
	// "cli" alone would be the beginning of "client", too.
	module := l.module + "/"
	if slices.ContainsFunc(slices.Concat(l.layers...), func(pkg layered) bool { return pkg.path == "." }) {
		module = l.module
	}
	for i, layer := range l.layers {
		var files, own []string
		for _, pkg := range layer {
			dir := filepath.ToSlash(filepath.Join(l.module, pkg.path))
			files = append(files, fmt.Sprintf("%q", "**/"+dir+"/*.go"))
			own = append(own, prefix+dir+"$")
		}
		_, _ = fmt.Fprintf(&b, "        %s-layer-%d:\n", l.module, i+1)
		_, _ = fmt.Fprintf(&b, "          files: [%s, \"!$test\"]\n", strings.Join(files, ", "))
		b.WriteString("          list-mode: lax\n")
		if len(lower) > 0 {
			b.WriteString("          allow:\n")
			for _, path := range lower {
				_, _ = fmt.Fprintf(&b, "            - %s\n", path)
			}
		}
		b.WriteString("          deny:\n")
		_, _ = fmt.Fprintf(&b, "            - {pkg: %s%s, desc: an import points to a lower layer}\n", prefix, module)
		lower = append(lower, own...)
	}
	if len(l.above) == 0 {
		return b.String()
	}
	var files []string
	for _, path := range l.above {
		files = append(files, fmt.Sprintf("%q", "**/"+l.module+"/"+path+"/*.go"))
	}
	_, _ = fmt.Fprintf(&b, "        %s-above-%s:\n          files: [%s, \"!$test\"]\n          deny:\n", l.module, l.apart, strings.Join(files, ", "))
	for _, path := range l.below {
		_, _ = fmt.Fprintf(&b, "            - {pkg: %s%s/%s, desc: %s}\n", prefix, l.module, path, l.why)
	}
	return b.String()
}

// moduleImport is an import of one package of a module by another. If to is "", the entry
// only says that the package from exists.
type moduleImport struct{ file, from, to string }

// importsOf reads the imports of the files of a module that are not tests. A folder with
// its own go.mod is another module.
func importsOf(t *testing.T, module string) []moduleImport {
	t.Helper()
	root := filepath.Join("..", module)
	var all []moduleImport
	for _, file := range goFiles(t, root) {
		dir, err := filepath.Rel(root, filepath.Dir(file))
		if err != nil {
			t.Fatal(err)
		}
		from := filepath.ToSlash(dir)
		all = append(all, moduleImport{file: file, from: from})
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range f.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			to, ours := strings.CutPrefix(path+"/", prefix+module+"/")
			if !ours {
				continue
			}
			if to = strings.TrimSuffix(to, "/"); to == "" {
				to = "."
			}
			all = append(all, moduleImport{file, from, to})
		}
	}
	return all
}

// goFiles lists the Go files of the module in root, without tests and test data.
func goFiles(t *testing.T, root string) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir():
			_, err := os.Stat(filepath.Join(path, "go.mod"))
			if d.Name() == "testdata" || err == nil && path != root {
				return filepath.SkipDir
			}
		case strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go"):
			files = append(files, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestUploadPageNames finds names in docs/how-an-upload-goes.md that the code does not have.
func TestUploadPageNames(t *testing.T) {
	known := map[string]bool{}
	for _, file := range goFiles(t, filepath.Join("..", "client")) {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		known[f.Name.Name] = true
		ast.Inspect(f, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok {
				known[id.Name] = true
			}
			return true
		})
	}
	const page = "../docs/how-an-upload-goes.md"
	name := regexp.MustCompile("`([A-Za-z]+(?:\\.[A-Za-z]+)*)`")
	for _, match := range name.FindAllStringSubmatch(prose(t, page), -1) {
		for part := range strings.SplitSeq(match[1], ".") {
			if !known[part] && !slices.Contains([]string{"integration", "TestLayers", "TestSeam", "fake"}, part) {
				t.Errorf("`%s`: client has no %s", match[1], part)
			}
		}
	}
	path := regexp.MustCompile("`([a-z_]+)/([a-z_]+\\.go)`")
	for _, match := range path.FindAllStringSubmatch(prose(t, page), -1) {
		dir := match[1]
		if dir != "client" {
			dir = "client/internal/" + dir
		}
		if _, err := os.Stat(filepath.Join("..", filepath.FromSlash(dir), match[2])); err != nil {
			t.Error(err)
		}
	}
}
