package prose

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
)

// Finding is a sentence that breaks a rule.
type Finding struct {
	File     string // as it was named to [File] or [Page], or relative to the root of [Tree]
	Line     int
	Sentence string
	Reason   string
}

// String returns the finding in the form of a compiler message.
func (f Finding) String() string {
	return fmt.Sprintf("%s:%d: %s: %q", f.File, f.Line, f.Reason, excerpt(f.Sentence))
}

// excerpt returns the first words of a sentence.
func excerpt(sentence string) string {
	const most = 60
	if len(sentence) <= most {
		return sentence
	}
	cut := strings.LastIndexByte(sentence[:most], ' ')
	if cut < 0 {
		cut = most
	}
	return strings.ToValidUTF8(sentence[:cut], "") + "…"
}

// File checks the comments and the messages of a Go file. Generated files have no
// findings. The error is that of the parser.
func File(name string, source []byte) ([]Finding, error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, name, source, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	if ast.IsGenerated(file) {
		return nil, nil
	}
	names := docNames(file)
	var out []Finding
	for _, group := range file.Comments {
		first := fset.Position(group.Pos()).Line
		for i, s := range sentences(group, fset) {
			name := ""
			if i == 0 {
				name = names[group]
			}
			if why := reason(s.text, name); why != "" {
				out = append(out, Finding{File: fset.Position(group.Pos()).Filename, Line: first + s.line, Sentence: s.text, Reason: why})
			}
		}
	}
	out = append(out, messages(file, fset)...)
	slices.SortStableFunc(out, func(a, b Finding) int { return a.Line - b.Line })
	return out, nil
}

// messageFuncs are the methods and functions whose first string is a message.
var messageFuncs = []string{"Error", "Errorf", "Fatal", "Fatalf", "Skip", "Skipf", "Log", "Logf", "New"}

// messages checks the texts of errors and of test failures.
func messages(file *ast.File, fset *token.FileSet) []Finding {
	var out []Finding
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) == 0 {
			return true
		}
		called, ok := call.Fun.(*ast.SelectorExpr)
		if !ok || !slices.Contains(messageFuncs, called.Sel.Name) {
			return true
		}
		literal, ok := call.Args[0].(*ast.BasicLit)
		if !ok || literal.Kind != token.STRING {
			return true
		}
		text, err := strconv.Unquote(literal.Value)
		if why := reason(text, ""); err == nil && why != "" {
			at := fset.Position(literal.Pos())
			out = append(out, Finding{File: at.Filename, Line: at.Line, Sentence: text, Reason: why})
		}
		return true
	})
	return out
}

// docNames maps each doc comment to the name that it describes.
func docNames(file *ast.File) map[*ast.CommentGroup]string {
	names := make(map[*ast.CommentGroup]string)
	ast.Inspect(file, func(n ast.Node) bool {
		switch d := n.(type) {
		case *ast.FuncDecl:
			names[d.Doc] = d.Name.Name
		case *ast.GenDecl:
			if len(d.Specs) == 1 {
				names[d.Doc] = specName(d.Specs[0])
			}
		case *ast.TypeSpec:
			names[d.Doc] = d.Name.Name
		case *ast.ValueSpec:
			names[d.Doc] = d.Names[0].Name
		case *ast.Field:
			if len(d.Names) > 0 {
				names[d.Doc] = d.Names[0].Name
			}
		}
		return true
	})
	delete(names, nil)
	return names
}

func specName(spec ast.Spec) string {
	switch s := spec.(type) {
	case *ast.TypeSpec:
		return s.Name.Name
	case *ast.ValueSpec:
		return s.Names[0].Name
	}
	return ""
}
