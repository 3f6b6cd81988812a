package client

import (
	"net/http"
	"testing"

	"github.com/tusker-go/tusker/protocol"
)

func TestContentRange(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		value  string
		first  int64
		length protocol.Length
		ok     bool
	}{
		"whole":           {"bytes 0-9/10", 0, protocol.Known(10), true},
		"rest":            {"bytes 5-9/10", 5, protocol.Known(10), true},
		"length unknown":  {"bytes 5-9/*", 5, protocol.Length{}, true},
		"capitals":        {"Bytes 5-9/10", 5, protocol.Known(10), true},
		"none":            {"", 0, protocol.Length{}, false},
		"other unit":      {"items 5-9/10", 0, protocol.Length{}, false},
		"not satisfied":   {"bytes */10", 0, protocol.Length{}, false},
		"backwards":       {"bytes 9-5/10", 0, protocol.Length{}, false},
		"past the length": {"bytes 5-10/10", 0, protocol.Length{}, false},
		"signs":           {"bytes +5-9/10", 0, protocol.Length{}, false},
		"too large":       {"bytes 5-9223372036854775808/*", 0, protocol.Length{}, false},
		"no length":       {"bytes 5-9", 0, protocol.Length{}, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first, length, err := contentRange(http.Header{"Content-Range": {test.value}})
			if first != test.first || length != test.length || (err == nil) != test.ok {
				t.Errorf("contentRange(%q) = %d, %v, %v", test.value, first, length, err)
			}
		})
	}
}

// A version vouches for the bytes, or there is none.
func TestContentVersion(t *testing.T) {
	t.Parallel()
	const date, second, minute = "Fri, 02 Jan 2026 03:04:05 GMT", "Fri, 02 Jan 2026 03:04:06 GMT", "Fri, 02 Jan 2026 03:05:05 GMT"
	upload := &protocol.State{Offset: 10, Length: protocol.Known(10)}
	tests := map[string]struct {
		header    http.Header
		length    int64
		upload    *protocol.State
		want      string
		unchanged string
	}{
		"nothing":              {http.Header{}, 10, nil, "", ""},
		"ETag":                 {http.Header{"Etag": {`"a"`}}, 10, nil, `length 10, etag "a"`, `"a"`},
		"weak ETag":            {http.Header{"Etag": {`W/"a"`}}, 10, nil, "", ""},
		"date":                 {http.Header{"Last-Modified": {date}, "Date": {minute}}, 10, nil, "length 10, last modified " + date, date},
		"date of a second ago": {http.Header{"Last-Modified": {date}, "Date": {second}}, 10, nil, "length 10, last modified " + date, date},
		"date of just now":     {http.Header{"Last-Modified": {date}, "Date": {date}}, 10, nil, "", ""},
		"date, no clock":       {http.Header{"Last-Modified": {date}}, 10, nil, "", ""},
		"date of a final one":  {http.Header{"Last-Modified": {date}, "Date": {date}}, 10, upload, "length 10, last modified " + date, date},
		"no date":              {http.Header{"Last-Modified": {"yesterday"}}, 10, nil, "", ""},
		"complete upload":      {http.Header{}, 10, upload, "length 10, complete", ""},
		"length unknown":       {http.Header{"Etag": {`"a"`}}, -1, nil, "", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := contentOf(&http.Response{Header: test.header, ContentLength: test.length}, test.upload)
			if c.Version != test.want || c.unchanged != test.unchanged {
				t.Errorf("version %q, unchanged %q", c.Version, c.unchanged)
			}
		})
	}
}
