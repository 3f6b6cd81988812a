package partial_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/internal/partial"
)

func FuzzContentRange(f *testing.F) {
	for _, seed := range []string{"", "bytes 0-4/5", "bytes 5-9/*", "bytes */5", "Bytes  1-1/2", "bytes 4-0/5", "bytes 0-5/5", "bytes 0-9223372036854775807/9223372036854775807", "bytes -1-2/3", "items 0-1/2"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		r, err := partial.ContentRange(http.Header{"Content-Range": {value}})
		if err != nil {
			if !errors.Is(err, failure.ErrContent) {
				t.Errorf("%q: error %v, want ErrContent", value, err)
			}
			return
		}
		if n, known := r.Whole.Int64(); r.Start < 0 || r.End <= r.Start || known && n < r.End {
			t.Errorf("%q: from %d to %d of %d, want a range of at least one byte within the whole", value, r.Start, r.End, n)
		}
	})
}
