package transporttest

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// connectionReused checks that the next request uses the same connection after
// the answer was read to its end.
func connectionReused(d subject) {
	t := d.t
	var opened atomic.Int32
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, "words")
	}))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	s.Start()
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	for range 5 {
		send(t, d, request(d.boundedContext(t), t, http.MethodPatch, s.URL, strings.NewReader("bytes")))
	}
	if n := opened.Load(); n != 1 {
		t.Errorf("5 requests in a row opened %d connections, want 1", n)
	}
}

// redirectKeeps checks that 307 and 308 are followed with the same method, and
// with the same body from GetBody.
func redirectKeeps(d subject) {
	t := d.t
	for _, status := range []int{http.StatusTemporaryRedirect, http.StatusPermanentRedirect} {
		for _, method := range []string{http.MethodHead, http.MethodPost, http.MethodPatch, http.MethodDelete} {
			t.Run(fmt.Sprintf("%s %d", method, status), func(t *testing.T) {
				var got receivedRequest
				s := serve(t, func(w http.ResponseWriter, r *http.Request) {
					body, _ := io.ReadAll(r.Body)
					if r.URL.Path != "/new" {
						http.Redirect(w, r, "/new", status)
						return
					}
					got = receivedRequest{method: r.Method, header: r.Header, body: string(body)}
					w.WriteHeader(http.StatusNoContent)
				})
				want := "bytes"
				var body io.Reader = strings.NewReader(want)
				if method == http.MethodHead {
					want, body = "", nil
				}
				req := request(d.boundedContext(t), t, method, s.URL+"/old", body)
				req.Header.Set("Upload-Offset", "3")
				answered := send(t, d, req)
				if answered.status != http.StatusNoContent {
					t.Fatalf("status %d, want that of the target", answered.status)
				}
				if got.method != method || got.body != want || got.header.Get("Upload-Offset") != "3" {
					t.Errorf("%s with body %q and Upload-Offset %q arrived, want method %q, body %q and Upload-Offset %q", got.method, got.body, got.header.Get("Upload-Offset"), method, want, "3")
				}
				if answered.url == nil || answered.url.Path != "/new" {
					t.Errorf("the answer is for %v, want the target of the redirect", answered.url)
				}
			})
		}
	}
}

// concurrentUse checks that each of 16 concurrent requests gets the answer to
// its own body.
func concurrentUse(d subject) {
	t := d.t
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Upload-Offset", strconv.Itoa(len(body)))
		_, _ = w.Write(body)
	})
	ctx := d.boundedContext(t)
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			for j := range 4 {
				want := strings.Repeat(strconv.Itoa(i), 100*i+j)
				req, err := http.NewRequestWithContext(ctx, http.MethodPatch, s.URL, strings.NewReader(want))
				if err != nil {
					t.Error(err)
					return
				}
				resp, err := d.Do(req)
				if err != nil {
					t.Error(err)
					return
				}
				got, err := io.ReadAll(resp.Body)
				_ = resp.Body.Close()
				if err != nil || string(got) != want || resp.Header.Get("Upload-Offset") != strconv.Itoa(len(want)) {
					t.Errorf("request %d.%d: an answer of %d bytes (%v), want its own %d", i, j, len(got), err, len(want))
				}
			}
		})
	}
	all.Wait()
}
