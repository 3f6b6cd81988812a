package conformance

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/protocol/rufh"
	"github.com/tusker-go/tusker/transport"
)

// exchange is a request and its answer in a transcript.
type exchange struct{ sent, got string }

// maxText is the number of bytes of a header in a transcript.
const maxText = 200

// shownHeaders are the headers of answers in a transcript.
var shownHeaders = []string{
	protocol.HeaderResumable, protocol.HeaderVersion, protocol.HeaderExtension, protocol.HeaderMaxSize,
	protocol.HeaderChecksumAlgorithm, protocol.HeaderLocation, protocol.HeaderUploadOffset,
	protocol.HeaderUploadLength, protocol.HeaderUploadDeferLength, protocol.HeaderUploadMetadata,
	protocol.HeaderUploadConcat, protocol.HeaderUploadExpires, headerCacheControl, headerRetryAfter, headerSmuggled,
	rufh.HeaderUploadComplete, rufh.HeaderUploadIncomplete, rufh.HeaderUploadLimit, rufh.HeaderInteropVersion,
}

// describe returns the line of a transcript for r.
func (s *session) describe(r request) string {
	target := transport.RedactURL(r.url)
	if s.isEndpointOrigin(r.url) {
		target = r.url.EscapedPath()
	}
	var fields []string
	if r.version != "" && r.version != noVersion {
		name, _ := s.opts.Protocol.versionHeader()
		fields = append(fields, name+": "+r.version)
	}
	for i := 0; i+1 < len(r.header); i += 2 {
		fields = append(fields, s.field(r.header[i], r.header[i+1]))
	}
	if r.trailer != "" {
		fields = append(fields, headerTrailer+" "+s.field(protocol.HeaderUploadChecksum, r.trailer))
	}
	line := r.method + " " + clean(target) + parenthesize(fields)
	switch {
	case r.cut > 0:
		line += fmt.Sprintf(" + %d of %d bytes, then cut", r.cut, len(r.body))
	case r.held != nil:
		line += fmt.Sprintf(" + %d of %d bytes, then a wait", r.held.after, len(r.body))
	case len(r.body) > 0:
		line += fmt.Sprintf(" + %d bytes", len(r.body))
	}
	return s.conceal(line)
}

// summary returns the line of a transcript for an answer. err is the reason if
// there is no answer to judge.
func (s *session) summary(a answer, err error) string {
	lines := s.interimLines(a.interim)
	switch {
	case a.status != 0:
		lines = append(lines, s.statusLine(a.status, a.header))
	case err == nil:
		lines = append(lines, "no answer")
	default:
		lines = append(lines, clean(err.Error()))
	}
	return s.conceal(strings.Join(lines, ", then "))
}

// maxInterimLines is the number of interim responses in a line of a transcript.
const maxInterimLines = 3

// interimLines returns the first interim responses, and how many more there are.
func (s *session) interimLines(all []interim) []string {
	var lines []string
	for _, in := range all[:min(len(all), maxInterimLines)] {
		lines = append(lines, s.statusLine(in.status, in.header))
	}
	if more := len(all) - maxInterimLines; more > 0 {
		lines = append(lines, fmt.Sprintf("%d more", more))
	}
	return lines
}

// statusLine formats a status and the headers that a transcript shows.
func (s *session) statusLine(status int, h http.Header) string {
	var fields []string
	for _, name := range shownHeaders {
		if values := h.Values(name); values != nil {
			fields = append(fields, s.field(name, strings.Join(values, ", ")))
		}
	}
	line := strconv.Itoa(status)
	if text := http.StatusText(status); text != "" {
		line += " " + text
	}
	return line + parenthesize(fields)
}

var (
	queries = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\?[^ ,]*`) })
	users   = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`//[^/@ ]*@`) })
)

// field formats a header. It removes the query and the user of URLs.
func (s *session) field(name, value string) string {
	if slices.Contains([]string{protocol.HeaderLocation, protocol.HeaderUploadConcat}, name) {
		value = users().ReplaceAllString(queries().ReplaceAllString(value, "?…"), "//")
	}
	// Secrets are removed before the text is shortened, which could leave half
	// of a secret.
	return strings.TrimSuffix(name+": "+clean(s.conceal(value)), " ")
}

func parenthesize(fields []string) string {
	if len(fields) == 0 {
		return ""
	}
	return " (" + strings.Join(fields, ", ") + ")"
}

// clean makes a short printable line of a server's text.
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

// transcript returns the requests of the rule and their answers, one per line.
func (c *check) transcript() (sent, got string) {
	lines := make([]string, len(c.log))
	answers := make([]string, len(c.log))
	for i, e := range c.log {
		lines[i], answers[i] = e.sent, e.got
	}
	return strings.Join(lines, "\n"), strings.Join(answers, "\n")
}
