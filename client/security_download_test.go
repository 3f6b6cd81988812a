package client_test

import (
	"bytes"
	"crypto/sha256"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
)

// atOnce makes n further tries without a wait.
func atOnce(n int) retry.Policy { return retry.Delays(make([]time.Duration, n)...) }

const wifi = "<html>Welcome to the Wi-Fi!</html>"

// S-BYTES-DOWNLOAD: the page of a portal, a proxy or a CDN in the place of the content
// is never written, and the download resumes after it. Proven over TCP.
func TestDownloadOtherServer(t *testing.T) {
	t.Parallel()
	const size, part = 4 << 20, 1 << 20
	data := noise(size)
	const tag = `"v1"`
	page := chunksWith([]string{"Content-Type", "text/html"}, wifi, wifi)
	typed := chunks(wifi) // sniffed as text/html
	long := chunksWith([]string{"Content-Type", "application/octet-stream"}, strings.Repeat("x", 2*part))
	// open sends the content without a length.
	open := chunksWith([]string{"Content-Type", "application/octet-stream"}, data)
	tests := map[string]struct {
		shelf *shelf
		want  []string
	}{
		"in the middle":                 {&shelf{data: data, etag: tag, script: []step{cut(part), page, typed, page}}, []string{"", `bytes=1048576- "v1"`, `bytes=1048576- "v1"`, `bytes=1048576- "v1"`, `bytes=1048576- "v1"`}},
		"in the middle, of the type":    {&shelf{data: data, etag: tag, script: []step{cut(part), long}}, []string{"", `bytes=1048576- "v1"`, `bytes=1048576- "v1"`}},
		"in the middle, with a length":  {&shelf{data: data, etag: tag, script: []step{cut(part), answer(200, wifi, "Content-Type", "text/html")}}, []string{"", `bytes=1048576- "v1"`, `bytes=1048576- "v1"`}},
		"in the middle, with an ETag":   {&shelf{data: data, etag: tag, script: []step{cut(part), answer(200, wifi, "Content-Type", "text/html", "ETag", `"wifi"`)}}, []string{"", `bytes=1048576- "v1"`, `bytes=1048576- "v1"`}},
		"in the middle, a weak ETag":    {&shelf{data: data, etag: tag, script: []step{cut(part), answer(200, wifi, "ETag", `W/"wifi"`)}}, []string{"", `bytes=1048576- "v1"`, `bytes=1048576- "v1"`}},
		"in the middle, compressed":     {&shelf{data: data, etag: tag, script: []step{cut(part), answer(200, wifi, "Content-Encoding", "gzip")}}, []string{"", `bytes=1048576- "v1"`, `bytes=1048576- "v1"`}},
		"in the middle, nothing at all": {&shelf{data: data, etag: tag, script: []step{cut(part), answer(204, "")}}, []string{"", `bytes=1048576- "v1"`, `bytes=1048576- "v1"`}},
		"before the first byte":         {&shelf{data: data, etag: tag, script: []step{cut(0), page, long}}, []string{"", "", "", ""}},
		"of no validator":               {&shelf{data: data, script: []step{cut(part), page, typed}}, []string{"", "", "", ""}},
		"of no validator, at the start": {&shelf{data: data, script: []step{cut(0), page}}, []string{"", "", ""}},
		"of no length":                  {&shelf{data: data, head: status(405), script: []step{cutChunks(data[:part], "Content-Type", "application/octet-stream"), page, open}}, []string{"", "", ""}},
		"of no length, of the type":     {&shelf{data: data, head: status(405), script: []step{cutChunks(data[:part], "Content-Type", "application/octet-stream"), chunksWith([]string{"Content-Type", "application/octet-stream"}, data[:part-1]), open}}, []string{"", "", ""}},
		"not a tus server any more":     {&shelf{data: data, script: []step{withTus(cut(part)), answer(200, noise(size), "Content-Type", "application/octet-stream"), withTus(nil)}}, []string{"", "", ""}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, _, err := download(t, test.shelf, client.Config{Doer: test.shelf.network(t), Retry: atOnce(5)})
			if err != nil || got != data {
				t.Errorf("%d bytes of %d, or others: %v", len(got), size, err)
			}
			if diff := cmp.Diff(test.want, test.shelf.seen); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
		})
	}
}

// withTus has an answer carry the header of a tus server. nil is the content.
func withTus(s step) step {
	return func(w http.ResponseWriter, r *http.Request, next giveOut) {
		w.Header().Set("Tus-Resumable", "1.0.0")
		if s == nil {
			next(w, r)
			return
		}
		s(w, r, next)
	}
}

// S-BYTES-DOWNLOAD: a page in the place of the first response is not written if its
// length is not that of the upload, said beforehand or not.
func TestDownloadOtherServerFirst(t *testing.T) {
	t.Parallel()
	const size = 1 << 20
	for name, page := range map[string]step{
		"of unknown length": chunks(wifi, wifi),
		"cut":               cutChunks(wifi),
		"with a length":     answer(200, wifi),
		"large":             chunks(strings.Repeat(wifi, 1000)),
		"with an ETag":      chunksWith([]string{"ETag", `"wifi"`}, wifi),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &shelf{data: noise(size), script: []step{page}}
			got, _, err := download(t, s, client.Config{Doer: s.network(t), Retry: retry.Never})
			if err == nil || got != "" {
				t.Errorf("wrote %d bytes, error %v", len(got), err)
			}
		})
	}
}

// S-BYTES-DOWNLOAD: two contents are never joined, whatever the server says of them.
// Proven over TCP.
func TestDownloadOfReplacedContent(t *testing.T) {
	t.Parallel()
	const size, part = 256 << 10, 100 << 10
	a, b := noise(size), noise(size + 1)[:size]
	now := time.Now()
	tests := map[string]*shelf{
		"no validator":   {},
		"no HEAD":        {head: status(405)},
		"weak ETag":      {etag: `W/"v1"`},
		"date of now":    {date: now},
		"date of 50 s":   {date: now.Add(-50 * time.Second)},
		"date, weak tag": {date: now.Add(-time.Hour), etag: `W/"v1"`},
		"empty ETag":     {etag: `""`},
	}
	for name, s := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s.data, s.script = a, []step{cut(part), s.replaced(b)}
			got, _, err := download(t, s, client.Config{Doer: s.network(t), Retry: atOnce(3)})
			wantIs(t, err, client.ErrContentChanged)
			if !strings.HasPrefix(a, got) {
				t.Error("the contents were joined")
			}
			if diff := cmp.Diff([]string{"", ""}, s.seen); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
		})
	}
}

// Bytes that read again prove to be the same need no validator, and one that shows up
// with them counts from then on.
func TestDownloadFindsValidator(t *testing.T) {
	t.Parallel()
	data := noise(1000)
	s := &shelf{data: data, script: []step{cut(100), tagged(`"v1"`, cut(300)), tagged(`"v1"`, nil)}}
	got, _, err := download(t, s, client.Config{Doer: s.network(t), Retry: atOnce(3)})
	if err != nil || got != data {
		t.Errorf("%d bytes, or others: %v", len(got), err)
	}
	if diff := cmp.Diff([]string{"", "", `bytes=300- "v1"`}, s.seen); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

// tagged has an answer carry an ETag. nil is the content.
func tagged(etag string, s step) step {
	return func(w http.ResponseWriter, r *http.Request, next giveOut) {
		w.Header().Set("ETag", etag)
		if s == nil {
			next(w, r)
			return
		}
		s(w, r, next)
	}
}

// summed is a writer that knows the SHA-256 of what it has.
type summed struct {
	bytes.Buffer
	sum [sha256.Size]byte
}

func (s *summed) PrefixSum() [sha256.Size]byte { return s.sum }

// A download of an earlier run resumes without a strong validator if the bytes from
// before are the first ones of the content.
func TestDownloadResumesBySum(t *testing.T) {
	t.Parallel()
	data := noise(1000)
	none := sha256.Sum256(nil)
	tests := map[string]struct {
		offset int64
		sum    [sha256.Size]byte
		script []step
		want   string
		is     error
		words  string
	}{
		"the same":              {400, sha256.Sum256([]byte(data[:400])), nil, data[400:], nil, ""},
		"all":                   {1000, sha256.Sum256([]byte(data)), nil, "", nil, ""},
		"all but one":           {999, sha256.Sum256([]byte(data[:999])), nil, data[999:], nil, ""},
		"cut before the offset": {400, sha256.Sum256([]byte(data[:400])), []step{cut(300), cut(399)}, data[400:], nil, ""},
		"cut behind the offset": {400, sha256.Sum256([]byte(data[:400])), []step{cut(500), cut(600)}, data[400:], nil, ""},
		"others":                {400, sha256.Sum256([]byte(data[1:401])), nil, "", client.ErrContentChanged, "first 400 bytes"},
		"others, all":           {1000, none, nil, "", client.ErrContentChanged, "first 1000 bytes"},
		"more than there are":   {1001, none, nil, "", client.ErrContentChanged, "1001 were there"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &shelf{data: data, script: test.script}
			w := &summed{sum: test.sum}
			c := newDownloader(t, client.Config{Endpoint: contentURL, Doer: s.network(t), Retry: atOnce(3)})
			res, err := c.Download(t.Context(), contentURL, func(client.Content) (io.Writer, int64, error) { return w, test.offset, nil }, nil)
			if w.String() != test.want || res.Offset != test.offset+int64(len(test.want)) {
				t.Errorf("%d bytes, offset %d", w.Len(), res.Offset)
			}
			if test.is == nil {
				if err != nil {
					t.Error(err)
				}
				return
			}
			wantIs(t, err, test.is)
			wantClear(t, err, test.words)
		})
	}
}

// A writer that cannot tell what it has is not resumed without a strong validator.
func TestDownloadCannotTell(t *testing.T) {
	t.Parallel()
	s := &shelf{data: noise(1000), etag: `W/"v1"`}
	c := newDownloader(t, client.Config{Endpoint: contentURL, Doer: s.network(t), Retry: retry.Never})
	var b bytes.Buffer
	_, err := c.Download(t.Context(), contentURL, func(client.Content) (io.Writer, int64, error) { return &b, 400, nil }, nil)
	wantIs(t, err, client.ErrContentChanged)
	wantClear(t, err, "cannot tell")
	if b.Len() > 0 {
		t.Errorf("wrote %d bytes", b.Len())
	}
}

// open may refuse a response as that of another server. It is called again with the
// next one.
func TestDownloadOpenRefuses(t *testing.T) {
	t.Parallel()
	data := noise(1000)
	s := &shelf{data: data, head: status(405), etag: `"v1"`, script: []step{chunks(wifi)}}
	c := newDownloader(t, client.Config{Endpoint: contentURL, Doer: s.network(t), Retry: atOnce(3)})
	var b bytes.Buffer
	var versions []string
	_, err := c.Download(t.Context(), contentURL, func(content client.Content) (io.Writer, int64, error) {
		versions = append(versions, content.Version)
		if content.Version == "" {
			return nil, 0, client.ErrOtherServer
		}
		return &b, 0, nil
	}, nil)
	if err != nil || b.String() != data {
		t.Errorf("%d bytes, or others: %v", b.Len(), err)
	}
	if diff := cmp.Diff([]string{"", `length 1000, etag "v1"`}, versions); diff != "" {
		t.Errorf("versions (-want +got):\n%s", diff)
	}
}

// A portal that never goes away is not waited for without end, and nothing of it is
// written.
func TestDownloadOtherServerStays(t *testing.T) {
	t.Parallel()
	s := &shelf{data: noise(1000), etag: `"v1"`, script: []step{cut(100), chunks(wifi), chunks(wifi), chunks(wifi)}}
	got, res, err := download(t, s, client.Config{Doer: s.network(t), Retry: atOnce(2)})
	wantIs(t, err, client.ErrOtherServer, retry.ErrExhausted)
	if got != s.data[:100] || res.Content.Length != protocol.Known(1000) {
		t.Errorf("%d bytes, %+v", len(got), res)
	}
}
