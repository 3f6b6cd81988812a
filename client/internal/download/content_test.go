package download

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/protocol"
)

const (
	modified      = "Fri, 02 Jan 2026 03:04:05 GMT"
	modifiedLater = "Fri, 02 Jan 2026 03:04:06 GMT"
	secondsLater  = "Fri, 02 Jan 2026 03:05:04 GMT"
	minuteLater   = "Fri, 02 Jan 2026 03:05:05 GMT"
)

// headers makes a header of names and values.
func headers(fields ...string) http.Header {
	h := http.Header{}
	for i := 0; i+1 < len(fields); i += 2 {
		h.Add(fields[i], fields[i+1])
	}
	return h
}

// RFC 9110, sections 8.8.1 to 8.8.3 and 13.1.5: a version stands for a strong
// validator.
func TestContentVersion(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		header http.Header
		length int64
		want   string
		value  string // for If-Range
	}{
		"nothing":               {headers(), 10, "", ""},
		"ETag":                  {headers("ETag", `"a"`), 10, `length 10, etag "a"`, `"a"`},
		"weak ETag":             {headers("ETag", `W/"a"`), 10, "", ""},
		"empty ETag":            {headers("ETag", `""`), 10, "", ""},
		"bare ETag":             {headers("ETag", `a`), 10, "", ""},
		"open ETag":             {headers("ETag", `"a`), 10, "", ""},
		"long ETag":             {headers("ETag", `"`+strings.Repeat("a", 5000)+`"`), 10, "", ""},
		"two in one":            {headers("ETag", `"a", "b"`), 10, "", ""},
		"two ETags":             {headers("ETag", `"a"`, "ETag", `"b"`), 10, "", ""},
		"date":                  {headers("Last-Modified", modified, "Date", minuteLater), 10, "length 10, last modified " + modified, modified},
		"date of a minute less": {headers("Last-Modified", modified, "Date", secondsLater), 10, "", ""},
		"date of just now":      {headers("Last-Modified", modified, "Date", modified), 10, "", ""},
		"date, no clock":        {headers("Last-Modified", modified), 10, "", ""},
		"no date":               {headers("Last-Modified", "yesterday", "Date", minuteLater), 10, "", ""},
		"date and ETag":         {headers("Last-Modified", modified, "Date", minuteLater, "ETag", `"a"`), 10, `length 10, etag "a"`, `"a"`},
		"date and weak ETag":    {headers("Last-Modified", modified, "Date", minuteLater, "ETag", `W/"a"`), 10, "", ""},
		"length unknown":        {headers("ETag", `"a"`), -1, `etag "a"`, `"a"`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := contentOf(http.StatusOK, test.header, test.length, nil)
			if c.Version != test.want || c.validator.value != test.value {
				t.Errorf("version %q, validator %q, want Version %q and validator.value %q", c.Version, c.validator.value, test.want, test.value)
			}
		})
	}
	// The state of an upload is no version: another upload at the same URL may have it too.
	upload := &protocol.State{Offset: 10, Length: protocol.Known(10)}
	if c := contentOf(http.StatusOK, headers(), 10, upload); c.Version != "" {
		t.Errorf("version %q of a complete upload, want \"\"", c.Version)
	}
}

// A response resumes a download only with the strong validator of the first one.
func TestContentCompare(t *testing.T) {
	t.Parallel()
	const tag, date = "ETag", "Last-Modified"
	plain := headers()
	etag := headers(tag, `"a"`, "Content-Type", "text/plain")
	dated := headers(date, modified, "Date", minuteLater)
	tests := map[string]struct {
		first  http.Header
		status int
		header http.Header
		length int64 // below 0: not said
		want   match
	}{
		"the same ETag":                 {etag, 200, headers(tag, `"a"`), 10, matchSame},
		"the same ETag of a range":      {etag, 206, headers(tag, `"a"`), -1, matchSame},
		"the same ETag, other length":   {etag, 200, headers(tag, `"a"`), 9, matchChanged},
		"the same ETag, other date":     {etag, 200, headers(tag, `"a"`, date, modified), 10, matchSame},
		"another ETag":                  {etag, 200, headers(tag, `"b"`, "Content-Type", "text/plain"), 10, matchChanged},
		"another ETag of a range":       {etag, 206, headers(tag, `"b"`), 10, matchChanged},
		"another ETag of another type":  {etag, 200, headers(tag, `"b"`, "Content-Type", "text/html"), 10, matchOtherServer},
		"no ETag":                       {etag, 200, headers("Content-Type", "text/plain"), 10, matchOtherServer},
		"no ETag, of another length":    {etag, 200, headers("Content-Type", "text/plain"), 9, matchOtherServer},
		"no ETag of a range":            {etag, 206, headers(), 10, matchUnnamed},
		"a weak ETag":                   {etag, 200, headers(tag, `W/"a"`, "Content-Type", "text/plain"), 10, matchOtherServer},
		"a weak ETag of a range":        {etag, 206, headers(tag, `W/"a"`), 10, matchUnnamed},
		"two ETags":                     {etag, 200, headers(tag, `"a"`, tag, `"b"`, "Content-Type", "text/plain"), 10, matchOtherServer},
		"the same date":                 {dated, 200, headers(date, modified), 10, matchSame},
		"another date":                  {dated, 200, headers(date, modifiedLater), 10, matchChanged},
		"another date of a range":       {dated, 206, headers(date, modifiedLater), 10, matchChanged},
		"no date":                       {dated, 200, headers(), 10, matchOtherServer},
		"no date of a range":            {dated, 206, headers(), 10, matchUnnamed},
		"a malformed date":              {dated, 200, headers(date, "now"), 10, matchOtherServer},
		"an ETag for a date":            {dated, 200, headers(tag, `"a"`), 10, matchOtherServer},
		"nothing":                       {plain, 200, headers(), 10, matchUnproven},
		"nothing, and no length":        {plain, 200, headers(), -1, matchUnproven},
		"nothing, and another length":   {plain, 200, headers(), 9, matchChanged},
		"an ETag for nothing":           {plain, 200, headers(tag, `"a"`), 10, matchUnproven},
		"weak ETags":                    {headers(tag, `W/"a"`), 200, headers(tag, `W/"a"`), 10, matchUnproven},
		"a type for nothing":            {plain, 200, headers("Content-Type", "text/html"), 10, matchOtherServer},
		"another type":                  {headers("Content-Type", "a/b"), 200, headers("Content-Type", "text/html"), 10, matchOtherServer},
		"the same type, other letters":  {headers("Content-Type", "a/b; c=d"), 200, headers("Content-Type", "A/B"), 10, matchUnproven},
		"a malformed type":              {headers("Content-Type", "/"), 200, headers("Content-Type", "/"), 10, matchUnproven},
		"not a tus server any more":     {headers("Tus-Resumable", "1.0.0"), 200, headers(), 10, matchOtherServer},
		"a tus server later":            {plain, 200, headers("Tus-Resumable", "1.0.0"), 10, matchUnproven},
		"not a tus server, same ETag":   {headers("Tus-Resumable", "1.0.0", tag, `"a"`), 200, headers(tag, `"a"`), 10, matchSame},
		"not a tus server, of a length": {headers("Tus-Resumable", "1.0.0"), 200, headers(), 9, matchOtherServer},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := contentOf(http.StatusOK, test.first, 10, nil)
			length := protocol.Length{}
			if test.length >= 0 {
				length = protocol.Known(test.length)
			}
			got, what := c.compare(test.status, test.header, length)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("%q (-want +got):\n%s", what, diff)
			}
			if (what == "") != (got == matchSame || got == matchUnproven) {
				t.Errorf("error %v has the text %q, want an empty text only without a fault", got, what)
			}
		})
	}
}
