package httpsource_test

import (
	"compress/gzip"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/client/source/httpsource"
	"github.com/tusker-go/tusker/retry"
	"github.com/tusker-go/tusker/transport/nethttp"
)

// answers has the answer to the nth request for an object, from 1 on. Serve is that of an honest
// server with the entity tag "1".
type answers func(n int, w http.ResponseWriter, r *http.Request, serve http.HandlerFunc)

// after answers the requests from the nth on.
func after(n int, answer func(w http.ResponseWriter, r *http.Request, serve http.HandlerFunc)) answers {
	return func(i int, w http.ResponseWriter, r *http.Request, serve http.HandlerFunc) {
		if i < n {
			serve(w, r)
			return
		}
		answer(w, r, serve)
	}
}

// only answers the nth request.
func only(n int, answer func(w http.ResponseWriter, r *http.Request, serve http.HandlerFunc)) answers {
	return func(i int, w http.ResponseWriter, r *http.Request, serve http.HandlerFunc) {
		if i != n {
			serve(w, r)
			return
		}
		answer(w, r, serve)
	}
}

// changed is an honest server whose answer to a request has other headers. An empty value removes
// one.
func changed(header ...string) func(http.ResponseWriter, *http.Request, http.HandlerFunc) {
	return func(w http.ResponseWriter, r *http.Request, serve http.HandlerFunc) {
		serve(&changedWriter{w, header}, r)
	}
}

type changedWriter struct {
	http.ResponseWriter
	header []string
}

// WriteHeader implements http.ResponseWriter.
func (w *changedWriter) WriteHeader(status int) {
	for i := 0; i < len(w.header); i += 2 {
		if w.header[i+1] == "" {
			w.Header().Del(w.header[i])
		} else {
			w.Header().Set(w.header[i], w.header[i+1])
		}
	}
	w.ResponseWriter.WriteHeader(status)
}

// early is an answer that promises a range, has its first n bytes, and then ends as if it were
// complete.
func early(data string, n int) func(http.ResponseWriter, *http.Request, http.HandlerFunc) {
	return func(w http.ResponseWriter, r *http.Request, _ http.HandlerFunc) {
		var from, to int
		_, _ = fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-%d", &from, &to)
		w.Header().Set("ETag", `"1"`)
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, to, len(data)))
		w.WriteHeader(http.StatusPartialContent)
		_ = http.NewResponseController(w).Flush()
		_, _ = w.Write([]byte(data[from : from+min(n, to+1-from)]))
	}
}

func status(code int, header ...string) func(http.ResponseWriter, *http.Request, http.HandlerFunc) {
	return func(w http.ResponseWriter, _ *http.Request, _ http.HandlerFunc) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
	}
}

// An upload from a server with any fault has the bytes of one version, or ends with an error that
// names the object.
func TestServers(t *testing.T) {
	data := clienttest.Noise(3*clienttest.MiB + 17)
	whole := fmt.Sprintf("bytes */%d", len(data))
	aborted := func(w http.ResponseWriter, _ *http.Request, _ http.HandlerFunc) {
		w.Header().Set("ETag", `"1"`)
		w.Header().Set("Content-Range", fmt.Sprintf("bytes 0-1048575/%d", len(data)))
		w.WriteHeader(http.StatusPartialContent)
		_, _ = w.Write([]byte(data[:1000]))
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	compressed := func(w http.ResponseWriter, r *http.Request, _ http.HandlerFunc) {
		w.Header().Set("ETag", `"1"`)
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %s/%d", strings.TrimPrefix(r.Header.Get("Range"), "bytes="), len(data)))
		w.WriteHeader(http.StatusPartialContent)
		_ = gzip.NewWriter(w).Close()
	}
	const modified = "Fri, 02 Jan 2026 03:04:05 GMT"
	for name, test := range map[string]struct {
		answer answers
		is     []error // nil: the upload is complete
		words  string
	}{
		"only a weak ETag":       {answer: after(1, changed("ETag", `W/"1"`)), is: []error{httpsource.ErrNoVersion}},
		"a weak ETag and a date": {answer: after(1, changed("ETag", `W/"1"`, "Last-Modified", modified))},
		"two ETags":              {answer: after(1, changed("ETag", `"1", "2"`)), is: []error{httpsource.ErrNoVersion}},
		"another ETag with each answer": {answer: func(n int, w http.ResponseWriter, r *http.Request, serve http.HandlerFunc) {
			r.Header.Del("If-Match")
			changed("ETag", fmt.Sprintf("%q", fmt.Sprint(n)))(w, r, serve)
		}, is: []error{client.ErrSourceChanged}, words: `became etag "2"`},
		"the ETag becomes weak once": {answer: only(3, changed("ETag", `W/"1"`))},
		"another date, the same length": {answer: func(n int, w http.ResponseWriter, r *http.Request, serve http.HandlerFunc) {
			changed("ETag", "", "Last-Modified", []string{modified, modified, "Fri, 02 Jan 2026 03:04:06 GMT"}[min(n, 3)-1])(w, r, serve)
		}, is: []error{client.ErrSourceChanged}},
		"another total":                         {answer: only(3, changed("Content-Range", "bytes 1048576-2097151/4000000")), is: []error{client.ErrSourceChanged}, words: "4000000"},
		"no total":                              {answer: only(3, changed("Content-Range", "bytes 1048576-2097151/*"))},
		"no total at first":                     {answer: only(1, changed("Content-Range", "bytes 0-0/*")), is: []error{httpsource.ErrNoRanges}, words: "length"},
		"another start":                         {answer: only(3, changed("Content-Range", fmt.Sprintf("bytes 0-1048575/%d", len(data))))},
		"another start for ever":                {answer: after(3, changed("Content-Range", fmt.Sprintf("bytes 1-1048576/%d", len(data)))), is: []error{retry.ErrExhausted}, words: "got those from 1 on"},
		"no Content-Range":                      {answer: only(3, changed("Content-Range", ""))},
		"several ranges":                        {answer: only(3, changed("Content-Type", "multipart/byteranges; boundary=x"))},
		"416, the length is the same":           {answer: only(3, status(http.StatusRequestedRangeNotSatisfiable, "Content-Range", whole))},
		"416, the length is the same, for ever": {answer: after(3, status(http.StatusRequestedRangeNotSatisfiable, "Content-Range", whole)), is: []error{retry.ErrExhausted}, words: "refuses a range"},
		"416, shorter":                          {answer: only(3, status(http.StatusRequestedRangeNotSatisfiable, "Content-Range", "bytes */5")), is: []error{client.ErrSourceChanged}},
		"412":                                   {answer: only(3, status(http.StatusPreconditionFailed)), is: []error{client.ErrSourceChanged}},
		"a coding is added":                     {answer: only(3, compressed)},
		"a coding is added for ever":            {answer: after(3, compressed), is: []error{failure.ErrCompressed}, words: "gzip"},
		"202":                                   {answer: after(3, status(http.StatusAccepted)), is: []error{client.ErrSource}, words: "status 202"},
		"206 with other bytes, but no ETag":     {answer: only(3, changed("ETag", ""))},
		"the answer is chunked":                 {answer: only(3, early(data, len(data)))},
		"the answer is chunked and ends early":  {answer: only(3, early(data, 1000))},
		"answers end early without a byte":      {answer: after(3, early(data, 0)), is: []error{retry.ErrExhausted}, words: "ended early"},
		"answers end early after a byte":        {answer: only(2, early(data, 1))},
		"an answer is aborted":                  {answer: only(2, aborted)},
		"no answer":                             {answer: only(3, func(http.ResponseWriter, *http.Request, http.HandlerFunc) { panic(http.ErrAbortHandler) })},
		"no answer at first":                    {answer: only(1, func(http.ResponseWriter, *http.Request, http.HandlerFunc) { panic(http.ErrAbortHandler) })},
		"silence at first":                      {answer: only(1, func(_ http.ResponseWriter, r *http.Request, _ http.HandlerFunc) { <-r.Context().Done() })},
		"silence before the headers":            {answer: only(3, func(_ http.ResponseWriter, r *http.Request, _ http.HandlerFunc) { <-r.Context().Done() })},
		"silence before the text of an error": {answer: only(3, func(w http.ResponseWriter, r *http.Request, _ http.HandlerFunc) {
			w.WriteHeader(http.StatusServiceUnavailable)
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		})},
		"an error without an end": {answer: only(3, func(w http.ResponseWriter, r *http.Request, _ http.HandlerFunc) {
			w.WriteHeader(http.StatusServiceUnavailable)
			for r.Context().Err() == nil {
				_, _ = w.Write(make([]byte, 1000))
			}
		})},
		"the whole object is sent for its first byte": {answer: only(1, func(w http.ResponseWriter, r *http.Request, serve http.HandlerFunc) {
			changed("Content-Range", fmt.Sprintf("bytes 0-%d/%[1]d", len(data)))(w, r, serve)
		})},
		"a redirect to itself": {answer: after(3, func(w http.ResponseWriter, r *http.Request, _ http.HandlerFunc) {
			http.Redirect(w, r, r.URL.Path, http.StatusFound)
		}), is: []error{client.ErrSource}, words: "redirect"},
		"a redirect to a login page": {answer: only(3, func(w http.ResponseWriter, _ *http.Request, _ http.HandlerFunc) {
			w.Header().Set("Content-Type", "text/html")
			w.Header().Set("ETag", `"9"`)
			_, _ = fmt.Fprint(w, "<form>")
		})},
		"304": {answer: only(3, status(http.StatusNotModified)), is: []error{client.ErrSource}, words: "status 304"},
	} {
		for _, isHTTP2 := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, HTTP/2 %t", name, isHTTP2), func(t *testing.T) {
				n := 0
				o := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.URL.RawQuery == "" {
						n++ // the object is requested by one request at a time
					}
					test.answer(n, w, r, func(w http.ResponseWriter, r *http.Request) {
						w.Header().Set("ETag", `"1"`)
						http.ServeContent(w, r, "film.mov", time.Time{}, strings.NewReader(data))
					})
				}))
				o.EnableHTTP2 = isHTTP2
				o.StartTLS()
				t.Cleanup(o.Close)
				d := nethttp.New(nethttp.Config{NoProxy: true, InsecureSkipVerify: true, PreferHTTP2: true})
				t.Cleanup(d.CloseIdleConnections)
				s := clienttest.NewTCPServer(t, fake.Config{})
				url := strings.Replace(o.URL, "https://", "https://user:5ecret@", 1) + "/film.mov"
				src, err := httpsource.Open(t.Context(), url, httpsource.Config{Doer: d, Retry: quick(2), StallTimeout: 500 * time.Millisecond})
				var res *client.Result
				if err == nil {
					res, err = newClient(t, s, client.Config{Retry: retry.Never}).Upload(t.Context(), src, nil)
				}
				if test.is == nil {
					if err != nil {
						t.Fatal(err)
					}
					clienttest.WantStored(t, s, res.URL, data)
					return
				}
				clienttest.WantErrorIs(t, err, append(test.is, client.ErrSource)...)
				if text := fmt.Sprint(err); !strings.Contains(text, o.URL+"/film.mov") || !strings.Contains(text, test.words) || strings.Contains(text, "5ecret") {
					t.Errorf("error %q, want one that names the object and says %q", text, test.words)
				}
				if res != nil && res.URL != "" && !strings.HasPrefix(data, string(s.Bytes(res.URL))) {
					t.Error("the server has other bytes than those of the object")
				}
			})
		}
	}
}

// An empty object is found to be empty, although its server refuses the first byte without a
// reason. An object with bytes has no ranges then.
func TestRefusedRange(t *testing.T) {
	for _, content := range []string{"", "x"} {
		o := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Range") != "" {
				w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
				return
			}
			_, _ = fmt.Fprint(w, content)
		}))
		t.Cleanup(o.Close)
		src, err := httpsource.Open(t.Context(), o.URL, httpsource.Config{Doer: doer(t), Retry: retry.Never})
		if content != "" {
			clienttest.WantErrorIs(t, err, httpsource.ErrNoRanges)
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if n, known := src.Length().Int64(); n != 0 || !known {
			t.Errorf("length %d", n)
		}
	}
}
