package rufh

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/protocol/rufh/internal/structured"
)

// The names of the fields (-13, section 14.1 and appendix B).
const (
	HeaderInteropVersion   = "Upload-Draft-Interop-Version"
	HeaderUploadOffset     = "Upload-Offset"
	HeaderUploadLength     = "Upload-Length"
	HeaderUploadComplete   = "Upload-Complete"
	HeaderUploadIncomplete = "Upload-Incomplete" // of version 3
	HeaderUploadLimit      = "Upload-Limit"
)

// MediaType is the media type of the content of an append (-13, section 6).
const MediaType = "application/partial-upload"

// StatusResumptionSupported is the status of the interim responses (-13, section 5).
const StatusResumptionSupported = 104

// MaxSize is the largest offset and the largest length: an Integer has at most 15 digits
// (RFC 9651, section 3.3.1).
const MaxSize = structured.MaxInteger

// Header is a set of header fields. [net/http.Header] implements it. The values of a field
// in several lines are read if it also has the method Values of net/http.Header.
type Header = protocol.Header

// Completeness is the value of Upload-Complete (-13, section 4.1.2).
type Completeness uint8

// The values of Upload-Complete. Version 3 writes their opposites into Upload-Incomplete.
const (
	Unstated   Completeness = iota // the field is missing or void
	Incomplete                     // "?0"
	Complete                       // "?1"
)

// completeness returns Complete or Incomplete.
func completeness(complete bool) Completeness {
	if complete {
		return Complete
	}
	return Incomplete
}

// String returns the value of the field, or "" for Unstated.
func (c Completeness) String() string {
	switch c {
	case Incomplete:
		return "?0"
	case Complete:
		return "?1"
	default:
		return ""
	}
}

// reader parses fields, and collects the names of those that are void: a value of a wrong
// type makes a receiver ignore the field.
type reader struct {
	h    Header
	void []string
}

// line returns the value of a field. The values of several lines are joined (RFC 9110,
// section 5.2). An empty value counts as a missing field.
func (r *reader) line(name string) (string, bool) {
	line := r.h.Get(name)
	if v, ok := r.h.(interface{ Values(key string) []string }); ok {
		line = strings.Join(v.Values(name), ",")
	}
	return line, strings.Trim(line, " \t") != ""
}

// item parses a field that is an Item of the wanted type.
func (r *reader) item(name string, want structured.Kind) (structured.Value, bool) {
	line, present := r.line(name)
	if !present {
		return structured.Value{}, false
	}
	v, ok := structured.ParseItem(line)
	if !ok || v.Kind != want || v.Int < 0 {
		r.void = append(r.void, name)
		return structured.Value{}, false
	}
	return v, true
}

// size parses a field that is a number of bytes.
func (r *reader) size(name string) protocol.Length {
	v, ok := r.item(name, structured.Integer)
	if !ok {
		return protocol.Length{}
	}
	return protocol.Known(v.Int)
}

// version parses Upload-Draft-Interop-Version.
func (r *reader) version() Version {
	v, ok := r.item(HeaderInteropVersion, structured.Integer)
	if !ok || v.Int > int64(Newest) || !Version(v.Int).Valid() {
		return 0
	}
	return Version(v.Int)
}

// complete parses the field for completeness of version v.
func (r *reader) complete(v Version) Completeness {
	b, ok := r.item(v.HeaderComplete(), structured.Boolean)
	if !ok {
		return Unstated
	}
	return completeness(b.Bool != v.edition().inverted)
}

// fields collects what a SetHeader method writes, so that a method that fails has written
// nothing.
type fields [][2]string

func (f *fields) add(name, value string) { *f = append(*f, [2]string{name, value}) }

// addSize adds a number of bytes, if it is known.
func (f *fields) addSize(name string, size protocol.Length, kind error) error {
	n, known := size.Int64()
	switch {
	case !known:
		return nil
	case n > MaxSize:
		return invalid(name, size.String(), kind, "it has more than 15 digits")
	}
	f.add(name, size.String())
	return nil
}

// addComplete adds the field for completeness of version v, unless c is Unstated.
func (f *fields) addComplete(v Version, c Completeness) {
	if c != Unstated {
		f.add(v.HeaderComplete(), completeness((c == Complete) != v.edition().inverted).String())
	}
}

// addText adds a field whose value comes from the caller, unless it is empty.
func (f *fields) addText(name, value string) error {
	if strings.ContainsFunc(value, isControl) {
		return invalid(name, value, protocol.ErrInvalidHeader, "it holds a control character")
	}
	if value != "" {
		f.add(name, value)
	}
	return nil
}

func (f fields) set(h Header) {
	for _, field := range f {
		h.Set(field[0], field[1])
	}
}

func isControl(r rune) bool { return r < 0x20 || r == 0x7f }

// invalid returns the error for a value that cannot be written or parsed. Its text
// does not repeat kind, which tells callers what to test for.
func invalid(name, value string, kind error, text string) *protocol.HeaderError {
	if len(value) > protocol.MaxErrorValue {
		value = strings.Clone(value[:protocol.MaxErrorValue])
	}
	return &protocol.HeaderError{Name: name, Value: value, Err: fmt.Errorf("%w: %s", kind, text)}
}

func format(n int64) string { return strconv.FormatInt(n, 10) }
