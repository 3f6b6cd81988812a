package client_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake/content"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
	"github.com/tusker-go/tusker/transport"
)

// The writer gets the complete content, no matter how often the connection breaks.
func TestDownload(t *testing.T) {
	const size = 300 << 10
	data := clienttest.Noise(size)
	changed := time.Date(1999, 1, 2, 3, 4, 5, 0, time.UTC)
	date := changed.Format(http.TimeFormat)
	const tag = `"v1"`
	tests := map[string]struct {
		server *content.Server
		want   []string // Range and If-Range of each GET
	}{
		"in one":               {&content.Server{Data: data}, []string{""}},
		"nothing":              {&content.Server{}, []string{""}},
		"nothing, by 204":      {&content.Server{Script: []content.Step{content.Status(204, "")}}, []string{""}},
		"one byte":             {&content.Server{Data: "a"}, []string{""}},
		"cut, with ETag":       {&content.Server{Data: data, ETag: tag, Script: []content.Step{content.Cut(1000)}}, []string{"", `bytes=1000- "v1"`}},
		"cut, with date":       {&content.Server{Data: data, Modified: changed, Script: []content.Step{content.Cut(1000)}}, []string{"", "bytes=1000- " + date}},
		"cut, weak ETag":       {&content.Server{Data: data, ETag: `W/"v1"`, Script: []content.Step{content.Cut(1000)}}, []string{"", ""}},
		"cut, weak ETag, date": {&content.Server{Data: data, ETag: `W/"v1"`, Modified: changed, Script: []content.Step{content.Cut(1000)}}, []string{"", ""}},
		"cut, no validator":    {&content.Server{Data: data, Script: []content.Step{content.Cut(1000), content.Cut(2000), content.Cut(100)}}, []string{"", "", "", ""}},
		"cut twice":            {&content.Server{Data: data, ETag: tag, Script: []content.Step{content.Cut(1000), content.Cut(2000)}}, []string{"", `bytes=1000- "v1"`, `bytes=3000- "v1"`}},
		"cut before any byte":  {&content.Server{Data: data, Script: []content.Step{content.Cut(0)}}, []string{"", ""}},
		"cut before the last":  {&content.Server{Data: data, ETag: tag, Script: []content.Step{content.Cut(size - 1)}}, []string{"", `bytes=307199- "v1"`}},
		"no answer":            {&content.Server{Data: data, Script: []content.Step{func(http.ResponseWriter, *http.Request, http.HandlerFunc) { panic(http.ErrAbortHandler) }}}, []string{"", ""}},
		"busy":                 {&content.Server{Data: data, ETag: tag, Script: []content.Step{content.Status(503, ""), content.Cut(10), content.Status(502, "")}}, []string{"", "", `bytes=10- "v1"`, `bytes=10- "v1"`}},
		"knows no Range":       {&content.Server{Data: data, ETag: tag, Script: []content.Step{content.Cut(1000), content.IgnoreRange}}, []string{"", `bytes=1000- "v1"`}},
		"knows no Range, cut": {&content.Server{Data: data, ETag: tag, Script: []content.Step{content.Cut(9000), func(w http.ResponseWriter, r *http.Request, next http.HandlerFunc) {
			r.Header.Del("Range")
			content.Cut(100)(w, r, next)
		}}}, []string{"", `bytes=9000- "v1"`, `bytes=9000- "v1"`}},
		"no HEAD":               {&content.Server{Data: data, ETag: tag, Head: content.HeadStatus(405), Script: []content.Step{content.Cut(1000)}}, []string{"", `bytes=1000- "v1"`}},
		"HEAD not allowed":      {&content.Server{Data: data, Head: content.HeadStatus(403)}, []string{""}},
		"HEAD without offset":   {&content.Server{Data: data, Head: content.HeadStatus(200)}, []string{""}},
		"smaller ranges":        {&content.Server{Data: data, ETag: tag, Script: []content.Step{content.Cut(1000), content.Status(206, data[1000:1500], "Content-Range", "bytes 1000-1499/307200", "ETag", tag)}}, []string{"", `bytes=1000- "v1"`, `bytes=1500- "v1"`}},
		"range that begins low": {&content.Server{Data: data, ETag: tag, Script: []content.Step{content.Cut(1000), content.Status(206, data[900:], "Content-Range", "bytes 900-307199/*", "ETag", tag)}}, []string{"", `bytes=1000- "v1"`}},
		"range with more":       {&content.Server{Data: data, ETag: tag, Script: []content.Step{content.Cut(100), content.Status(206, data[100:200]+strings.Repeat("x", 1000), "Content-Range", "bytes 100-199/307200", "ETag", tag)}}, []string{"", `bytes=100- "v1"`, `bytes=200- "v1"`}},
		"range without ETag":    {&content.Server{Data: data, ETag: tag, Script: []content.Step{content.Cut(100), content.Status(206, strings.Repeat("x", 307100), "Content-Range", "bytes 100-307199/307200")}}, []string{"", `bytes=100- "v1"`, ""}},
		"range of a weak ETag":  {&content.Server{Data: data, ETag: tag, Script: []content.Step{content.Cut(100), content.Status(206, strings.Repeat("x", 307100), "Content-Range", "bytes 100-307199/307200", "ETag", `W/"v1"`)}}, []string{"", `bytes=100- "v1"`, ""}},
		"range not satisfiable": {&content.Server{Data: data, ETag: tag, Script: []content.Step{content.Cut(100), content.Status(416, "")}}, []string{"", `bytes=100- "v1"`, ""}},
		"of unknown length":     {&content.Server{Data: data, Head: content.HeadStatus(405), Script: []content.Step{content.Chunks(data[:5000], data[5000:])}}, []string{""}},
		"unknown to the GET":    {&content.Server{Data: data, Script: []content.Step{content.Chunks(data[:5000], data[5000:])}}, []string{""}},
		"unknown to GET, short": {&content.Server{Data: data[:9000], Script: []content.Step{content.Chunks(data[:5000], data[5000:9000])}}, []string{""}},
		"unknown, cut at the end": {&content.Server{Data: data, ETag: tag, Head: content.HeadStatus(405), Script: []content.Step{
			content.CutChunks(data, "ETag", tag), nil, content.ChunksWithHeader([]string{"ETag", tag}, data),
		}}, []string{"", `bytes=307200- "v1"`, ""}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				got, res, err := clienttest.Download(t, test.server, client.Config{})
				if err != nil {
					t.Fatal(err)
				}
				if got != test.server.Data {
					t.Errorf("got %d bytes, want %d; or the bytes differ", len(got), len(test.server.Data))
				}
				if n, ok := res.Content.Length.Int64(); !ok || n != int64(len(got)) {
					t.Errorf("length %v, want %v and ok true", res.Content.Length, int64(len(got)))
				}
				if diff := cmp.Diff(test.want, test.server.Seen); diff != "" {
					t.Errorf("requests (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// Only bytes of the content are written, and a permanent error ends the download at once.
func TestDownloadFails(t *testing.T) {
	data := clienttest.Noise(10_000)
	const tag = `"v1"`
	// after returns a server whose second answer is s, after a lost connection.
	after := func(s content.Step) *content.Server {
		return &content.Server{Data: data, ETag: tag, Script: []content.Step{content.Cut(10), s}}
	}
	tests := map[string]struct {
		server *content.Server
		want   []error
	}{
		"unfinished":              {&content.Server{Data: data, Head: content.HeadOffset(3, 10_000)}, []error{client.ErrUnfinished}},
		"gone":                    {&content.Server{Head: content.HeadStatus(404), Script: []content.Step{content.Status(404, "")}}, []error{protocol.ErrNotFound}},
		"not served":              {&content.Server{Data: data, Script: []content.Step{content.Status(405, "")}}, []error{client.ErrNotServed}},
		"not found, but there":    {&content.Server{Data: data, Script: []content.Step{content.Status(404, "")}}, []error{client.ErrNotServed}},
		"not allowed":             {&content.Server{Data: data, Script: []content.Step{content.Status(401, "who?")}}, []error{protocol.ErrUnauthorized}},
		"shorter than upload":     {&content.Server{Data: data, Script: []content.Step{content.Status(200, data[:9999], "Content-Length", "9999")}}, []error{client.ErrContent}},
		"longer than upload":      {&content.Server{Data: data, Script: []content.Step{content.Chunks(data, "x")}}, []error{client.ErrContent}},
		"compressed":              {&content.Server{Data: data, Script: []content.Step{content.Status(200, data, "Content-Encoding", "gzip")}}, []error{client.ErrContent}},
		"range though unasked":    {&content.Server{Data: data, Script: []content.Step{content.Status(206, data, "Content-Range", "bytes 0-9999/10000")}}, []error{protocol.ErrUnexpectedStatus}},
		"range later, unasked":    {&content.Server{Data: data, Script: []content.Step{content.Cut(10), content.Status(206, data[10:], "Content-Range", "bytes 10-9999/10000")}}, []error{protocol.ErrUnexpectedStatus}},
		"no content":              {&content.Server{Data: data, Script: []content.Step{content.Status(204, "")}}, []error{client.ErrContent}},
		"other ETag":              {after(content.Status(206, data[10:], "Content-Range", "bytes 10-9999/10000", "ETag", `"v2"`)), []error{client.ErrContentChanged}},
		"other ETag, whole":       {after(content.Status(200, data, "ETag", `"v2"`)), []error{client.ErrContentChanged}},
		"other ETag, at 0":        {&content.Server{Data: data, ETag: tag, Script: []content.Step{content.Cut(0), content.Status(200, data, "ETag", `"v2"`)}}, []error{client.ErrContentChanged}},
		"other length":            {after(content.Status(206, data[10:], "Content-Range", "bytes 10-9999/10001", "ETag", tag)), []error{client.ErrContentChanged}},
		"other length, whole":     {after(content.Status(200, data+"x", "Content-Length", "10001", "ETag", tag)), []error{client.ErrContentChanged}},
		"shrunk":                  {&content.Server{Data: data, ETag: tag, Script: []content.Step{content.Cut(10), content.Status(416, ""), content.Status(200, data[:9], "ETag", `"v2"`, "Content-Type", "application/octet-stream")}}, []error{client.ErrContentChanged}},
		"range that begins later": {after(content.Status(206, data[11:], "Content-Range", "bytes 11-9999/10000", "ETag", tag)), []error{client.ErrContent}},
		"range without a header":  {after(content.Status(206, data[10:], "ETag", tag)), []error{client.ErrContent}},
		"range of negative range": {after(content.Status(206, data[10:], "Content-Range", "bytes 10--5/10000", "ETag", tag)), []error{client.ErrContent}},
		"several ranges":          {after(content.Status(206, data[10:], "Content-Range", "bytes 10-9999/10000", "ETag", tag, "Content-Type", "multipart/byteranges; boundary=x")), []error{client.ErrContent}},
		"range beyond the end":    {after(content.Status(206, data[10:]+"x", "Content-Range", "bytes 10-10000/*", "ETag", tag)), []error{client.ErrContent}},
		"end cannot be told from a lost connection": {&content.Server{Head: content.HeadStatus(405), Script: []content.Step{func(w http.ResponseWriter, _ *http.Request, _ http.HandlerFunc) {
			c, _, _ := http.NewResponseController(w).Hijack()
			_, _ = io.WriteString(c, "HTTP/1.0 200 OK\r\n\r\nabc")
			_ = c.Close()
		}}}, []error{client.ErrContent}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				got, _, err := clienttest.Download(t, test.server, client.Config{})
				clienttest.WantErrorIs(t, err, test.want...)
				if !strings.HasPrefix(data, got) {
					t.Errorf("wrote %d bytes, which differ from the content", len(got))
				}
				if took := time.Since(began); took > time.Second {
					t.Errorf("took %v, want at most %v", took, time.Second)
				}
			})
		})
	}
}

// A download gives up when the policy allows no more retries. Each byte that arrives resets
// the count.
func TestDownloadGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &content.Server{Data: clienttest.Noise(1000), ETag: `"v1"`, Script: []content.Step{content.Cut(10), content.Cut(10)}}
		for range 20 {
			s.Script = append(s.Script, content.Status(503, "later"))
		}
		got, res, err := clienttest.Download(t, s, client.Config{Retry: clienttest.RetryEachSecond(4)})
		clienttest.WantErrorIs(t, err, retry.ErrExhausted, protocol.ErrUnavailable)
		if len(got) != 20 || res.Retries != 6-1 || res.Content.Version == "" {
			t.Errorf("%d bytes, %+v, want 20, Retries %v and Content.Version not empty", len(got), res, 6-1)
		}
	})
}

// A server that sends no more bytes stalls the download. A slow writer does not.
func TestDownloadStalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &content.Server{Data: clienttest.Noise(1000)}
		s.Script = []content.Step{content.Hang(10)}
		c := clienttest.New(t, client.Config{Endpoint: content.URL, Doer: s.Doer(t), StallTimeout: 7 * time.Second})
		var events []client.Event
		var b bytes.Buffer
		began := time.Now()
		_, err := c.Download(t.Context(), content.URL, clienttest.WriteTo(sleepy{&b, time.Minute}), &client.DownloadOptions{OnEvent: clienttest.RecordEvents(&events)})
		if err != nil || b.String() != s.Data {
			t.Fatalf("%d bytes, %v, want the expected %d and no error", b.Len(), err, len(s.Data))
		}
		// There are 7 s of silence, with one slow write before and one after.
		if took := time.Since(began).Round(time.Second); took != 2*time.Minute+7*time.Second {
			t.Errorf("took %v, want %v", took, 2*time.Minute+7*time.Second)
		}
		if diff := cmp.Diff([]string{"retry", "done"}, clienttest.EventKinds(events)); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
		for _, e := range events {
			if e.Kind == client.EventRetry && (!errors.Is(e.Err, client.ErrStalled) || e.Offset != 10) {
				t.Errorf("retry %+v, want ErrStalled and Offset 10", e)
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
	data := clienttest.Noise(1000)
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
				s := &content.Server{Data: data, ETag: `"v1"`}
				c := clienttest.New(t, client.Config{Endpoint: content.URL, Doer: s.Doer(t)})
				var b bytes.Buffer
				var offered client.Content
				var events []client.Event
				res, err := c.Download(t.Context(), content.URL, func(content client.Content) (io.Writer, int64, error) {
					offered = content
					return &b, test.offset, nil
				}, &client.DownloadOptions{OnEvent: clienttest.RecordEvents(&events)})
				if diff := cmp.Diff(test.want, s.Seen); diff != "" {
					t.Errorf("requests (-want +got):\n%s", diff)
				}
				if offered.Version != `length 1000, etag "v1"` || offered.Upload == nil || offered.Upload.Metadata["filename"] != "a.bin" {
					t.Errorf("content passed to open: %+v, want Version %q, Upload not nil and %q", offered, `length 1000, etag "v1"`, "a.bin")
				}
				if test.offset < 0 || test.offset > 1000 {
					clienttest.WantErrorIs(t, err, client.ErrInvalidOption)
					return
				}
				if err != nil || b.String() != data[test.offset:] || res.Offset != 1000 {
					t.Errorf("%d bytes, %+v, %v, want the expected %d, Offset 1000 and no error", b.Len(), res, err, len(data[test.offset:]))
				}
				if diff := cmp.Diff([]string{"resumed", "done"}, clienttest.EventKinds(events)); diff != "" {
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
		"no writer": {func(func(error)) func(client.Content) (io.Writer, int64, error) { return clienttest.WriteTo(nil) }, client.ErrInvalidOption},
		"writer fails": {func(func(error)) func(client.Content) (io.Writer, int64, error) {
			return clienttest.WriteTo(writerFunc(func([]byte) (int, error) { return 3, errFull }))
		}, errFull},
		"writer with a wrong count": {func(func(error)) func(client.Content) (io.Writer, int64, error) {
			return clienttest.WriteTo(writerFunc(func([]byte) (int, error) { return 3, nil }))
		}, io.ErrShortWrite},
		"cancelled": {func(cancel func(error)) func(client.Content) (io.Writer, int64, error) {
			return clienttest.WriteTo(writerFunc(func(p []byte) (int, error) { cancel(errFull); return len(p), nil }))
		}, errFull},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &content.Server{Data: clienttest.Noise(1000), Script: []content.Step{content.Cut(10)}}
				c := clienttest.New(t, client.Config{Endpoint: content.URL, Doer: s.Doer(t)})
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				res, err := c.Download(ctx, content.URL, test.open(cancel), nil)
				clienttest.WantErrorIs(t, err, test.want)
				if len(s.Seen) != 1 || res == nil {
					t.Errorf("%d requests, result %v, want 1 in Seen and not nil", len(s.Seen), res)
				}
			})
		})
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func TestDownloadInvalidURL(t *testing.T) {
	for _, url := range []string{"", "ftp://x/", "http://", "\x00"} {
		c := clienttest.New(t, client.Config{Endpoint: content.URL, Doer: transport.DoerFunc(func(*http.Request) (*http.Response, error) {
			t.Error("a request was sent")
			return nil, io.EOF
		})})
		_, err := c.Download(t.Context(), url, clienttest.WriteTo(io.Discard), nil)
		clienttest.WantErrorIs(t, err, client.ErrInvalidURL)
	}
}
