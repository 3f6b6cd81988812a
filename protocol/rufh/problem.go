package rufh

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/tusker-go/tusker/protocol"
)

// ProblemMediaType is the media type of a [Problem] (RFC 9457, section 3).
const ProblemMediaType = "application/problem+json"

// The types of problems (-13, section 7).
const (
	ProblemMismatchingOffset  = "https://iana.org/assignments/http-problem-types#mismatching-upload-offset"  // section 7.1; since version 6
	ProblemInconsistentLength = "https://iana.org/assignments/http-problem-types#inconsistent-upload-length" // section 7.2; since version 7
	ProblemCompletedUpload    = "https://iana.org/assignments/http-problem-types#completed-upload"           // versions 6 to 8; -11, section "Completed Upload"
)

// Problem is the content of an error response (RFC 9457, and -13, section 7). The zero value
// is no problem.
type Problem struct {
	Type  string // one of the constants Problem*, or another URI
	Title string // text for people

	// Expected and Provided are the offsets of the server and of the request, if Type is
	// ProblemMismatchingOffset. The zero values: not stated.
	Expected, Provided protocol.Length
}

// problemJSON is the JSON form of a Problem.
type problemJSON struct {
	Type     string           `json:"type,omitempty"`
	Title    string           `json:"title,omitempty"`
	Expected *protocol.Length `json:"expected-offset,omitempty"`
	Provided *protocol.Length `json:"provided-offset,omitempty"`
}

// ParseProblem parses the content of a response with this Content-Type. Members of a wrong
// type are ignored (RFC 9457, section 3.1). The caller limits the size of content.
//
// The error Is protocol.ErrInvalidHeader for another media type than [ProblemMediaType]. The
// error for content that is not a JSON object has no sentinel.
func ParseProblem(contentType string, content []byte) (Problem, error) {
	media, _, _ := strings.Cut(contentType, ";")
	if !strings.EqualFold(strings.Trim(media, " \t"), ProblemMediaType) {
		return Problem{}, invalid(protocol.HeaderContentType, contentType, protocol.ErrInvalidHeader, "it is not "+ProblemMediaType)
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(content, &members); err != nil {
		return Problem{}, fmt.Errorf("parse problem: %w", err)
	}
	return Problem{
		Type: text(members["type"]), Title: text(members["title"]),
		Expected: size(members["expected-offset"]), Provided: size(members["provided-offset"]),
	}, nil
}

// text returns the string that is encoded by raw, or "".
func text(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

// size returns the number of bytes that is encoded by raw, or the zero value.
func size(raw json.RawMessage) protocol.Length {
	var n protocol.Length
	if json.Unmarshal(raw, &n) != nil {
		return protocol.Length{}
	}
	return n
}

// MarshalJSON encodes the problem as the content of a response.
func (p Problem) MarshalJSON() ([]byte, error) {
	j := problemJSON{Type: p.Type, Title: p.Title}
	if _, known := p.Expected.Int64(); known {
		j.Expected = &p.Expected
	}
	if _, known := p.Provided.Int64(); known {
		j.Provided = &p.Provided
	}
	return json.Marshal(j)
}
