package conformance

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/transport"
)

// exchange is a line of a transcript.
type exchange struct{ sent, got string }

// maxText is how much of a header is shown.
const maxText = 200

// shown are the headers of answers that the specification gives a meaning.
var shown = []string{
	protocol.HeaderResumable, protocol.HeaderVersion, protocol.HeaderExtension, protocol.HeaderMaxSize,
	protocol.HeaderChecksumAlgorithm, protocol.HeaderLocation, protocol.HeaderUploadOffset,
	protocol.HeaderUploadLength, protocol.HeaderUploadDeferLength, protocol.HeaderUploadMetadata,
	protocol.HeaderUploadConcat, protocol.HeaderUploadExpires, headerCacheControl, headerRetryAfter, headerSmuggled,
}

// describe gives the line for r.
func (s *session) describe(r request) string {
	target := transport.RedactURL(r.url)
	if s.ours(r.url) {
		target = r.url.EscapedPath()
	}
	var fields []string
	if r.version != "" && r.version != none {
		fields = append(fields, protocol.HeaderResumable+": "+r.version)
	}
	for i := 0; i+1 < len(r.header); i += 2 {
		fields = append(fields, s.field(r.header[i], r.header[i+1]))
	}
	if r.trailer != "" {
		fields = append(fields, headerTrailer+" "+s.field(protocol.HeaderUploadChecksum, r.trailer))
	}
	line := r.method + " " + clean(target) + enclosed(fields)
	switch {
	case r.cut > 0:
		line += fmt.Sprintf(" + %d of %d bytes, then cut", r.cut, len(r.body))
	case len(r.body) > 0:
		line += fmt.Sprintf(" + %d bytes", len(r.body))
	}
	return s.conceal(line)
}

// summary gives the line for an answer; err is why there is none to judge.
func (s *session) summary(a answer, err error) string {
	if a.status == 0 {
		if err == nil {
			return "no answer"
		}
		return s.conceal(clean(err.Error()))
	}
	var fields []string
	for _, name := range shown {
		if values := a.header.Values(name); values != nil {
			fields = append(fields, s.field(name, strings.Join(values, ", ")))
		}
	}
	line := strconv.Itoa(a.status)
	if text := http.StatusText(a.status); text != "" {
		line += " " + text
	}
	return s.conceal(line + enclosed(fields))
}

var (
	queries = regexp.MustCompile(`\?[^ ,]*`)
	users   = regexp.MustCompile(`//[^/@ ]*@`)
)

// field shows a header. URLs lose query and user.
func (s *session) field(name, value string) string {
	if slices.Contains([]string{protocol.HeaderLocation, protocol.HeaderUploadConcat}, name) {
		value = users.ReplaceAllString(queries.ReplaceAllString(value, "?…"), "//")
	}
	// Before it is cut, or half of a secret would stay.
	return strings.TrimSuffix(name+": "+clean(s.conceal(value)), " ")
}

func enclosed(fields []string) string {
	if len(fields) == 0 {
		return ""
	}
	return " (" + strings.Join(fields, ", ") + ")"
}

// clean makes one short line of a text from elsewhere.
func clean(text string) string {
	var b strings.Builder
	for i, r := range text {
		if i >= maxText {
			b.WriteString("…")
			break
		}
		if strconv.IsPrint(r) && r != '\uFFFD' {
			b.WriteRune(r)
		} else {
			quoted := strconv.QuoteRune(r)
			b.WriteString(quoted[1 : len(quoted)-1])
		}
	}
	return b.String()
}

// transcript is what was sent for the rule, and what came back.
func (c *check) transcript() (sent, got string) {
	lines := make([]string, len(c.log))
	answers := make([]string, len(c.log))
	for i, e := range c.log {
		lines[i], answers[i] = e.sent, e.got
	}
	return strings.Join(lines, "\n"), strings.Join(answers, "\n")
}
