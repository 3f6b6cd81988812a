package transporttest

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// receivedRequest is a request that the server received.
type receivedRequest struct {
	method   string
	uri      string
	header   http.Header
	length   int64
	encoding []string
	body     string
}

// recordRequests starts a server that answers 204 and returns the received
// requests.
func recordRequests(t *testing.T) (url string, arrived <-chan receivedRequest) {
	t.Helper()
	c := make(chan receivedRequest, 64)
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		c <- receivedRequest{r.Method, r.RequestURI, r.Header, r.ContentLength, r.TransferEncoding, string(body)}
		w.WriteHeader(http.StatusNoContent)
	})
	return s.URL, c
}

// requestArrives checks that method, URL, headers, body and Content-Length
// reach the server unchanged.
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
			url, arrived := recordRequests(t)
			// The Doer must not change the encoding of the URL.
			const uri = "/files/a+b%2Bc?token=x+y%20z"
			var body io.Reader
			if c.body != "" {
				body = strings.NewReader(c.body)
			}
			req := request(d.boundedContext(t), t, c.method, url+uri, body)
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
				t.Errorf("method %q arrived, want %q", got.method, c.method)
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
				t.Errorf("a body of %d bytes arrived, want %d", len(got.body), len(c.body))
			}
			if got.length != int64(len(c.body)) {
				t.Errorf("Content-Length %d arrived, want %d", got.length, len(c.body))
			}
		})
	}
}

// emptyBody checks that a body of zero bytes has Content-Length: 0 and is not
// chunked.
func emptyBody(d subject) {
	t := d.t
	url, arrived := recordRequests(t)
	send(t, d, request(d.boundedContext(t), t, http.MethodPatch, url, http.NoBody))
	got := <-arrived
	if got.header.Get("Content-Length") != "0" || len(got.encoding) > 0 {
		t.Errorf("Content-Length %q, Transfer-Encoding %q; want 0 and none",
			got.header.Get("Content-Length"), got.encoding)
	}
}

// unknownLength checks that a body without a length is chunked and arrives
// completely.
func unknownLength(d subject) {
	t := d.t
	url, arrived := recordRequests(t)
	// net/http does not know the length of this type of reader.
	body := struct{ io.Reader }{strings.NewReader("some bytes")}
	send(t, d, request(d.boundedContext(t), t, http.MethodPatch, url, body))
	got := <-arrived
	if !slices.Equal(got.encoding, []string{"chunked"}) || got.length != -1 {
		t.Errorf("Transfer-Encoding %q, length %d; want chunked and -1", got.encoding, got.length)
	}
	if got.body != "some bytes" {
		t.Errorf("body %q arrived, want %q", got.body, "some bytes")
	}
}

// requestNotModified checks that method, URL and headers of the caller's
// request do not change.
func requestNotModified(d subject) {
	t := d.t
	url, arrived := recordRequests(t)
	req := request(d.boundedContext(t), t, http.MethodPatch, url+"/x", strings.NewReader("x"))
	req.Header.Set("Upload-Offset", "0")
	send(t, d, req)
	<-arrived
	if req.Method != http.MethodPatch || req.URL.String() != url+"/x" {
		t.Errorf("the request was changed to %s %s, want Method %q and %q", req.Method, req.URL, http.MethodPatch, url+"/x")
	}
	if len(req.Header) != 1 || req.Header.Get("Upload-Offset") != "0" {
		t.Errorf("the headers were changed to %v, want 1 in Header and Upload-Offset %q", req.Header, "0")
	}
}
