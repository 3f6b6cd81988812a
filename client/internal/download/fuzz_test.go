package download

import (
	"math"
	"net/http"
	"testing"
)

// A response with the same headers always matches the content of the first response.
func FuzzContentOf(f *testing.F) {
	f.Add(`"a"`, "Fri, 02 Jan 2026 03:04:05 GMT", "Fri, 02 Jan 2026 03:04:15 GMT", int64(5))
	f.Add(`W/"a"`, "", "", int64(-1))
	f.Add("\x1b", "x", "y", int64(math.MaxInt64))
	f.Fuzz(func(t *testing.T, etag, modified, date string, length int64) {
		h := http.Header{"Etag": {etag}, "Last-Modified": {modified}, "Date": {date}}
		c := contentOf(http.StatusOK, h, length, nil)
		if n, known := c.Length.Int64(); known && n < 0 {
			t.Errorf("length %d, want at least 0", n)
		}
		if (c.Version == "") != (c.validator == validator{}) {
			t.Errorf("version %q of validator %v, want both or neither", c.Version, c.validator)
		}
		if got, what := c.compare(http.StatusOK, h, c.Length); got != matchSame && got != matchUnproven {
			t.Errorf("the content differs from itself: %v, %s", got, what)
		}
	})
}
