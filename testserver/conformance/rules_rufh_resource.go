package conformance

import (
	"net/url"
	"strconv"
	"strings"
)

// draft13 returns the Section of a rule with a sentence of the newest draft.
func draft13(section string) string { return "-13, section " + section }

var resourceRules = []Rule{
	{
		ID: "url-unique", Section: draft13("4"), Level: Should, Extension: Core, Since: 3,
		Sentence: "An upload resource SHOULD be unique.",
		Tested:   "Two creations in a row get two URLs.",
		check: resumably(func(c resumable) {
			first, second := c.careful(0), c.careful(0)
			if !c.isSettled() && first.String() == second.String() {
				c.fail("two uploads have the same URL")
			}
		}),
	},
	{
		ID: "url-reuse", Section: draft13("4"), Level: Should, Extension: Core, Since: 3,
		Sentence: "Reuse of a URI for a different upload resource SHOULD be avoided in order to reduce the chance of misdirected or corrupted upload resources, as well as the potential security issues described in Section 13.",
		Tested:   "The creation after a DELETE does not get the URL of the deleted upload.",
		check: resumably(func(c resumable) {
			first := c.careful(0)
			if a := c.remove(first); !a.ok() {
				c.skip("DELETE was answered with %d", a.status)
			}
			if second := c.careful(0); !c.isSettled() && first.String() == second.String() {
				c.fail("an upload has the URL of one that was deleted")
			}
		}),
	},
}

var securityRules = []Rule{
	{
		ID: "url-guessable", Section: draft13("13"), Level: Should, Extension: Core, Since: 3,
		Sentence: "To reduce the risk of unauthorized access, it is RECOMMENDED to generate upload resource URIs in such a way that makes it hard to be guessed by unauthorized clients.",
		Tested:   "The URLs of three uploads in a row are not those of a counter.",
		check: resumably(func(c resumable) {
			all := []*url.URL{c.careful(0), c.careful(0), c.careful(0)}
			if !c.isSettled() && counts(all[0].String(), all[1].String()) && counts(all[1].String(), all[2].String()) {
				c.fail("the URLs of uploads have a counter: %s, %s", all[0].EscapedPath(), all[1].EscapedPath())
			}
		}),
	},
}

// nearby is the difference up to which two numbers are those of a counter.
const nearby = 16

// counts reports whether two URLs differ in one number, by little.
func counts(a, b string) bool {
	digits := "0123456789"
	start := 0
	for start < len(a) && start < len(b) && a[start] == b[start] {
		start++
	}
	for start > 0 && strings.IndexByte(digits, a[start-1]) >= 0 {
		start--
	}
	m, restA := number10(a[start:])
	n, restB := number10(b[start:])
	return restA == restB && m >= 0 && n >= 0 && m != n && max(m-n, n-m) <= nearby
}

// number10 returns the decimal number at the start of s, and what follows it. -1: s starts
// with no number of at most 18 digits.
func number10(s string) (n int64, rest string) {
	rest = strings.TrimLeft(s, "0123456789")
	n, err := strconv.ParseInt(s[:len(s)-len(rest)], 10, 64)
	if err != nil {
		return -1, rest
	}
	return n, rest
}
