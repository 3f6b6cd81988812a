package advice

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
)

// The hint for a request that is too long names the number of its bytes and the solution.
func TestLengthHint(t *testing.T) {
	page := "<html>\r\n<head><title>400 Bad Request</title></head>"
	for name, test := range map[string]struct {
		command string
		e       client.Error
		want    string // "": no hint
	}{
		"431":                          {"upload", client.Error{Op: protocol.OpCreate, StatusCode: 431, HeaderSize: 9500}, "9500 bytes"},
		"431 to PATCH":                 {"upload", client.Error{Op: protocol.OpPatch, StatusCode: 431, HeaderSize: 9500}, "--header"},
		"414":                          {"upload", client.Error{Op: protocol.OpCreate, StatusCode: 414, URL: strings.Repeat("x", 5000)}, "5000 bytes"},
		"a page about the headers":     {"upload", client.Error{Op: protocol.OpCreate, StatusCode: 400, HeaderSize: 100, Body: "<title>400 Request Header Or Cookie Too Large</title>"}, "--metadata"},
		"a text about the headers":     {"upload", client.Error{Op: protocol.OpCreate, StatusCode: 400, HeaderSize: 100, Body: "header field too long"}, "--metadata"},
		"a page, and long headers":     {"upload", client.Error{Op: protocol.OpCreate, StatusCode: 400, HeaderSize: 5000, Body: page}, "--metadata"},
		"no text, and long headers":    {"upload", client.Error{Op: protocol.OpCreate, StatusCode: 400, HeaderSize: 5000}, "--metadata"},
		"a page, and short headers":    {"upload", client.Error{Op: protocol.OpCreate, StatusCode: 400, HeaderSize: 100, Body: page}, ""},
		"another text, long headers":   {"upload", client.Error{Op: protocol.OpCreate, StatusCode: 400, HeaderSize: 5000, Body: "no such bucket"}, ""},
		"another status":               {"upload", client.Error{Op: protocol.OpCreate, StatusCode: 422, HeaderSize: 5000}, ""},
		"joining, 400":                 {"upload", client.Error{Op: protocol.OpConcat, StatusCode: 400, HeaderSize: 11000}, "11000 bytes"},
		"joining, 414":                 {"upload", client.Error{Op: protocol.OpConcat, StatusCode: 414}, "--recreate always with a smaller --parallel"},
		"joining, 431":                 {"upload", client.Error{Op: protocol.OpConcat, StatusCode: 431}, "--recreate always with a smaller --parallel"},
		"joining files, 400":           {"concat", client.Error{Op: protocol.OpConcat, StatusCode: 400, HeaderSize: 2048}, "join fewer files"},
		"joining, short headers":       {"upload", client.Error{Op: protocol.OpConcat, StatusCode: 400, HeaderSize: 269, Body: "no concatenation"}, "the server does not join the parts: --recreate always"},
		"joining files, short headers": {"concat", client.Error{Op: protocol.OpConcat, StatusCode: 400, HeaderSize: 269}, "the server does not join the parts: tusker upload"},
		"joining, said to be too long": {"upload", client.Error{Op: protocol.OpConcat, StatusCode: 400, HeaderSize: 269, Body: "header too large"}, "a smaller --parallel"},
		"joining, not implemented":     {"upload", client.Error{Op: protocol.OpConcat, StatusCode: 501}, "--recreate always"},
		"joining, no longer there":     {"upload", client.Error{Op: protocol.OpConcat, StatusCode: 404, Class: client.ClassGone}, "--recreate always"},
		"joining, not allowed":         {"upload", client.Error{Op: protocol.OpConcat, StatusCode: 403}, ""},
		"joining, a server in trouble": {"upload", client.Error{Op: protocol.OpConcat, StatusCode: 503, Class: client.ClassTransient}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if test.e.Class == 0 {
				test.e.Class = client.ClassFinal
			}
			got := lengthHint(&cobra.Command{Use: test.command}, &test.e)
			if (got == "") != (test.want == "") || !strings.Contains(got, test.want) {
				t.Errorf("hint %q, want one with %q", got, test.want)
			}
		})
	}
}
