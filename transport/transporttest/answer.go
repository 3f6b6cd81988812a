package transporttest

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"testing"
)

// statusIsAnswer checks that an answer with any status is returned with headers
// and body and without an error, even after the last attempt.
func statusIsAnswer(d subject) {
	t := d.t
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		status, _ := strconv.Atoi(r.URL.Path[1:])
		w.Header().Set("Upload-Offset", "7")
		w.WriteHeader(status)
		if status != http.StatusNoContent {
			_, _ = fmt.Fprintf(w, "ERR_CODE: %d\n", status)
		}
	})
	for _, method := range []string{http.MethodOptions, http.MethodHead, http.MethodPost, http.MethodPatch, http.MethodDelete} {
		for _, status := range []int{200, 201, 204, 400, 401, 404, 409, 410, 412, 413, 423, 429, 460, 500, 501, 503} {
			t.Run(fmt.Sprintf("%s %d", method, status), func(t *testing.T) {
				got := send(t, d, request(d.boundedContext(t), t, method, fmt.Sprintf("%s/%d", s.URL, status), nil))
				if got.status != status {
					t.Errorf("status %d, want %v", got.status, status)
				}
				if offset := got.header.Get("Upload-Offset"); offset != "7" {
					t.Errorf("header Upload-Offset %q, want 7", offset)
				}
				want := fmt.Sprintf("ERR_CODE: %d\n", status)
				if method == http.MethodHead || status == http.StatusNoContent {
					want = ""
				}
				if got.body != want {
					t.Errorf("body %q, want %q", got.body, want)
				}
				if got.url == nil {
					t.Error("the answer has no Request, which a relative Location needs")
				}
			})
		}
	}
}

// canonicalHeaders checks that http.Header.Get finds headers that the server
// writes in any case.
func canonicalHeaders(d subject) {
	t := d.t
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		conn := hijack(w)
		if conn == nil {
			return
		}
		defer func() { _ = conn.Close() }()
		_, _ = io.WriteString(conn, "HTTP/1.1 201 Created\r\nstream-media-id: 1\r\nUPLOAD-OFFSET: 2\r\n"+
			"location: /x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
	})
	answered := send(t, d, request(d.boundedContext(t), t, http.MethodPost, s.URL, nil))
	for key, want := range map[string]string{"Stream-Media-Id": "1", "Upload-Offset": "2", "Location": "/x"} {
		if got := answered.header.Get(key); got != want {
			t.Errorf("header %s %q, want %q", key, got, want)
		}
	}
}

// answerStreamed checks that Do returns before the body of the answer has
// ended.
func answerStreamed(d subject) {
	t := d.t
	begun := make(chan struct{})
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "begin")
		_ = http.NewResponseController(w).Flush()
		select {
		case <-begun:
			_, _ = io.WriteString(w, " end")
		case <-r.Context().Done():
		}
	})
	resp, err := d.Do(request(d.boundedContext(t), t, http.MethodGet, s.URL, nil))
	close(begun)
	if err != nil {
		t.Fatalf("%v, want an answer when its headers have arrived", err)
	}
	if body := drain(t, resp); body != "begin end" {
		t.Errorf("body %q, want %q", body, "begin end")
	}
}
