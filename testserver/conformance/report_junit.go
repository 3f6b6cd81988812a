package conformance

import (
	"encoding/xml"
	"io"
	"strings"
)

type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Errors   int          `xml:"errors,attr"`
	Skipped  int          `xml:"skipped,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Skipped  int         `xml:"skipped,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Class   string      `xml:"classname,attr"`
	Name    string      `xml:"name,attr"`
	Failure *junitFault `xml:"failure"`
	Error   *junitFault `xml:"error"`
	Skipped *junitFault `xml:"skipped"`
	Out     string      `xml:"system-out,omitempty"`
}

type junitFault struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// WriteJUnit writes the report as JUnit XML, with a suite for [Core] and each
// extension, and a case for each rule. The names of suites and classes begin with that of the
// protocol. JUnit has no warnings: a rule with Warn is a passed case with the warning in its
// output. A rule with Unable is a skipped case, or an error if a MUST or a MUST NOT of [Core]
// got no answer. An obstacle is an error in a case of its own.
func (r Report) WriteJUnit(w io.Writer) error {
	var all junitSuites
	protocol := r.Protocol.String()
	if r.Obstacle != nil {
		all.Suites = append(all.Suites, junitSuite{
			Name: protocol, Tests: 1, Errors: 1,
			Cases: []junitCase{{Class: protocol, Name: "endpoint", Error: &junitFault{Message: xmlText(r.Obstacle.Error())}}},
		})
	}
	for _, t := range r.Totals() {
		suite := junitSuite{
			Name:  protocol + " " + string(t.Extension),
			Tests: t.Pass + t.Fail + t.Warn + t.Skip + t.Unable, Failures: t.Fail, Skipped: t.Skip + t.Unable,
		}
		for _, x := range r.Results {
			if x.Extension != t.Extension {
				continue
			}
			if x.isMissing() {
				suite.Errors++
				suite.Skipped--
			}
			suite.Cases = append(suite.Cases, junitOf(protocol, x))
		}
		all.Suites = append(all.Suites, suite)
	}
	for _, suite := range all.Suites {
		all.Tests += suite.Tests
		all.Failures += suite.Failures
		all.Errors += suite.Errors
		all.Skipped += suite.Skipped
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(all); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func junitOf(protocol string, r Result) junitCase {
	c := junitCase{Class: protocol + "." + string(r.Extension), Name: r.ID}
	switch r.Status {
	case Fail:
		c.Failure = &junitFault{Message: xmlText(r.Why), Text: xmlText(r.Sentence + "\n" + r.exchanges())}
	case Warn:
		c.Out = xmlText("warning: " + r.Why + "\n" + r.Sentence + "\n" + r.exchanges())
	case Skip:
		c.Skipped = &junitFault{Message: xmlText(r.Why)}
	case Unable:
		if r.isMissing() {
			c.Error = &junitFault{Message: xmlText(r.Why), Text: xmlText(r.exchanges())}
			break
		}
		c.Skipped = &junitFault{Message: xmlText("unable: " + r.Why)}
	case Pass:
	}
	return c
}

// exchanges returns the transcript, with each answer below its request.
func (r Result) exchanges() string {
	if r.Sent == "" {
		return ""
	}
	var b strings.Builder
	got := strings.Split(r.Got, "\n")
	for i, line := range strings.Split(r.Sent, "\n") {
		b.WriteString("> " + line + "\n")
		if i < len(got) {
			b.WriteString("< " + got[i] + "\n")
		}
	}
	return b.String()
}

// xmlText removes characters that XML does not allow.
func xmlText(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r == 0xFFFE || r == 0xFFFF {
			return -1
		}
		return r
	}, s)
}
