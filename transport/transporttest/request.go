package transporttest

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// seen is a request as the server had it.
type seen struct {
	method   string
	uri      string
	header   http.Header
	length   int64
	encoding []string
	body     string
}

// record answers 204 and hands out what arrived.
func record(t *testing.T) (url string, arrived <-chan seen) {
	t.Helper()
	c := make(chan seen, 64)
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		c <- seen{r.Method, r.RequestURI, r.Header, r.ContentLength, r.TransferEncoding, string(body)}
		w.WriteHeader(http.StatusNoContent)
	})
	return s.URL, c
}

// requestArrives: method, URL, headers, body and Content-Length reach the
// server as they were given.
func requestArrives(d subject) {
	t := d.t
	for _, c := range []struct{ method, body string }{
		{http.MethodOptions, ""},
		{http.MethodHead, ""},
		{http.MethodGet, ""},
		{http.MethodDelete, ""},
		{http.MethodPost, "words"},
		{http.MethodPatch, strings.Repeat("more words ", 10_000)},
	} {
		t.Run(c.method, func(t *testing.T) {
			url, arrived := record(t)
			// The server's own id: nothing in it may be encoded anew.
			const uri = "/files/a+b%2Bc?token=x+y%20z"
			var body io.Reader
			if c.body != "" {
				body = strings.NewReader(c.body)
			}
			req := request(d.bounded(t), t, c.method, url+uri, body)
			want := http.Header{
				"Tus-Resumable":   {"1.0.0"},
				"Upload-Offset":   {"0"},
				"Upload-Metadata": {"filename d29ybGQ=,empty"},
				"X-Two":           {"one", "two"},
			}
			for key, values := range want {
				req.Header[key] = slices.Clone(values)
			}
			send(t, d, req)

			got := <-arrived
			if got.method != c.method {
				t.Errorf("method %q arrived", got.method)
			}
			if got.uri != uri {
				t.Errorf("URI %q arrived, want %q", got.uri, uri)
			}
			for key, values := range want {
				if !slices.Equal(got.header[key], values) {
					t.Errorf("header %s: %q arrived, want %q", key, got.header[key], values)
				}
			}
			if got.body != c.body {
				t.Errorf("a body of %d bytes arrived, not the %d given", len(got.body), len(c.body))
			}
			if got.length != int64(len(c.body)) {
				t.Errorf("Content-Length %d arrived, want %d", got.length, len(c.body))
			}
		})
	}
}

// emptyBody: a body of zero bytes goes with Content-Length: 0, not chunked.
func emptyBody(d subject) {
	t := d.t
	url, arrived := record(t)
	send(t, d, request(d.bounded(t), t, http.MethodPatch, url, http.NoBody))
	got := <-arrived
	if got.header.Get("Content-Length") != "0" || len(got.encoding) > 0 {
		t.Errorf("Content-Length %q, Transfer-Encoding %q; want 0 and none",
			got.header.Get("Content-Length"), got.encoding)
	}
}

// unknownLength: a body whose length nobody knows goes chunked, and whole.
func unknownLength(d subject) {
	t := d.t
	url, arrived := record(t)
	// A reader of a type that net/http does not know.
	body := struct{ io.Reader }{strings.NewReader("some bytes")}
	send(t, d, request(d.bounded(t), t, http.MethodPatch, url, body))
	got := <-arrived
	if !slices.Equal(got.encoding, []string{"chunked"}) || got.length != -1 {
		t.Errorf("Transfer-Encoding %q, length %d; want chunked and -1", got.encoding, got.length)
	}
	if got.body != "some bytes" {
		t.Errorf("body %q arrived", got.body)
	}
}

// requestNotModified: method, URL and headers of the caller's request are the
// same afterwards.
func requestNotModified(d subject) {
	t := d.t
	url, arrived := record(t)
	req := request(d.bounded(t), t, http.MethodPatch, url+"/x", strings.NewReader("x"))
	req.Header.Set("Upload-Offset", "0")
	send(t, d, req)
	<-arrived
	if req.Method != http.MethodPatch || req.URL.String() != url+"/x" {
		t.Errorf("request became %s %s", req.Method, req.URL)
	}
	if len(req.Header) != 1 || req.Header.Get("Upload-Offset") != "0" {
		t.Errorf("headers became %v", req.Header)
	}
}
