package client_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake/object"
)

// sourceOf returns the object as it is now.
func sourceOf(t *testing.T, o *object.Server) client.Source {
	t.Helper()
	src, err := objectSource(t.Context(), o.URL)
	if err != nil {
		t.Fatal(err)
	}
	return src
}

// chunked returns the ranges of n bytes in chunks of size.
func chunked(n, size int) []string {
	var ranges []string
	for from := 0; from < n; from += size {
		ranges = append(ranges, fmt.Sprintf("%d-%d", from, min(from+size, n)-1))
	}
	return ranges
}

// bytesIn adds up the bytes of ranges.
func bytesIn(t *testing.T, ranges []string) (sum int64) {
	t.Helper()
	for _, r := range ranges {
		var from, to int64
		if _, err := fmt.Sscanf(r, "%d-%d", &from, &to); err != nil {
			t.Fatal(err)
		}
		sum += to - from + 1
	}
	return sum
}

var errObject = errors.New("the object store is away")

const objectSize = clienttest.FourPartsSize
