package client_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
)

type step = func(http.ResponseWriter, *http.Request, giveOut)

func uploadState(offset, length int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Tus-Resumable", "1.0.0")
		w.Header().Set("Upload-Offset", strconv.Itoa(offset))
		w.Header().Set("Upload-Length", strconv.Itoa(length))
		w.Header().Set("Upload-Metadata", "filename YS5iaW4=")
		w.WriteHeader(http.StatusOK)
	})
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

// The writer gets what the server has, however often the connection breaks.
func TestDownload(t *testing.T) {
	const size = 300 << 10
	data := noise(size)
	changed := time.Date(1999, 1, 2, 3, 4, 5, 0, time.UTC)
	date := changed.Format(http.TimeFormat)
	const tag = `"v1"`
	tests := map[string]struct {
		shelf *shelf
		want  []string // Range and If-Range of each GET
	}{
		"in one":               {&shelf{data: data}, []string{""}},
		"nothing":              {&shelf{}, []string{""}},
		"nothing, by 204":      {&shelf{script: []step{answer(204, "")}}, []string{""}},
		"one byte":             {&shelf{data: "a"}, []string{""}},
		"cut, with ETag":       {&shelf{data: data, etag: tag, script: []step{cut(1000)}}, []string{"", `bytes=1000- "v1"`}},
		"cut, with date":       {&shelf{data: data, date: changed, script: []step{cut(1000)}}, []string{"", "bytes=1000- " + date}},
		"cut, weak ETag":       {&shelf{data: data, etag: `W/"v1"`, script: []step{cut(1000)}}, []string{"", ""}},
		"cut, weak ETag, date": {&shelf{data: data, etag: `W/"v1"`, date: changed, script: []step{cut(1000)}}, []string{"", ""}},
		"cut, no validator":    {&shelf{data: data, script: []step{cut(1000), cut(2000), cut(100)}}, []string{"", "", "", ""}},
		"cut twice":            {&shelf{data: data, etag: tag, script: []step{cut(1000), cut(2000)}}, []string{"", `bytes=1000- "v1"`, `bytes=3000- "v1"`}},
		"cut before any byte":  {&shelf{data: data, script: []step{cut(0)}}, []string{"", ""}},
		"cut before the last":  {&shelf{data: data, etag: tag, script: []step{cut(size - 1)}}, []string{"", `bytes=307199- "v1"`}},
		"no answer":            {&shelf{data: data, script: []step{func(http.ResponseWriter, *http.Request, giveOut) { panic(http.ErrAbortHandler) }}}, []string{"", ""}},
		"busy":                 {&shelf{data: data, etag: tag, script: []step{answer(503, ""), cut(10), answer(502, "")}}, []string{"", "", `bytes=10- "v1"`, `bytes=10- "v1"`}},
		"knows no Range":       {&shelf{data: data, etag: tag, script: []step{cut(1000), rangeless}}, []string{"", `bytes=1000- "v1"`}},
		"knows no Range, cut": {&shelf{data: data, etag: tag, script: []step{cut(9000), func(w http.ResponseWriter, r *http.Request, next giveOut) {
			r.Header.Del("Range")
			cut(100)(w, r, next)
		}}}, []string{"", `bytes=9000- "v1"`, `bytes=9000- "v1"`}},
		"no HEAD":               {&shelf{data: data, etag: tag, head: status(405), script: []step{cut(1000)}}, []string{"", `bytes=1000- "v1"`}},
		"HEAD not allowed":      {&shelf{data: data, head: status(403)}, []string{""}},
		"HEAD without offset":   {&shelf{data: data, head: status(200)}, []string{""}},
		"smaller ranges":        {&shelf{data: data, etag: tag, script: []step{cut(1000), answer(206, data[1000:1500], "Content-Range", "bytes 1000-1499/307200", "ETag", tag)}}, []string{"", `bytes=1000- "v1"`, `bytes=1500- "v1"`}},
		"range that begins low": {&shelf{data: data, etag: tag, script: []step{cut(1000), answer(206, data[900:], "Content-Range", "bytes 900-307199/*", "ETag", tag)}}, []string{"", `bytes=1000- "v1"`}},
		"range with more":       {&shelf{data: data, etag: tag, script: []step{cut(100), answer(206, data[100:200]+strings.Repeat("x", 1000), "Content-Range", "bytes 100-199/307200", "ETag", tag)}}, []string{"", `bytes=100- "v1"`, `bytes=200- "v1"`}},
		"range without ETag":    {&shelf{data: data, etag: tag, script: []step{cut(100), answer(206, strings.Repeat("x", 307100), "Content-Range", "bytes 100-307199/307200")}}, []string{"", `bytes=100- "v1"`, ""}},
		"range of a weak ETag":  {&shelf{data: data, etag: tag, script: []step{cut(100), answer(206, strings.Repeat("x", 307100), "Content-Range", "bytes 100-307199/307200", "ETag", `W/"v1"`)}}, []string{"", `bytes=100- "v1"`, ""}},
		"range not satisfiable": {&shelf{data: data, etag: tag, script: []step{cut(100), answer(416, "")}}, []string{"", `bytes=100- "v1"`, ""}},
		"of unknown length":     {&shelf{data: data, head: status(405), script: []step{chunks(data[:5000], data[5000:])}}, []string{""}},
		"unknown to the GET":    {&shelf{data: data, script: []step{chunks(data[:5000], data[5000:])}}, []string{""}},
		"unknown to GET, short": {&shelf{data: data[:9000], script: []step{chunks(data[:5000], data[5000:9000])}}, []string{""}},
		"unknown, cut at the end": {&shelf{data: data, etag: tag, head: status(405), script: []step{
			cutChunks(data, "ETag", tag), nil, chunksWith([]string{"ETag", tag}, data),
		}}, []string{"", `bytes=307200- "v1"`, ""}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				got, res, err := download(t, test.shelf, client.Config{})
				if err != nil {
					t.Fatal(err)
				}
				if got != test.shelf.data {
					t.Errorf("%d bytes of %d, or others", len(got), len(test.shelf.data))
				}
				if n, ok := res.Content.Length.Int64(); !ok || n != int64(len(got)) {
					t.Errorf("length %v", res.Content.Length)
				}
				if diff := cmp.Diff(test.want, test.shelf.seen); diff != "" {
					t.Errorf("requests (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// Only the content is written, and an error that no retry can mend ends the
// download at once.
func TestDownloadFails(t *testing.T) {
	data := noise(10_000)
	const tag = `"v1"`
	// after is an answer to the request that follows a lost connection.
	after := func(s step) *shelf { return &shelf{data: data, etag: tag, script: []step{cut(10), s}} }
	tests := map[string]struct {
		shelf *shelf
		want  []error
	}{
		"unfinished":              {&shelf{data: data, head: complete(3, 10_000)}, []error{client.ErrUnfinished}},
		"gone":                    {&shelf{head: status(404), script: []step{answer(404, "")}}, []error{protocol.ErrNotFound}},
		"not served":              {&shelf{data: data, script: []step{answer(405, "")}}, []error{client.ErrNotServed}},
		"not found, but there":    {&shelf{data: data, script: []step{answer(404, "")}}, []error{client.ErrNotServed}},
		"not allowed":             {&shelf{data: data, script: []step{answer(401, "who?")}}, []error{protocol.ErrUnauthorized}},
		"shorter than upload":     {&shelf{data: data, script: []step{answer(200, data[:9999], "Content-Length", "9999")}}, []error{client.ErrContent}},
		"longer than upload":      {&shelf{data: data, script: []step{chunks(data, "x")}}, []error{client.ErrContent}},
		"compressed":              {&shelf{data: data, script: []step{answer(200, data, "Content-Encoding", "gzip")}}, []error{client.ErrContent}},
		"range though unasked":    {&shelf{data: data, script: []step{answer(206, data, "Content-Range", "bytes 0-9999/10000")}}, []error{protocol.ErrUnexpectedStatus}},
		"range later, unasked":    {&shelf{data: data, script: []step{cut(10), answer(206, data[10:], "Content-Range", "bytes 10-9999/10000")}}, []error{protocol.ErrUnexpectedStatus}},
		"no content":              {&shelf{data: data, script: []step{answer(204, "")}}, []error{client.ErrContent}},
		"other ETag":              {after(answer(206, data[10:], "Content-Range", "bytes 10-9999/10000", "ETag", `"v2"`)), []error{client.ErrContentChanged}},
		"other ETag, whole":       {after(answer(200, data, "ETag", `"v2"`)), []error{client.ErrContentChanged}},
		"other ETag, at 0":        {&shelf{data: data, etag: tag, script: []step{cut(0), answer(200, data, "ETag", `"v2"`)}}, []error{client.ErrContentChanged}},
		"other length":            {after(answer(206, data[10:], "Content-Range", "bytes 10-9999/10001", "ETag", tag)), []error{client.ErrContentChanged}},
		"other length, whole":     {after(answer(200, data+"x", "Content-Length", "10001", "ETag", tag)), []error{client.ErrContentChanged}},
		"shrunk":                  {&shelf{data: data, etag: tag, script: []step{cut(10), answer(416, ""), answer(200, data[:9], "ETag", `"v2"`, "Content-Type", "application/octet-stream")}}, []error{client.ErrContentChanged}},
		"range from further on":   {after(answer(206, data[11:], "Content-Range", "bytes 11-9999/10000", "ETag", tag)), []error{client.ErrContent}},
		"range without a header":  {after(answer(206, data[10:], "ETag", tag)), []error{client.ErrContent}},
		"range of negative range": {after(answer(206, data[10:], "Content-Range", "bytes 10--5/10000", "ETag", tag)), []error{client.ErrContent}},
		"several ranges":          {after(answer(206, data[10:], "Content-Range", "bytes 10-9999/10000", "ETag", tag, "Content-Type", "multipart/byteranges; boundary=x")), []error{client.ErrContent}},
		"range beyond the end":    {after(answer(206, data[10:]+"x", "Content-Range", "bytes 10-10000/*", "ETag", tag)), []error{client.ErrContent}},
		"end not to be known": {&shelf{head: status(405), script: []step{func(w http.ResponseWriter, _ *http.Request, _ giveOut) {
			c, _, _ := http.NewResponseController(w).Hijack()
			_, _ = io.WriteString(c, "HTTP/1.0 200 OK\r\n\r\nabc")
			_ = c.Close()
		}}}, []error{client.ErrContent}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				got, _, err := download(t, test.shelf, client.Config{})
				wantIs(t, err, test.want...)
				if !strings.HasPrefix(data, got) {
					t.Errorf("wrote %d bytes that are not the content", len(got))
				}
				if took := time.Since(began); took > time.Second {
					t.Errorf("took %v", took)
				}
			})
		})
	}
}

// chunks sends its texts without a length.
func chunks(texts ...string) step { return chunksWith(nil, texts...) }

// chunksWith sends a header of names and values before its texts.
func chunksWith(header []string, texts ...string) step {
	return func(w http.ResponseWriter, _ *http.Request, _ giveOut) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		for _, text := range texts {
			_, _ = io.WriteString(w, text)
			_ = http.NewResponseController(w).Flush()
		}
	}
}

// cutChunks sends a text without a length, and not the end of the transfer.
func cutChunks(text string, header ...string) step {
	return func(w http.ResponseWriter, r *http.Request, next giveOut) {
		chunksWith(header, text)(w, r, next)
		panic(http.ErrAbortHandler)
	}
}

// Ten tries without a byte are the end; a byte gives ten more.
func TestDownloadGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{data: noise(1000), etag: `"v1"`, script: []step{cut(10), cut(10)}}
		for range 20 {
			s.script = append(s.script, answer(503, "later"))
		}
		got, res, err := download(t, s, client.Config{Retry: second(4)})
		wantIs(t, err, retry.ErrExhausted, protocol.ErrUnavailable)
		if len(got) != 20 || res.Retries != 6-1 || res.Content.Version == "" {
			t.Errorf("%d bytes, %+v", len(got), res)
		}
	})
}

// A server that goes silent is left after the stall time-out; a slow writer is
// no stall.
func TestDownloadStalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{data: noise(1000)}
		silent := func(w http.ResponseWriter, r *http.Request, next giveOut) {
			next(&cutWriter{ResponseWriter: w, left: 10, end: func() { <-r.Context().Done() }}, r)
		}
		s.script = []step{silent}
		c := newDownloader(t, client.Config{Endpoint: contentURL, Doer: s.doer(t), StallTimeout: 7 * time.Second})
		var events []client.Event
		var b bytes.Buffer
		began := time.Now()
		_, err := c.Download(t.Context(), contentURL, into(sleepy{&b, time.Minute}), &client.DownloadOptions{OnEvent: recordEvents(&events)})
		if err != nil || b.String() != s.data {
			t.Fatalf("%d bytes, %v", b.Len(), err)
		}
		// 7 s of silence and one slow write on either side of it.
		if took := time.Since(began).Round(time.Second); took != 2*time.Minute+7*time.Second {
			t.Errorf("took %v", took)
		}
		if diff := cmp.Diff([]string{"retry", "done"}, kinds(events)); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
		for _, e := range events {
			if e.Kind == client.EventRetry && (!errors.Is(e.Err, client.ErrStalled) || e.Offset != 10) {
				t.Errorf("retry %+v", e)
			}
		}
	})
}

type sleepy struct {
	w io.Writer
	d time.Duration
}

func (s sleepy) Write(p []byte) (int, error) {
	time.Sleep(s.d)
	return s.w.Write(p)
}

// A later download resumes an earlier one of the same content.
func TestDownloadResumes(t *testing.T) {
	data := noise(1000)
	tests := map[string]struct {
		offset int64
		want   []string
	}{
		"from the middle":  {400, []string{"", `bytes=400- "v1"`}},
		"from the end":     {1000, []string{""}},
		"beyond the end":   {1001, []string{""}},
		"before the start": {-1, []string{""}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &shelf{data: data, etag: `"v1"`}
				c := newDownloader(t, client.Config{Endpoint: contentURL, Doer: s.doer(t)})
				var b bytes.Buffer
				var offered client.Content
				var events []client.Event
				res, err := c.Download(t.Context(), contentURL, func(content client.Content) (io.Writer, int64, error) {
					offered = content
					return &b, test.offset, nil
				}, &client.DownloadOptions{OnEvent: recordEvents(&events)})
				if diff := cmp.Diff(test.want, s.seen); diff != "" {
					t.Errorf("requests (-want +got):\n%s", diff)
				}
				if offered.Version != `length 1000, etag "v1"` || offered.Upload == nil || offered.Upload.Metadata["filename"] != "a.bin" {
					t.Errorf("offered %+v", offered)
				}
				if test.offset < 0 || test.offset > 1000 {
					wantIs(t, err, client.ErrInvalidOption)
					return
				}
				if err != nil || b.String() != data[test.offset:] || res.Offset != 1000 {
					t.Errorf("%d bytes, %+v, %v", b.Len(), res, err)
				}
				if diff := cmp.Diff([]string{"resumed", "done"}, kinds(events)); diff != "" {
					t.Errorf("events (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// An error of the caller ends a download at once.
func TestDownloadStops(t *testing.T) {
	errFull := errors.New("full")
	tests := map[string]struct {
		open func(cancel func(error)) func(client.Content) (io.Writer, int64, error)
		want error
	}{
		"open fails": {func(func(error)) func(client.Content) (io.Writer, int64, error) {
			return func(client.Content) (io.Writer, int64, error) { return nil, 0, errFull }
		}, errFull},
		"no writer": {func(func(error)) func(client.Content) (io.Writer, int64, error) { return into(nil) }, client.ErrInvalidOption},
		"writer fails": {func(func(error)) func(client.Content) (io.Writer, int64, error) {
			return into(writerFunc(func([]byte) (int, error) { return 3, errFull }))
		}, errFull},
		"writer that lies": {func(func(error)) func(client.Content) (io.Writer, int64, error) {
			return into(writerFunc(func([]byte) (int, error) { return 3, nil }))
		}, io.ErrShortWrite},
		"cancelled": {func(cancel func(error)) func(client.Content) (io.Writer, int64, error) {
			return into(writerFunc(func(p []byte) (int, error) { cancel(errFull); return len(p), nil }))
		}, errFull},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &shelf{data: noise(1000), script: []step{cut(10)}}
				c := newDownloader(t, client.Config{Endpoint: contentURL, Doer: s.doer(t)})
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				res, err := c.Download(ctx, contentURL, test.open(cancel), nil)
				wantIs(t, err, test.want)
				if len(s.seen) != 1 || res == nil {
					t.Errorf("%d requests, result %v", len(s.seen), res)
				}
			})
		})
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func TestDownloadOfNoURL(t *testing.T) {
	for _, url := range []string{"", "ftp://x/", "http://", "\x00"} {
		c := newDownloader(t, client.Config{Endpoint: contentURL, Doer: doer(func(*http.Request) (*http.Response, error) {
			t.Error("a request was sent")
			return nil, io.EOF
		})})
		_, err := c.Download(t.Context(), url, into(io.Discard), nil)
		wantIs(t, err, client.ErrInvalidURL)
	}
}
