package prose

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// openings are words that no sentence may begin with, if a lower-case word or code
// follows. The same applies to the part of a sentence that follows a colon or a semicolon.
// The map contains the advice for each of them.
var openings = map[string]string{
	"Where":        `begin with the subject, or write "if"`,
	"What":         "begin with the noun that you mean",
	"Of":           "do not invert the word order; begin with the subject",
	"One that":     "begin with the noun that you mean",
	"One who":      "begin with the noun that you mean",
	"Those that":   "begin with the noun that you mean",
	"Those who":    "begin with the noun that you mean",
	"Nobody":       "name the one who acts",
	"Whoever":      "name the one who acts",
	"Whatever":     "begin with the noun that you mean",
	"Nor":          "write a complete sentence with its own subject",
	"Neither do":   "write a complete sentence with its own subject",
	"Neither does": "write a complete sentence with its own subject",
	"As long as":   `begin with the subject, or write "while"`,
}

// phrases are expressions that no sentence may contain. The map contains the
// advice for each of them.
var phrases = map[string]string{
	"gone on with": `write "resumed" or "continued"`,
	"goes on with": `write "resumes" or "continues"`,
	"anew":         `write "again"`,
	"gone without": "say what is missing",
	"becomes of":   "name the result",
	"became of":    "name the result",
	"whoever":      "name the one who acts",
	"nobody knows": "say what is unknown",
	"of one's own": `write "own" with the owner, such as "your own"`,
	"of one’s own": `write "own" with the owner, such as "your own"`,
}

var (
	openingForm = regexp.MustCompile(`(?:^|[:;] )(` + alternatives(openings) + `) `)
	phraseForm  = regexp.MustCompile(`(?i)\b(` + alternatives(phrases) + `)\b`)
)

// alternatives returns the keys of m as a pattern.
func alternatives(m map[string]string) string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, regexp.QuoteMeta(key))
	}
	return strings.Join(keys, "|")
}

// codeWord stands for the code inside a sentence of a page.
const codeWord = "`…`"

// reason returns why a sentence is not allowed. "": the sentence is allowed.
// name is the identifier that a doc comment begins with, such as Of for a
// function Of; it is not a forbidden opening.
func reason(sentence, name string) string {
	for _, at := range openingForm.FindAllStringSubmatchIndex(sentence, -1) {
		opening, rest := sentence[at[2]:at[3]], sentence[at[1]:]
		next, _ := utf8.DecodeRuneInString(rest)
		if isOwn := at[2] == 0 && opening == name; !isOwn && (unicode.IsLower(next) || strings.HasPrefix(rest, codeWord)) {
			return `the sentence opens with "` + opening + `": ` + openings[opening]
		}
	}
	if match := phraseForm.FindString(sentence); match != "" {
		return `the sentence contains "` + match + `": ` + phrases[strings.ToLower(match)]
	}
	return ""
}
