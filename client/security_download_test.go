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
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake/content"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
)

// atOnce allows n retries without a wait.
func atOnce(n int) retry.Policy { return retry.Delays(make([]time.Duration, n)...) }

const wifi = "<html>Welcome to the Wi-Fi!</html>"

// S-BYTES-DOWNLOAD: the page of a portal, a proxy or a CDN is never written instead of the
// content, and the download resumes after it. The test uses TCP.
func TestDownloadOtherServer(t *testing.T) {
	t.Parallel()
	const size, part = 4 << 20, 1 << 20
	data := clienttest.Noise(size)
	const tag = `"v1"`
	page := content.ChunksWithHeader([]string{"Content-Type", "text/html"}, wifi, wifi)
	typed := content.Chunks(wifi) // sniffed as text/html
	long := content.ChunksWithHeader([]string{"Content-Type", "application/octet-stream"}, strings.Repeat("x", 2*part))
	// open sends the content without a length.
	open := content.ChunksWithHeader([]string{"Content-Type", "application/octet-stream"}, data)
	tests := map[string]struct {
		server *content.Server
		want   []string
	}{
		"in the middle":                 {&content.Server{Data: data, ETag: tag, Script: []content.Step{content.Cut(part), page, typed, page}}, []string{"", `bytes=1048576- "v1"`, `bytes=1048576- "v1"`, `bytes=1048576- "v1"`, `bytes=1048576- "v1"`}},
		"in the middle, of the type":    {&content.Server{Data: data, ETag: tag, Script: []content.Step{content.Cut(part), long}}, []string{"", `bytes=1048576- "v1"`, `bytes=1048576- "v1"`}},
		"in the middle, with a length":  {&content.Server{Data: data, ETag: tag, Script: []content.Step{content.Cut(part), content.Status(200, wifi, "Content-Type", "text/html")}}, []string{"", `bytes=1048576- "v1"`, `bytes=1048576- "v1"`}},
		"in the middle, with an ETag":   {&content.Server{Data: data, ETag: tag, Script: []content.Step{content.Cut(part), content.Status(200, wifi, "Content-Type", "text/html", "ETag", `"wifi"`)}}, []string{"", `bytes=1048576- "v1"`, `bytes=1048576- "v1"`}},
		"in the middle, a weak ETag":    {&content.Server{Data: data, ETag: tag, Script: []content.Step{content.Cut(part), content.Status(200, wifi, "ETag", `W/"wifi"`)}}, []string{"", `bytes=1048576- "v1"`, `bytes=1048576- "v1"`}},
		"in the middle, compressed":     {&content.Server{Data: data, ETag: tag, Script: []content.Step{content.Cut(part), content.Status(200, wifi, "Content-Encoding", "gzip")}}, []string{"", `bytes=1048576- "v1"`, `bytes=1048576- "v1"`}},
		"in the middle, nothing at all": {&content.Server{Data: data, ETag: tag, Script: []content.Step{content.Cut(part), content.Status(204, "")}}, []string{"", `bytes=1048576- "v1"`, `bytes=1048576- "v1"`}},
		"before the first byte":         {&content.Server{Data: data, ETag: tag, Script: []content.Step{content.Cut(0), page, long}}, []string{"", "", "", ""}},
		"of no validator":               {&content.Server{Data: data, Script: []content.Step{content.Cut(part), page, typed}}, []string{"", "", "", ""}},
		"of no validator, at the start": {&content.Server{Data: data, Script: []content.Step{content.Cut(0), page}}, []string{"", "", ""}},
		"of no length":                  {&content.Server{Data: data, Head: content.HeadStatus(405), Script: []content.Step{content.CutChunks(data[:part], "Content-Type", "application/octet-stream"), page, open}}, []string{"", "", ""}},
		"of no length, of the type":     {&content.Server{Data: data, Head: content.HeadStatus(405), Script: []content.Step{content.CutChunks(data[:part], "Content-Type", "application/octet-stream"), content.ChunksWithHeader([]string{"Content-Type", "application/octet-stream"}, data[:part-1]), open}}, []string{"", "", ""}},
		"not a tus server any more":     {&content.Server{Data: data, Script: []content.Step{withTus(content.Cut(part)), content.Status(200, clienttest.Noise(size), "Content-Type", "application/octet-stream"), withTus(nil)}}, []string{"", "", ""}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, _, err := clienttest.Download(t, test.server, client.Config{Doer: test.server.TCPDoer(t), Retry: atOnce(5)})
			if err != nil || got != data {
				t.Errorf("%d bytes of %d, or others: %v, want no error and the expected %d", len(got), size, err, len(data))
			}
			if diff := cmp.Diff(test.want, test.server.Seen); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
		})
	}
}

// withTus adds the header of a tus server to an answer. nil is the content.
func withTus(s content.Step) content.Step {
	return func(w http.ResponseWriter, r *http.Request, next http.HandlerFunc) {
		w.Header().Set("Tus-Resumable", "1.0.0")
		if s == nil {
			next(w, r)
			return
		}
		s(w, r, next)
	}
}

// S-BYTES-DOWNLOAD: a page instead of the first response is not written if its length is not
// that of the upload, with or without a Content-Length.
func TestDownloadOtherServerFirst(t *testing.T) {
	t.Parallel()
	const size = 1 << 20
	for name, page := range map[string]content.Step{
		"of unknown length": content.Chunks(wifi, wifi),
		"cut":               content.CutChunks(wifi),
		"with a length":     content.Status(200, wifi),
		"large":             content.Chunks(strings.Repeat(wifi, 1000)),
		"with an ETag":      content.ChunksWithHeader([]string{"ETag", `"wifi"`}, wifi),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &content.Server{Data: clienttest.Noise(size), Script: []content.Step{page}}
			got, _, err := clienttest.Download(t, s, client.Config{Doer: s.TCPDoer(t), Retry: retry.Never})
			if err == nil || got != "" {
				t.Errorf("wrote %d bytes, error %v, want \"\" and an error", len(got), err)
			}
		})
	}
}

// S-BYTES-DOWNLOAD: bytes of two contents are never joined, regardless of the headers. The test
// uses TCP.
func TestDownloadOfReplacedContent(t *testing.T) {
	t.Parallel()
	const size, part = 256 << 10, 100 << 10
	a, b := clienttest.Noise(size), clienttest.Noise(size + 1)[:size]
	now := time.Now()
	tests := map[string]*content.Server{
		"no validator":   {},
		"no HEAD":        {Head: content.HeadStatus(405)},
		"weak ETag":      {ETag: `W/"v1"`},
		"date of now":    {Modified: now},
		"date of 50 s":   {Modified: now.Add(-50 * time.Second)},
		"date, weak tag": {Modified: now.Add(-time.Hour), ETag: `W/"v1"`},
		"empty ETag":     {ETag: `""`},
	}
	for name, s := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s.Data, s.Script = a, []content.Step{content.Cut(part), s.ReplaceData(b)}
			got, _, err := clienttest.Download(t, s, client.Config{Doer: s.TCPDoer(t), Retry: atOnce(3)})
			clienttest.WantErrorIs(t, err, client.ErrContentChanged)
			if !strings.HasPrefix(a, got) {
				t.Error("the contents were joined")
			}
			if diff := cmp.Diff([]string{"", ""}, s.Seen); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
		})
	}
}

// Bytes that are read again and are the same need no validator. A validator of that answer is
// used from then on.
func TestDownloadFindsValidator(t *testing.T) {
	t.Parallel()
	data := clienttest.Noise(1000)
	s := &content.Server{Data: data, Script: []content.Step{content.Cut(100), tagged(`"v1"`, content.Cut(300)), tagged(`"v1"`, nil)}}
	got, _, err := clienttest.Download(t, s, client.Config{Doer: s.TCPDoer(t), Retry: atOnce(3)})
	if err != nil || got != data {
		t.Errorf("%d bytes, or other bytes than the server has: %v", len(got), err)
	}
	if diff := cmp.Diff([]string{"", "", `bytes=300- "v1"`}, s.Seen); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

// tagged adds an ETag to an answer. nil is the content.
func tagged(etag string, s content.Step) content.Step {
	return func(w http.ResponseWriter, r *http.Request, next http.HandlerFunc) {
		w.Header().Set("ETag", etag)
		if s == nil {
			next(w, r)
			return
		}
		s(w, r, next)
	}
}

// summed is a writer that implements client.PrefixSummer.
type summed struct {
	bytes.Buffer
	sum [sha256.Size]byte
}

func (s *summed) PrefixSum() [sha256.Size]byte { return s.sum }

// A download of an earlier run resumes without a strong validator if its bytes are the first
// bytes of the content.
func TestDownloadResumesBySum(t *testing.T) {
	t.Parallel()
	data := clienttest.Noise(1000)
	none := sha256.Sum256(nil)
	tests := map[string]struct {
		offset int64
		sum    [sha256.Size]byte
		script []content.Step
		want   string
		is     error
		words  string
	}{
		"the same":              {400, sha256.Sum256([]byte(data[:400])), nil, data[400:], nil, ""},
		"all":                   {1000, sha256.Sum256([]byte(data)), nil, "", nil, ""},
		"all but one":           {999, sha256.Sum256([]byte(data[:999])), nil, data[999:], nil, ""},
		"cut before the offset": {400, sha256.Sum256([]byte(data[:400])), []content.Step{content.Cut(300), content.Cut(399)}, data[400:], nil, ""},
		"cut behind the offset": {400, sha256.Sum256([]byte(data[:400])), []content.Step{content.Cut(500), content.Cut(600)}, data[400:], nil, ""},
		"others":                {400, sha256.Sum256([]byte(data[1:401])), nil, "", client.ErrContentChanged, "first 400 bytes"},
		"others, all":           {1000, none, nil, "", client.ErrContentChanged, "first 1000 bytes"},
		"more than there are":   {1001, none, nil, "", client.ErrContentChanged, "but 1001 were already written"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &content.Server{Data: data, Script: test.script}
			w := &summed{sum: test.sum}
			c := clienttest.New(t, client.Config{Endpoint: content.URL, Doer: s.TCPDoer(t), Retry: atOnce(3)})
			res, err := c.Download(t.Context(), content.URL, func(client.Content) (io.Writer, int64, error) { return w, test.offset, nil }, nil)
			if w.String() != test.want || res.Offset != test.offset+int64(len(test.want)) {
				t.Errorf("%d bytes, offset %d, want the expected %d and Offset %v", w.Len(), res.Offset, len(test.want), test.offset+int64(len(test.want)))
			}
			if test.is == nil {
				if err != nil {
					t.Error(err)
				}
				return
			}
			clienttest.WantErrorIs(t, err, test.is)
			clienttest.WantClearError(t, err, test.words)
		})
	}
}

// A writer that is not a PrefixSummer cannot resume without a strong validator.
func TestDownloadWithoutPrefixSum(t *testing.T) {
	t.Parallel()
	s := &content.Server{Data: clienttest.Noise(1000), ETag: `W/"v1"`}
	c := clienttest.New(t, client.Config{Endpoint: content.URL, Doer: s.TCPDoer(t), Retry: retry.Never})
	var b bytes.Buffer
	_, err := c.Download(t.Context(), content.URL, func(client.Content) (io.Writer, int64, error) { return &b, 400, nil }, nil)
	clienttest.WantErrorIs(t, err, client.ErrContentChanged)
	clienttest.WantClearError(t, err, "cannot decide")
	if b.Len() > 0 {
		t.Errorf("wrote %d bytes, want 0", b.Len())
	}
}

// If open refuses a response with ErrOtherServer, the request is retried and open is called
// again.
func TestDownloadOpenRefuses(t *testing.T) {
	t.Parallel()
	data := clienttest.Noise(1000)
	s := &content.Server{Data: data, Head: content.HeadStatus(405), ETag: `"v1"`, Script: []content.Step{content.Chunks(wifi)}}
	c := clienttest.New(t, client.Config{Endpoint: content.URL, Doer: s.TCPDoer(t), Retry: atOnce(3)})
	var b bytes.Buffer
	var versions []string
	_, err := c.Download(t.Context(), content.URL, func(content client.Content) (io.Writer, int64, error) {
		versions = append(versions, content.Version)
		if content.Version == "" {
			return nil, 0, client.ErrOtherServer
		}
		return &b, 0, nil
	}, nil)
	if err != nil || b.String() != data {
		t.Errorf("%d bytes, or other bytes than the server has: %v", b.Len(), err)
	}
	if diff := cmp.Diff([]string{"", `length 1000, etag "v1"`}, versions); diff != "" {
		t.Errorf("versions (-want +got):\n%s", diff)
	}
}

// A portal that answers every request ends the download when the policy allows no more
// retries, and nothing of its page is written.
func TestDownloadOtherServerStays(t *testing.T) {
	t.Parallel()
	s := &content.Server{Data: clienttest.Noise(1000), ETag: `"v1"`, Script: []content.Step{content.Cut(100), content.Chunks(wifi), content.Chunks(wifi), content.Chunks(wifi)}}
	got, res, err := clienttest.Download(t, s, client.Config{Doer: s.TCPDoer(t), Retry: atOnce(2)})
	clienttest.WantErrorIs(t, err, client.ErrOtherServer, retry.ErrExhausted)
	if got != s.Data[:100] || res.Content.Length != protocol.Known(1000) {
		t.Errorf("%d bytes, %+v, want Content.Length %v and the expected %d", len(got), res, protocol.Known(1000), len(s.Data[:100]))
	}
}
