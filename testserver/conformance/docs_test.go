package conformance_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tusker-go/tusker/testserver/conformance"
)

//go:generate go test -run ^TestDocs$ . -update

var update = flag.Bool("update", false, "write docs/conformance.md")

// The documentation lists the rules as they are.
func TestDocs(t *testing.T) {
	path := filepath.Join("..", "..", "docs", "conformance.md")
	want := docs()
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		t.Skip("the module is not in its repository")
	}
	if err != nil {
		t.Fatal(err)
	}
	if strings.ReplaceAll(string(got), "\r\n", "\n") != want {
		t.Errorf("%s is not up to date: go generate ./...", path)
	}
}

func docs() string {
	var b strings.Builder
	p := func(format string, args ...any) { _, _ = fmt.Fprintf(&b, format+"\n", args...) }
	rules := conformance.Rules()
	p("<!-- Made from the rules by `go generate` in testserver/conformance. -->")
	p("")
	p("# Conformance to tus 1.0.0")
	p("")
	p("`tusker conformance ENDPOINT` checks a server against the [specification](https://tus.io/protocols/resumable-upload),")
	p("and so does [testserver/conformance](../testserver/conformance/doc.go) in a program or a test:")
	p("%d rules, each of them one requirement on servers in the specification's words. [What", len(rules))
	p("real servers do](conformance-servers.md) is told elsewhere.")
	p("")
	p("| status | meaning |")
	p("| --- | --- |")
	for _, row := range [][2]any{
		{conformance.Pass, "the server keeps to the rule"},
		{conformance.Fail, "a MUST or a MUST NOT is broken"},
		{conformance.Warn, "a SHOULD or a SHOULD NOT is broken"},
		{conformance.Skip, "what the rule is about is not there: an extension is not announced, a header is not sent"},
		{conformance.Unable, "it could not be tried, and the report says why"},
	} {
		p("| %s | %s |", row[0], row[1])
	}
	p("")
	p("A rule makes uploads of its own, of at most 16 KiB, and deletes them where the server announces `termination`.")
	p("Without `Tus-Max-Size`, one is created with a length of 2^53-1 bytes, of which none are sent.")
	p("Requests carry `Tus-Resumable: 1.0.0` unless the rule is about that header; the report leaves it out.")
	p("The specification has `SHALL NOT` in one place, which is the same as `MUST NOT`.")
	p("")
	p("## Rules")
	section := ""
	for _, r := range rules {
		if r.Section != section {
			section = r.Section
			p("")
			p("### %s", section)
		}
		about := string(r.Extension)
		p("")
		p("**%s** · %s · %s", r.ID, r.Level, about)
		p("")
		p("> %s", r.Sentence)
		p("")
		p("%s", r.Tested)
	}
	p("")
	p("## Not tested")
	p("")
	p("Requirements on servers that have no rule, and why.")
	for _, r := range conformance.Untested() {
		p("")
		p("### %s · %s", r.Section, r.Level)
		p("")
		p("> %s", r.Sentence)
		p("")
		p("%s", r.Reason)
	}
	return b.String()
}
