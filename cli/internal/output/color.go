package output

import (
	"os"
	"strings"
)

// Colors of ECMA-48.
const (
	red    = "\x1b[31m"
	green  = "\x1b[32m"
	yellow = "\x1b[33m"
	reset  = "\x1b[0m"
)

// verdictColors has the colors of the words that begin a row of doctor and
// conformance.
var verdictColors = map[string]string{
	"ok": green, "pass": green,
	"warn": yellow, "unable": yellow,
	"fail": red,
}

// ColorVerdict colors the first word of a row if it is a verdict, such as "ok",
// "warn" or "fail". Other rows are returned unchanged.
func ColorVerdict(row string) string {
	word, rest, _ := strings.Cut(row, " ")
	color, ok := verdictColors[word]
	if !ok {
		return row
	}
	colored := color + word + reset
	if len(row) == len(word) {
		return colored
	}
	return colored + " " + rest
}

// Verdict writes a row. Its first word has a color if the output is a terminal and
// plain is false.
func (p *Printer) Verdict(row string, plain bool) {
	if f, ok := p.w.(*os.File); ok && !plain && isTerminal(f) {
		row = ColorVerdict(row)
	}
	p.Line("%s", row)
}
