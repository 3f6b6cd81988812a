package conformance_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/protocol/rufh"
	"github.com/tusker-go/tusker/testserver/conformance"
)

// clientSentences are sentences of the specification without a requirement on
// servers.
var clientSentences = []string{
	"The key words \"MUST\", \"MUST NOT\", \"REQUIRED\", \"SHALL\", \"SHALL NOT\", \"SHOULD\", \"SHOULD NOT\", \"RECOMMENDED\"",
	"The Client SHOULD use this header if its environment does not support the PATCH or DELETE methods.",
	"The Client SHOULD send all the remaining bytes of an upload in a single PATCH request",
	"The Client MUST send a POST request against a known upload creation URL to request a new upload resource.",
	"The request MUST include one of the following headers:",
	"the Client MUST set the Upload-Length header in the next PATCH request, once the length is known.",
	"The Client MUST perform the actual upload using the core protocol.",
	"the Client SHOULD verify that it is supported by the Server before sending the POST request.",
	"the Client SHOULD include the Expect: 100-continue header in the request",
	"The Client SHOULD use this header to determine if an upload is still valid before attempting to resume the upload.",
	"In both cases the Client SHOULD start a new upload.",
	"The header MUST consist of the name of the used checksum algorithm and the Base64 encoded checksum separated by a space.",
	"In order to create a new final upload, the Client MUST add the Upload-Concat header to the upload creation request. The value MUST be final followed by a semicolon and a space-separated list of the partial upload URLs that need to be concatenated.",
	"This concatenation request SHOULD happen after all of the corresponding partial uploads are completed. The Client MUST NOT include the Upload-Length header in the final upload creation.",
	"All metadata SHOULD be included in the concatenation request using the Upload-Metadata header.",
	"The Upload-Concat request and response header MUST be set in both partial and final upload creation requests.",
}

// section is the text of one section of the specification.
type section struct {
	path string
	text string // without markup and white space
}

var (
	code  = regexp.MustCompile("(?s)```.*?```")
	links = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`)
	words = regexp.MustCompile(`MUST|SHOULD|SHALL|REQUIRED|RECOMMENDED`)
)

// plain removes markup and white space, which differ between the specification
// and a quotation.
func plain(text string) string {
	text = links.ReplaceAllString(text, "$1")
	return strings.Join(strings.Fields(strings.ReplaceAll(text, "`", "")), "")
}

func specification(t *testing.T) []section {
	t.Helper()
	text, err := os.ReadFile("testdata/protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	var out []section
	var path []string
	var body strings.Builder
	flush := func() {
		out = append(out, section{strings.TrimPrefix(strings.Join(path, ", "), "Protocol Extensions, "), plain(body.String())})
		body.Reset()
	}
	for line := range strings.Lines(code.ReplaceAllString(string(text), "")) {
		title := strings.TrimLeft(line, "#")
		level := len(line) - len(title)
		if level < 2 {
			body.WriteString(line)
			continue
		}
		flush()
		path = append(path[:min(level-2, len(path))], strings.TrimSpace(title))
	}
	flush()
	return out
}

// Each MUST and SHOULD of the specification is in a rule, in the untested
// requirements, or in a sentence about clients. Each rule quotes the section
// that it names.
func TestSpecification(t *testing.T) {
	doc := specification(t)
	covered := make([]map[int]bool, len(doc)) // by position in the text
	for i := range covered {
		covered[i] = make(map[int]bool)
	}
	// cover marks a quotation in the section with the given path. "[…]" in a
	// quotation stands for omitted text. A path of "" stands for all sections.
	cover := func(path, quotation string) bool {
		found := false
		for i, s := range doc {
			if path != "" && s.path != path {
				continue
			}
			all := true
			var ranges [][2]int
			for part := range strings.SplitSeq(quotation, "[…]") {
				part = plain(part)
				at := strings.Index(s.text, part)
				all = all && at >= 0
				ranges = append(ranges, [2]int{at, at + len(part)})
			}
			if !all {
				continue
			}
			found = true
			for _, r := range ranges {
				for n := r[0]; n < r[1]; n++ {
					covered[i][n] = true
				}
			}
		}
		return found
	}
	for _, rule := range conformance.Tus.Rules() {
		if !cover(rule.Section, rule.Sentence) {
			t.Errorf("%s: section %q does not contain %q", rule.ID, rule.Section, rule.Sentence)
		}
	}
	for _, r := range conformance.Tus.Untested() {
		if !cover(r.Section, r.Sentence) {
			t.Errorf("untested: section %q does not contain %q", r.Section, r.Sentence)
		}
	}
	for _, sentence := range clientSentences {
		if !cover("", sentence) {
			t.Errorf("the specification does not contain %q", sentence)
		}
	}
	total := 0
	for i, s := range doc {
		for _, at := range words.FindAllStringIndex(s.text, -1) {
			total++
			if !covered[i][at[0]] {
				t.Errorf("%s: no rule quotes …%s…", s.path, s.text[max(0, at[0]-60):min(len(s.text), at[1]+60)])
			}
		}
	}
	t.Logf("%d words such as MUST, want more", total)
}

var id = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// Each rule is complete, and its level occurs in its sentence.
func TestRules(t *testing.T) {
	t.Run("tus", func(t *testing.T) { checkRules(t, conformance.Tus.Rules()) })
	t.Run("rufh", func(t *testing.T) { checkRules(t, allRUFH()) })
}

func checkRules(t *testing.T, rules []conformance.Rule) {
	t.Helper()
	seen := make(map[string]bool)
	for _, r := range rules {
		if !id.MatchString(r.ID) || seen[r.ID] {
			t.Errorf("%s is not an ID, or is used twice", r.ID)
		}
		seen[r.ID] = true
		if r.Extension == "" || r.Tested == "" {
			t.Errorf("%s is incomplete", r.ID)
		}
		level := string(r.Level)
		sentence := strings.NewReplacer("SHALL", "MUST", "server should", "server SHOULD", "RECOMMENDED", "SHOULD").Replace(r.Sentence)
		if !strings.Contains(sentence, level) {
			t.Errorf("%s: %s is not in %q", r.ID, level, r.Sentence)
		}
	}
}

// serverWords is the number of words such as MUST in the sentences of -13 about servers, by
// section. Lengths that contradict each other are counted, although the draft does not say
// who must avoid them.
var serverWords = map[string]int{
	"-13, section 4": 2, "-13, section 4.1.1": 4, "-13, section 4.1.2": 1, "-13, section 4.1.3": 3, "-13, section 4.1.4": 13,
	"-13, section 4.2.2": 13, "-13, section 4.3.2": 4, "-13, section 4.4.2": 13, "-13, section 4.5.2": 3, "-13, section 4.6": 5,
	"-13, section 5": 1, "-13, section 7.1": 1, "-13, section 13": 7, "-13, appendix B": 2,
}

// Each MUST and SHOULD of the newest draft on servers is in a rule, or in the untested
// requirements.
func TestSpecificationRUFH(t *testing.T) {
	got := make(map[string]int)
	count := func(section, sentence string) { got[section] += len(words.FindAllString(sentence, -1)) }
	for _, r := range conformance.RUFH(rufh.Newest).Rules() {
		if r.Extension != conformance.AppleBackground {
			count(r.Section, r.Sentence)
		}
	}
	for _, r := range conformance.RUFH(rufh.Newest).Untested() {
		count(r.Section, r.Sentence)
	}
	if diff := cmp.Diff(serverWords, got); diff != "" {
		t.Errorf("words (-want +got):\n%s", diff)
	}
}
