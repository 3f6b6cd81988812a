package download

import (
	"errors"
	"math"
	"net/http"
	"testing"

	"github.com/tusker-go/tusker/client/failure"
)

func FuzzContentRange(f *testing.F) {
	for _, seed := range []string{"", "bytes 0-4/5", "bytes 5-9/*", "bytes */5", "Bytes  1-1/2", "bytes 4-0/5", "bytes 0-5/5", "bytes 0-9223372036854775807/9223372036854775807", "bytes -1-2/3", "items 0-1/2"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		r, err := contentRange(http.Header{"Content-Range": {value}})
		if err != nil {
			if !errors.Is(err, failure.ErrContent) {
				t.Errorf("%q: error %v", value, err)
			}
			return
		}
		if n, known := r.whole.Int64(); r.start < 0 || r.end <= r.start || known && n < r.end {
			t.Errorf("%q: from %d to %d of %d", value, r.start, r.end, n)
		}
	})
}

// A response with the same headers always matches the content of the first response.
func FuzzContentOf(f *testing.F) {
	f.Add(`"a"`, "Fri, 02 Jan 2026 03:04:05 GMT", "Fri, 02 Jan 2026 03:04:15 GMT", int64(5))
	f.Add(`W/"a"`, "", "", int64(-1))
	f.Add("\x1b", "x", "y", int64(math.MaxInt64))
	f.Fuzz(func(t *testing.T, etag, modified, date string, length int64) {
		h := http.Header{"Etag": {etag}, "Last-Modified": {modified}, "Date": {date}}
		c := contentOf(http.StatusOK, h, length, nil)
		if n, known := c.Length.Int64(); known && n < 0 {
			t.Errorf("length %d", n)
		}
		if (c.Version == "") != (c.validator == validator{}) {
			t.Errorf("version %q of validator %v", c.Version, c.validator)
		}
		if got, what := c.compare(http.StatusOK, h, c.Length); got != matchSame && got != matchUnproven {
			t.Errorf("the content differs from itself: %v, %s", got, what)
		}
	})
}
