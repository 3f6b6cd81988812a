package client_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
)

// objectStore serves one object over HTTP, with ranges and a strong ETag. It is safe for
// concurrent use.
type objectStore struct {
	URL string

	mu       sync.Mutex
	content  string
	etag     string
	requests []string // GET requests in their order: the Range of each
	script   []http.HandlerFunc
}

func newObjectStore(t *testing.T, content string) *objectStore {
	t.Helper()
	o := &objectStore{content: content, etag: `"1"`}
	server := httptest.NewServer(o)
	t.Cleanup(server.Close)
	o.URL = server.URL + "/bucket/film.mov"
	return o
}

// on scripts the answers to the next GET requests. nil: the object.
func (o *objectStore) on(answers ...http.HandlerFunc) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.script = append(o.script, answers...)
}

// replace puts another version in the place of the object.
func (o *objectStore) replace(content string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.content, o.etag = content, `"2"`
}

// ranges returns the Range of each GET, from the nth on.
func (o *objectStore) ranges(n int) []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]string(nil), o.requests[n:]...)
}

func (o *objectStore) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	var answer http.HandlerFunc
	if r.Method == http.MethodGet {
		o.requests = append(o.requests, strings.TrimPrefix(r.Header.Get("Range"), "bytes="))
		if len(o.script) > 0 {
			answer, o.script = o.script[0], o.script[1:]
		}
	}
	o.mu.Unlock()
	if answer != nil {
		answer(w, r)
		return
	}
	o.serve(w, r)
}

// serve answers with the object.
func (o *objectStore) serve(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	content, etag := o.content, o.etag
	o.mu.Unlock()
	w.Header().Set("ETag", etag)
	http.ServeContent(w, r, "film.mov", noTime, strings.NewReader(content))
}

// cutAfter answers with the beginning of a range, and closes the connection.
func (o *objectStore) cutAfter(n int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		o.serve(&cutWriter{ResponseWriter: w, left: n}, r)
	}
}

type cutWriter struct {
	http.ResponseWriter
	left int
}

func (w *cutWriter) Write(p []byte) (int, error) {
	if len(p) > w.left {
		_, _ = w.ResponseWriter.Write(p[:w.left])
		_ = http.NewResponseController(w.ResponseWriter).Flush()
		panic(http.ErrAbortHandler)
	}
	w.left -= len(p)
	return w.ResponseWriter.Write(p)
}

// source returns the object as it is now.
func (o *objectStore) source(t *testing.T) client.Source {
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
