package conformance_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tusker-go/tusker/protocol/rufh"
	"github.com/tusker-go/tusker/testserver/conformance"
)

//go:generate go test -run ^TestDocs$ . -update

var update = flag.Bool("update", false, "write docs/conformance.md and docs/conformance-rufh.md")

// The pages about conformance list the current rules.
func TestDocs(t *testing.T) {
	for name, want := range map[string]string{"conformance.md": docs(), "conformance-rufh.md": docsRUFH()} {
		path := filepath.Join("..", "..", "docs", name)
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
}

// page is the text of a page.
type page struct{ strings.Builder }

// p adds a line.
func (b *page) p(format string, args ...any) { _, _ = fmt.Fprintf(b, format+"\n", args...) }

// statuses adds the table of statuses.
func (b *page) statuses(skip string) {
	b.p("| status | meaning |")
	b.p("| --- | --- |")
	for _, row := range [][2]any{
		{conformance.Pass, "the server follows the rule"},
		{conformance.Fail, "a MUST or a MUST NOT is broken"},
		{conformance.Warn, "a SHOULD or a SHOULD NOT is broken"},
		{conformance.Skip, "the rule does not apply: " + skip},
		{conformance.Unable, "the rule could not be checked, and the report gives the reason"},
	} {
		b.p("| %s | %s |", row[0], row[1])
	}
	b.p("")
}

// rules adds the rules, with what about says about each.
func (b *page) rules(rules []conformance.Rule, about func(conformance.Rule) string) {
	b.p("## Rules")
	section := ""
	for _, r := range rules {
		if r.Section != section {
			section = r.Section
			b.p("")
			b.p("### %s", section)
		}
		b.p("")
		b.p("**%s** · %s · %s", r.ID, r.Level, about(r))
		b.p("")
		b.p("> %s", r.Sentence)
		b.p("")
		b.p("%s", r.Tested)
	}
	b.p("")
}

// untested adds the requirements without a rule.
func (b *page) untested(all []conformance.Requirement) {
	b.p("## Not tested")
	b.p("")
	b.p("These requirements on servers have no rule, for the reason below each of them.")
	for _, r := range all {
		b.p("")
		b.p("### %s · %s", r.Section, r.Level)
		b.p("")
		b.p("> %s", r.Sentence)
		b.p("")
		b.p("%s", r.Reason)
	}
}

func docs() string {
	b := &page{}
	rules := conformance.Tus.Rules()
	b.p("<!-- Generated from the rules by `go generate` in testserver/conformance. -->")
	b.p("")
	b.p("# Conformance to tus 1.0.0")
	b.p("")
	b.p("`tusker conformance ENDPOINT` checks a server against the [specification](https://tus.io/protocols/resumable-upload).")
	b.p("The package [testserver/conformance](../testserver/conformance/doc.go) does the same in a program or a test.")
	b.p("There are %d rules. Each rule is one requirement on servers, in the words of the specification.", len(rules))
	b.p("[Results of real servers](conformance-servers.md) shows how three servers follow the rules.")
	b.p("[Conformance to Resumable Uploads for HTTP](conformance-rufh.md) has the rules of the IETF's protocol.")
	b.p("")
	b.statuses("the server does not announce the extension, or does not send the header")
	b.p("A MUST of the core protocol that is unable because the server did not answer fails the run.")
	b.p("The run has an obstacle if more rules are unable than were checked, and it ends early if the first uploads cannot be reached at their `Location`.")
	b.p("")
	b.p("Each rule creates uploads of at most 16 KiB, and deletes them if the server announces `termination`.")
	b.p("Without `Tus-Max-Size`, one rule creates an upload with a length of 2^53-1 bytes and sends none of them.")
	b.p("Requests have `Tus-Resumable: 1.0.0`, except in rules about that header. The report omits it.")
	b.p("The specification uses `SHALL NOT` once, which means `MUST NOT`.")
	b.p("")
	b.rules(rules, func(r conformance.Rule) string { return string(r.Extension) })
	b.untested(conformance.Tus.Untested())
	return b.String()
}

func docsRUFH() string {
	b := &page{}
	rules := allRUFH()
	b.p("<!-- Generated from the rules by `go generate` in testserver/conformance. -->")
	b.p("")
	b.p("# Conformance to Resumable Uploads for HTTP")
	b.p("")
	b.p("`tusker conformance --protocol rufh/10 ENDPOINT` checks a server against the drafts of the IETF's")
	b.p("[Resumable Uploads for HTTP](https://datatracker.ietf.org/doc/draft-ietf-httpbis-resumable-upload/).")
	b.p("The number is an interop version, from %d to %d; the drafts with each version are in the", rufh.Oldest, rufh.Newest)
	b.p("[package comment of rufh](../protocol/rufh/doc.go). ENDPOINT is a resource that accepts uploads by POST.")
	b.p("The package [testserver/conformance](../testserver/conformance/doc.go) does the same in a program or a test,")
	b.p("with `Options{Protocol: conformance.RUFH(10)}`.")
	b.p("")
	b.p("There are %d rules, and %d of them apply to version %d. Each rule is one requirement on servers, in the words of", len(rules), len(conformance.RUFH(rufh.Newest).Rules()), rufh.Newest)
	b.p("the newest draft that has it. The number of the draft is in the headings below.")
	b.p("[Results of real servers](conformance-servers.md#resumable-uploads-for-http) shows how servers follow the rules.")
	b.p("")
	b.statuses("the server sends no 104 or no `Upload-Limit`, or has no limit that the rule is about")
	b.p("A MUST of `core` that is unable because the server did not answer fails the run. The other groups are:")
	b.p("")
	b.p("- `interim-responses`: 104 responses. A server that cannot send them gets warnings.")
	b.p("- `limits`: `Upload-Limit`.")
	b.p("- `apple-background`: what background uploads on Apple's systems need. It is not part of the drafts, so")
	b.p("  a server that lacks it gets warnings.")
	b.p("")
	b.p("Each rule creates uploads of at most 16 KiB, or of the size that the limits of the server demand, and deletes them.")
	b.p("Some uploads are complete, so the resource gets a few requests with bytes that say nothing, and some")
	b.p("requests that are no uploads.")
	b.p("Rules about requests that break off and about requests at the same time wait for half a second each.")
	b.p("Requests have `Upload-Draft-Interop-Version`, which the report omits, except in rules about that header.")
	b.p("The drafts use `RECOMMENDED`, which means `SHOULD`.")
	b.p("")
	b.rules(rules, func(r conformance.Rule) string {
		about := string(r.Extension)
		switch {
		case r.Until != 0:
			about += fmt.Sprintf(" · versions %d to %d", r.Since, r.Until)
		case r.Since > rufh.Oldest:
			about += fmt.Sprintf(" · since version %d", r.Since)
		}
		return about
	})
	b.untested(conformance.RUFH(rufh.Newest).Untested())
	return b.String()
}

// allRUFH returns the rules of all versions, in the order of the newest version, and then
// those that the newest version does not have.
func allRUFH() []conformance.Rule {
	all := conformance.RUFH(rufh.Newest).Rules()
	for v := rufh.Newest - 1; v >= rufh.Oldest; v-- {
		for _, rule := range conformance.RUFH(v).Rules() {
			if !slices.ContainsFunc(all, func(r conformance.Rule) bool { return r.ID == rule.ID }) {
				all = append(all, rule)
			}
		}
	}
	return all
}
