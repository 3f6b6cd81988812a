package testserver_test

import (
	"net/http"
	"testing"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/testserver"
)

// Status answers without reading the body and without tusd.
func TestStatus(t *testing.T) {
	t.Parallel()
	for _, tr := range transports {
		t.Run(tr.name, func(t *testing.T) {
			t.Parallel()
			s := testserver.New(t, tr.config)
			data := content(50_000)
			url := create(t, s, len(data))
			header := http.Header{"Retry-After": {"7"}}
			s.Inject(testserver.Fault{Method: http.MethodPatch, Do: testserver.Status(http.StatusServiceUnavailable, header, "busy")})
			header.Set("Retry-After", "8") // no effect on the fault
			r, err := patch(t.Context(), s, url, 0, data)
			if err != nil {
				t.Fatal(err)
			}
			if r.status != http.StatusServiceUnavailable || r.header.Get("Retry-After") != "7" || r.body != "busy" {
				t.Errorf("got %d, Retry-After %q, body %q; want 503, 7, busy", r.status, r.header.Get("Retry-After"), r.body)
			}
			if got := r.header.Get(protocol.HeaderResumable); got != "" {
				t.Errorf("got Tus-Resumable %q, want none", got)
			}
			seen := last(t, s)
			if seen.Status != http.StatusServiceUnavailable || seen.BodyBytes != 0 {
				t.Errorf("got status %d after %d bytes, want 503 after 0", seen.Status, seen.BodyBytes)
			}
			finish(t, s, url, data)
		})
	}
}

// Actions change the headers of tusd's answer to a HEAD at 10 of 20 bytes.
func TestReplyHeaders(t *testing.T) {
	t.Parallel()
	const offset = protocol.HeaderUploadOffset
	for _, tt := range []struct {
		name   string
		do     testserver.Action
		header string
		want   string
	}{
		{"Offset", testserver.Offset(7), offset, "7"},
		{"Offset beyond the length", testserver.Offset(21), offset, "21"},
		{"Offset negative", testserver.Offset(-1), offset, "-1"},
		{"OffsetDelta up", testserver.OffsetDelta(3), offset, "13"},
		{"OffsetDelta down", testserver.OffsetDelta(-11), offset, "-1"},
		{"OffsetHeader garbage", testserver.OffsetHeader("ten"), offset, "ten"},
		{"OffsetHeader empty", testserver.OffsetHeader(""), offset, ""},
		{"SetHeader replaces", testserver.SetHeader(protocol.HeaderUploadLength, "30"), protocol.HeaderUploadLength, "30"},
		{"SetHeader adds", testserver.SetHeader("X-Served-By", "a proxy"), "X-Served-By", "a proxy"},
		{"RewriteHeader deletes", testserver.RewriteHeader(func(h http.Header) { h.Del(offset) }), offset, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, tr := range transports {
				t.Run(tr.name, func(t *testing.T) {
					t.Parallel()
					s := testserver.New(t, tr.config)
					url := create(t, s, 20)
					if _, err := patch(t.Context(), s, url, 0, content(10)); err != nil {
						t.Fatal(err)
					}
					s.Inject(testserver.Fault{Do: tt.do})
					r := mustDo(t, http.StatusOK, s.Client(), http.MethodHead, url, nil)
					if got := r.header.Get(tt.header); got != tt.want {
						t.Errorf("got %s %q, want %q", tt.header, got, tt.want)
					}
					if got := head(t, s, url); got != 10 {
						t.Errorf("got offset %d after the fault, want 10", got)
					}
				})
			}
		})
	}
}

// An answer without Upload-Offset gets none.
func TestOffsetAbsent(t *testing.T) {
	t.Parallel()
	s := testserver.New(t, testserver.Config{})
	for _, do := range []testserver.Action{
		testserver.Offset(7), testserver.OffsetDelta(7), testserver.OffsetHeader("x"),
	} {
		s.Inject(testserver.Fault{Do: do})
		r := mustDo(t, http.StatusNotFound, s.Client(), http.MethodHead, s.URL()+"none", nil)
		if got := r.header.Values(protocol.HeaderUploadOffset); len(got) != 0 {
			t.Errorf("%v: got Upload-Offset %q, want none", do, got)
		}
	}
}

// RewriteHeader edits answers without an explicit WriteHeader too.
func TestRewriteHeaderImplicitAnswer(t *testing.T) {
	t.Parallel()
	s := testserver.New(t, testserver.Config{})
	for name, serve := range map[string]testserver.ActionFunc{
		"no write": func(http.ResponseWriter, *http.Request, http.Handler) {},
		"body without status": func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			_, _ = w.Write([]byte("x"))
		},
		"early hints first": func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			w.WriteHeader(http.StatusEarlyHints)
			w.WriteHeader(http.StatusOK)
		},
	} {
		s.Inject(testserver.Fault{Do: testserver.Chain(testserver.SetHeader("X-Edited", "yes"), serve)})
		r := mustDo(t, http.StatusOK, s.Client(), http.MethodGet, s.URL(), nil)
		if got := r.header.Get("X-Edited"); got != "yes" {
			t.Errorf("%s: got X-Edited %q, want yes", name, got)
		}
		if got := last(t, s).Status; got != http.StatusOK {
			t.Errorf("%s: got status %d in the log, want 200", name, got)
		}
	}
}

// Forget deletes the upload of the request, and no other upload.
func TestForget(t *testing.T) {
	t.Parallel()
	for _, tr := range transports {
		t.Run(tr.name, func(t *testing.T) {
			t.Parallel()
			s := testserver.New(t, tr.config)
			kept, url := create(t, s, 10), create(t, s, 10)
			if _, err := patch(t.Context(), s, url, 0, content(5)); err != nil {
				t.Fatal(err)
			}
			s.Inject(testserver.Fault{Method: http.MethodHead, Do: testserver.Forget()})
			mustDo(t, http.StatusNotFound, s.Client(), http.MethodHead, url, nil)
			mustDo(t, http.StatusNotFound, s.Client(), http.MethodHead, url, nil)
			urls, err := s.Uploads()
			if err != nil || len(urls) != 1 || urls[0] != kept {
				t.Errorf("got uploads %v, error %v; want only %s", urls, err, kept)
			}
		})
	}
}

// Forget ignores a request without an upload and one with an unknown upload.
func TestForgetWithoutUpload(t *testing.T) {
	t.Parallel()
	s := testserver.New(t, testserver.Config{DisableTermination: true})
	s.Inject(testserver.Fault{Times: 2, Do: testserver.Forget()})
	create(t, s, 10)
	mustDo(t, http.StatusNotFound, s.Client(), http.MethodHead, s.URL()+"none", nil)
	if got := s.Pending(); len(got) != 0 {
		t.Errorf("got %d faults pending, want none", len(got))
	}
}
