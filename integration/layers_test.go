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

// layered is a package of client and its purpose. Its path is relative to client; "." is
// client itself.
type layered struct{ path, purpose string }

// layers are the packages of client, from the bottom to the top. A package imports only
// packages of lower layers. This is the only list of them: docs/how-an-upload-goes.md and
// the depguard rules of .golangci.yml are compared with it.
var layers = [][]layered{
	{
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
	},
	{
		{"source", "the bytes of an upload, and their identity"},
	},
	{
		{"internal/opened", "calls on an opened source"},
		{"internal/dialect", "what the driver of a protocol offers"},
		{"internal/wire", "one HTTP exchange: body, watchdog, pace"},
		{"journal", "records of uploads, and the store that has them"},
	},
	{
		{"internal/engine", "the state machine of one upload: decide.go, loop.go"},
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
		{"sourcetest", "tests for a source.Source"},
		{"storetest", "tests for a journal.Store"},
	},
	{
		{"internal/clienttest", "what the tests of client share"},
		{"internal/dialecttest", "whole uploads over any dialect"},
	},
}

// aboveDialect are the packages that work with every protocol. They must not import the
// driver of one, nor the HTTP exchange below it, although these are in lower layers.
var (
	aboveDialect = []string{"internal/engine", "internal/record", "internal/parts"}
	belowDialect = []string{"internal/tus", "internal/wire"}
)

// TestLayers compares the imports of each package of client with the table of layers.
// Files for all systems count, and test files do not.
func TestLayers(t *testing.T) {
	height := map[string]int{}
	for i, layer := range layers {
		for _, pkg := range layer {
			height[pkg.path] = i + 1
		}
	}
	found := map[string]bool{}
	for _, imp := range clientImports(t) {
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
		case slices.Contains(aboveDialect, imp.from) && slices.Contains(belowDialect, imp.to):
			t.Errorf("%s imports %q, but %q is for every protocol", imp.file, imp.to, imp.from)
		}
	}
	for path := range height {
		if !found[path] {
			t.Errorf("package %q of the table of layers does not exist", path)
		}
	}
}

// TestLayersDiagram compares the diagram for readers with the table of layers.
func TestLayersDiagram(t *testing.T) {
	const page = "../docs/how-an-upload-goes.md"
	if want := layersDiagram(); !strings.Contains(text(t, page), "```\n"+want+"```") {
		t.Errorf("%s does not have this diagram:\n%s", page, want)
	}
}

// TestLayersDepguard compares the rules of the linter with the table of layers.
func TestLayersDepguard(t *testing.T) {
	const config = "../.golangci.yml"
	if want := layersDepguard(); !strings.Contains(text(t, config), want) {
		t.Errorf("%s does not have these rules of depguard:\n%s", config, want)
	}
}

// layersDiagram draws the table with the highest layer first.
func layersDiagram() string {
	var b strings.Builder
	for i, layer := range slices.Backward(layers) {
		mark := strconv.Itoa(i + 1)
		for _, pkg := range layer {
			_, _ = fmt.Fprintf(&b, "%-3s%-21s %s\n", mark, shownPath(pkg.path), pkg.purpose)
			mark = ""
		}
		if i > 0 {
			b.WriteString("\n")
		}
	}
	return b.String()
}

func shownPath(path string) string {
	if path == "." {
		return "client"
	}
	return path
}

// layersDepguard writes a rule for each layer: its packages may import those of the lower
// layers, and no other package of client.
func layersDepguard() string {
	var b strings.Builder
	var lower []string
	for i, layer := range layers {
		var files, own []string
		for _, pkg := range layer {
			dir := filepath.ToSlash(filepath.Join("client", pkg.path))
			files = append(files, fmt.Sprintf("%q", "**/"+dir+"/*.go"))
			own = append(own, prefix+dir+"$")
		}
		_, _ = fmt.Fprintf(&b, "        client-layer-%d:\n", i+1)
		_, _ = fmt.Fprintf(&b, "          files: [%s, \"!$test\"]\n", strings.Join(files, ", "))
		b.WriteString("          list-mode: lax\n")
		if len(lower) > 0 {
			b.WriteString("          allow:\n")
			for _, path := range lower {
				_, _ = fmt.Fprintf(&b, "            - %s\n", path)
			}
		}
		b.WriteString("          deny:\n")
		_, _ = fmt.Fprintf(&b, "            - {pkg: %sclient, desc: an import points to a lower layer}\n", prefix)
		lower = append(lower, own...)
	}
	var files []string
	for _, path := range aboveDialect {
		files = append(files, fmt.Sprintf("%q", "**/client/"+path+"/*.go"))
	}
	_, _ = fmt.Fprintf(&b, "        client-above-dialect:\n          files: [%s, \"!$test\"]\n          deny:\n", strings.Join(files, ", "))
	for _, path := range belowDialect {
		_, _ = fmt.Fprintf(&b, "            - {pkg: %sclient/%s, desc: the package is for every protocol}\n", prefix, path)
	}
	return b.String()
}

// clientImport is an import of one package of client by another. If to is "", the entry
// only says that the package from exists.
type clientImport struct{ file, from, to string }

// clientImports reads the imports of the files of client that are not tests. A folder with
// its own go.mod is another module.
func clientImports(t *testing.T) []clientImport {
	t.Helper()
	root := filepath.Join("..", "client")
	var all []clientImport
	for _, file := range goFiles(t, root) {
		dir, err := filepath.Rel(root, filepath.Dir(file))
		if err != nil {
			t.Fatal(err)
		}
		from := filepath.ToSlash(dir)
		all = append(all, clientImport{file: file, from: from})
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range f.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			to, ours := strings.CutPrefix(path+"/", prefix+"client/")
			if !ours {
				continue
			}
			if to = strings.TrimSuffix(to, "/"); to == "" {
				to = "."
			}
			all = append(all, clientImport{file, from, to})
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
