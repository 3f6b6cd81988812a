package integration

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestPublicFunctions lists the exported functions of the packages of client that programs
// and implementations of sources and stores import. A helper that only client calls belongs
// to a package in client/internal.
func TestPublicFunctions(t *testing.T) {
	for pkg, want := range map[string][]string{
		"failure": {"NewDenial"},
		"journal": {"CheckAccount", "CheckKey", "Decode", "Encode", "PlaceSuffix", "SaveBySwap", "VersionOf"},
		"source":  {"Bytes", "Error", "Expect", "FS", "File", "NewFolder", "NewNetworkError", "NewRanged", "NewRequestError", "Open", "ParseURL", "Path", "ReaderAt", "Root", "Snapshot", "Stream", "StreamFunc"},
	} {
		var got []string
		for _, file := range goFiles(t, filepath.Join("..", "client", pkg)) {
			f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			for _, decl := range f.Decls {
				if fn, ok := decl.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.IsExported() {
					got = append(got, fn.Name.Name)
				}
			}
		}
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", pkg, diff)
		}
	}
}
