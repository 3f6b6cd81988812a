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

// docs/conformance.md lists the current rules.
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
		t.Skip("the test needs the whole repository")
	}
	if err != nil {
		t.Fatal(err)
	}
	if strings.ReplaceAll(string(got), "\r\n", "\n") != want {
		t.Errorf("%s is not up to date, run go generate ./...", path)
	}
}

func docs() string {
	var b strings.Builder
	p := func(format string, args ...any) { _, _ = fmt.Fprintf(&b, format+"\n", args...) }
	rules := conformance.Rules()
	p("<!-- Generated from the rules by `go generate` in testserver/conformance. -->")
	p("")
	p("# Conformance to tus 1.0.0")
	p("")
	p("`tusker conformance ENDPOINT` checks a server against the [specification](https://tus.io/protocols/resumable-upload).")
	p("The package [testserver/conformance](../testserver/conformance/doc.go) does the same in a program or a test.")
	p("There are %d rules. Each rule is one requirement on servers, in the words of the specification.", len(rules))
	p("[Results of real servers](conformance-servers.md) shows how three servers follow the rules.")
	p("")
	p("| status | meaning |")
	p("| --- | --- |")
	for _, row := range [][2]any{
		{conformance.Pass, "the server follows the rule"},
		{conformance.Fail, "a MUST or a MUST NOT is broken"},
		{conformance.Warn, "a SHOULD or a SHOULD NOT is broken"},
		{conformance.Skip, "the rule does not apply: the server does not announce the extension, or does not send the header"},
		{conformance.Unable, "the rule could not be checked, and the report gives the reason"},
	} {
		p("| %s | %s |", row[0], row[1])
	}
	p("")
	p("A MUST of the core protocol that is unable because the server did not answer fails the run.")
	p("The run has an obstacle if more rules are unable than were checked, and it ends early if the first uploads cannot be reached at their `Location`.")
	p("")
	p("Each rule creates uploads of at most 16 KiB, and deletes them if the server announces `termination`.")
	p("Without `Tus-Max-Size`, one rule creates an upload with a length of 2^53-1 bytes and sends none of them.")
	p("Requests have `Tus-Resumable: 1.0.0`, except in rules about that header. The report omits it.")
	p("The specification uses `SHALL NOT` once, which means `MUST NOT`.")
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
	p("These requirements on servers have no rule, for the reason below each of them.")
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
