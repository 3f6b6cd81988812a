package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/integration/bench/internal/control"
)

// The null store answers each request of a client as tus requires.
func TestNull(t *testing.T) {
	t.Parallel()
	n := newNull()
	h := n.wrap(n)
	const body = "Content-Type: application/offset+octet-stream"
	steps := []struct {
		request string // method, path, body
		header  string
		want    string // status, Location, Upload-Offset
	}{
		{"OPTIONS /files/", "", "204  "},
		{"POST /files/ 12345", "Upload-Length: 5\n" + body, "201 /files/1 5"},
		{"POST /files", "Upload-Defer-Length: 1", "201 /files/2 "},
		{"PATCH /files/2 123", "Upload-Offset: 0\n" + body, "204  3"},
		{"PATCH /files/2 123", "Upload-Offset: 0\n" + body, "409  "},
		{"HEAD /files/2", "", "200  3"},
		{"PATCH /files/2", "Upload-Offset: 3\nUpload-Length: 3\n" + body, "204  3"},
		{"POST /files/ 12", "Upload-Length: 2\nUpload-Concat: partial\n" + body, "201 /files/3 2"},
		{"POST /files/", "Upload-Length: 4\nUpload-Concat: partial", "201 /files/4 "},
		{"POST /files/", "Upload-Concat: final;/files/3 /files/4", "400  "},
		{"PATCH /files/4 1234", "Upload-Offset: 0\n" + body, "204  4"},
		{"POST /files/", "Upload-Concat: final;/files/3 http://host/files/4", "201 /files/5 "},
		{"PATCH /files/5 1", "Upload-Offset: 6\n" + body, "413  "},
		{"POST /files/", "Upload-Length: many", "400  "},
		{"PATCH /files/9", "Upload-Offset: -1", "404  "},
		{"PATCH /files/1", "Upload-Offset: -1", "400  "},
		{"DELETE /files/2", "", "204  "},
		{"POST /files/", "Upload-Length: 1", "201 /files/6 "},
		{"GET /files/1", "", "405  "},
		{"GET /", "", "404  "},
	}
	for i, s := range steps {
		fields := strings.Fields(s.request)
		content := strings.Join(fields[2:], "")
		r := httptest.NewRequestWithContext(t.Context(), fields[0], fields[1], strings.NewReader(content))
		for line := range strings.Lines(s.header) {
			name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
			r.Header.Set(name, value)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if got := fmt.Sprintf("%d %s %s", w.Code, w.Header().Get("Location"), w.Header().Get("Upload-Offset")); got != s.want {
			t.Errorf("step %d, %s: %q, want %q", i, s.request, got, s.want)
		}
	}
	got, err := n.stats()
	if err != nil {
		t.Fatal(err)
	}
	want := control.Stats{
		Requests:    map[string]int{"OPTIONS": 1, "POST": 8, "PATCH": 7, "HEAD": 1, "DELETE": 1, "GET": 2},
		Connections: 1, Received: 15, Files: 1, Stored: 5,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("stats (-want +got):\n%s", diff)
	}
	if err := n.reset(); err != nil {
		t.Fatal(err)
	}
	if got, _ = n.stats(); got.Files != 0 || got.Received != 0 || len(got.Requests) != 0 {
		t.Errorf("stats after a reset: %+v", got)
	}
}

// Over TLS and HTTP/2, the null store answers in the same way, with the certificate
// that it names.
func TestNullTLS(t *testing.T) {
	t.Parallel()
	for name, http2 := range map[string]bool{"HTTP/1.1": false, "HTTP/2.0": true} {
		ready, _, stop, err := startNull(true, http2)
		if err != nil {
			t.Fatal(err)
		}
		defer stop()
		client := &http.Client{Transport: trusting(t, ready.CA)}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodOptions, ready.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		client.CloseIdleConnections()
		if resp.Proto != name || resp.StatusCode != http.StatusNoContent {
			t.Errorf("%s %s, want 204 over %s", resp.Proto, resp.Status, name)
		}
	}
}
