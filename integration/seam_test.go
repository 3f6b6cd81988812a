package integration

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The drivers, and the servers and helpers of tests, may use all names of their protocols.
var speaksTus = []string{"internal/tus", "internal/rufh", "internal/fake", "internal/fake/content", "internal/clienttest"}

// These packages handle the parts of HTTP that all protocols share: credentials,
// redirects, waits, and the GET of a download. They may use names of HTTP, and no names
// of tus.
var speaksHTTP = []string{"internal/wire", "internal/address", "internal/download", "internal/partial", "internal/fake/object", "source/httpsource"}

// These packages may compare statuses of errors, such as those of proxies.
var speaksErrors = []string{"failure", "internal/network"}

// TestSeam finds the names of headers, media types and statuses, and parsers of tus,
// outside the packages that may use them. Without such names, a second protocol needs no
// change in the other packages.
func TestSeam(t *testing.T) {
	root := filepath.Join("..", "client")
	for _, file := range goFiles(t, root) {
		dir, err := filepath.Rel(root, filepath.Dir(file))
		if err != nil {
			t.Fatal(err)
		}
		pkg := filepath.ToSlash(dir)
		for _, n := range namesIn(t, file, nil) {
			switch {
			case slices.Contains(speaksTus, pkg):
			case n.kind != kindTus && slices.Contains(speaksHTTP, pkg):
			case n.kind == kindError && slices.Contains(speaksErrors, pkg):
			default:
				t.Errorf("%s: only the driver of a protocol may use %s", n.position, n.text)
			}
		}
	}
}

// The search finds the names of protocols, and nothing else.
func TestSeamSearch(t *testing.T) {
	for source, want := range map[string][]string{
		`h.Get("Upload-Offset")`:                          {`"Upload-Offset"`},
		`h.Get("upload-complete")`:                        {`"upload-complete"`},
		`h.Get("Tus-Resumable")`:                          {`"Tus-Resumable"`},
		`h.Get("Retry-After")`:                            {`"Retry-After"`},
		`h.Get("Location")`:                               {`"Location"`},
		`h.Get(protocol.HeaderUploadOffset)`:              {"protocol.HeaderUploadOffset"},
		`f(func(h protocol.Header) error { return nil })`: nil,
		`f(rufh.HeaderUploadComplete, rufh.Judge(x, r))`:  {"rufh.HeaderUploadComplete", "rufh.Judge"},
		`f(rufh.Version(8), rufh.Newest)`:                 nil,
		`f(protocol.ContentType)`:                         {"protocol.ContentType"},
		`f(protocol.ParsePatched(h))`:                     {"protocol.ParsePatched"},
		`f(protocol.ExtensionChecksum)`:                   {"protocol.ExtensionChecksum"},
		`f("application/offset+octet-stream")`:            {`"application/offset+octet-stream"`},
		`f("application/json")`:                           {`"application/json"`},
		`f(http.StatusNoContent, http.MethodGet)`:         {"http.StatusNoContent"},
		`f(http.StatusConflict)`:                          {"http.StatusConflict"},
		`f(status == 204, 409 == e.StatusCode)`:           {"status == 204", "409 == e.StatusCode"},
		`f(r.StatusCode/100 == 2)`:                        {"r.StatusCode / 100"},
		`f(e.StatusCode != 0)`:                            nil,
		`f("a message", "status", "--flag", "X", "a-b")`:  nil,
		`f(http.Header{}, protocol.Known(204))`:           nil,
	} {
		var got []string
		for _, n := range namesIn(t, "a.go", []byte("package a\nfunc a() {\n"+source+"\n}\n")) {
			got = append(got, n.text)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", source, diff)
		}
	}
}

// kindOfName determines which packages may use a name.
type kindOfName uint8

const (
	kindTus   kindOfName = iota // a name of tus or of another protocol for uploads
	kindHTTP                    // a name of HTTP
	kindError                   // the status of an error
)

// named is the position of the name of a header, a media type or a status.
type named struct {
	position string
	text     string
	kind     kindOfName
}

var (
	uploadField = regexp.MustCompile(`(?i)^(tus|upload)(-[a-z]+)+$`)
	field       = regexp.MustCompile(`^[A-Z][a-z]*(-[A-Z][A-Za-z]*)+$|^(Accept|Authorization|Cookie|Date|Digest|E[Tt]ag|Expect|Host|Link|Location|Range)$`)
	media       = regexp.MustCompile(`^(application|multipart|text)/[a-z0-9.+*-]+$`)
	tusName     = regexp.MustCompile(`^(Header|Extension|Parse).+|^(ContentType|SetVersion|Version)$`)
	rufhVersion = regexp.MustCompile(`^(Version|Oldest|Newest)$`)
	success     = regexp.MustCompile(`^Status(OK|Created|Accepted|NonAuthoritativeInfo|NoContent|ResetContent|PartialContent|MultiStatus|Found|SeeOther|NotModified|.*Redirect|MovedPermanently|MultipleChoices|Continue|EarlyHints|SwitchingProtocols)$`)
	statusName  = regexp.MustCompile(`(?i)status(code)?$`)
)

// namesIn searches a Go file for names that belong to a protocol. The content is read from
// the file if src is nil.
func namesIn(t *testing.T, file string, src []byte) []named {
	t.Helper()
	set := token.NewFileSet()
	var content any
	if src != nil {
		content = src
	}
	f, err := parser.ParseFile(set, file, content, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var all []named
	found := func(n ast.Node, text string, kind kindOfName) {
		all = append(all, named{set.Position(n.Pos()).String(), text, kind})
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ImportSpec:
			return false
		case *ast.BasicLit:
			text, err := strconv.Unquote(n.Value)
			switch {
			case n.Kind != token.STRING || err != nil:
			case uploadField.MatchString(text), text == "application/offset+octet-stream":
				found(n, n.Value, kindTus)
			case field.MatchString(text), media.MatchString(text):
				found(n, n.Value, kindHTTP)
			}
		case *ast.SelectorExpr:
			pkg, ok := n.X.(*ast.Ident)
			switch {
			case !ok:
			case pkg.Name == "protocol" && tusName.MatchString(n.Sel.Name):
				found(n, "protocol."+n.Sel.Name, kindTus)
			case pkg.Name == "rufh" && !rufhVersion.MatchString(n.Sel.Name):
				found(n, "rufh."+n.Sel.Name, kindTus)
			case pkg.Name == "http" && success.MatchString(n.Sel.Name):
				found(n, "http."+n.Sel.Name, kindHTTP)
			case pkg.Name == "http" && strings.HasPrefix(n.Sel.Name, "Status") && n.Sel.Name != "StatusText":
				found(n, "http."+n.Sel.Name, kindError)
			}
		case *ast.BinaryExpr:
			if text, number := comparison(n); text != "" {
				kind := kindHTTP
				if number >= 400 {
					kind = kindError
				}
				found(n, text, kind)
			}
		}
		return true
	})
	return all
}

// comparison returns the text and the number of an expression that combines a status with
// a number. It returns "" for other expressions, and for the number 0, which means that
// there was no answer.
func comparison(n *ast.BinaryExpr) (string, int) {
	for _, pair := range [][2]ast.Expr{{n.X, n.Y}, {n.Y, n.X}} {
		lit, ok := pair[1].(*ast.BasicLit)
		if !ok || lit.Kind != token.INT || lit.Value == "0" || !statusName.MatchString(textOf(pair[0])) {
			continue
		}
		number, err := strconv.Atoi(lit.Value)
		if err != nil {
			continue
		}
		return textOf(n.X) + " " + n.Op.String() + " " + textOf(n.Y), number
	}
	return "", 0
}

// textOf returns the text of a name, a selector or a number, and "" for any other
// expression.
func textOf(x ast.Expr) string {
	switch x := x.(type) {
	case *ast.Ident:
		return x.Name
	case *ast.SelectorExpr:
		return textOf(x.X) + "." + x.Sel.Name
	case *ast.BasicLit:
		return x.Value
	}
	return ""
}
