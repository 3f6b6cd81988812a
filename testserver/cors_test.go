package testserver_test

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/testserver"
)

// cors returns the headers of h that a browser reads before it gives an answer
// to a page of another origin.
func cors(h http.Header) http.Header {
	out := make(http.Header)
	for name, values := range h {
		if strings.HasPrefix(name, "Access-Control-") || name == "Vary" {
			out[name] = values
		}
	}
	return out
}

// answering lists the actions that answer in place of tusd.
var answering = []struct {
	name   string
	do     testserver.Action
	status int
}{
	{"Status", testserver.Status(http.StatusConflict, nil, "moved"), http.StatusConflict},
	{"EarlyAnswer", testserver.EarlyAnswer(10, http.StatusServiceUnavailable, http.Header{"Retry-After": {"1"}}, "busy"), http.StatusServiceUnavailable},
	{"RetryAfter", testserver.RetryAfter(http.StatusTooManyRequests, time.Second), http.StatusTooManyRequests},
	{"RetryAfterDate", testserver.RetryAfterDate(http.StatusServiceUnavailable, time.Second), http.StatusServiceUnavailable},
	{"Locked", testserver.Locked(0), http.StatusLocked},
	{"LockTimeout", testserver.LockTimeout(), http.StatusInternalServerError},
	{"UntilTokenChanges", testserver.UntilTokenChanges(), http.StatusUnauthorized},
	{"Redirect", testserver.Redirect(http.StatusNotModified, "http://tus.test"), http.StatusNotModified},
	{"BodyLimit", testserver.BodyLimit(10), http.StatusRequestEntityTooLarge},
	{"Chain", testserver.Chain(testserver.Stall(time.Nanosecond), testserver.Status(http.StatusBadGateway, nil, "")), http.StatusBadGateway},
	{"ActionFunc", testserver.ActionFunc(func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		http.Error(w, "teapot", http.StatusTeapot)
	}), http.StatusTeapot},
}

// The answer of a fault has the CORS headers of tusd's answer to the same
// request, so that a page of another origin sees the status.
func TestFaultsSendCORS(t *testing.T) {
	t.Parallel()
	for _, tr := range transports {
		for _, tt := range answering {
			t.Run(tr.name+" "+tt.name, func(t *testing.T) {
				t.Parallel()
				s := testserver.New(t, tr.config)
				url := create(t, s, 100)
				send := func(method string, header ...string) reply {
					var body io.Reader
					if method == http.MethodPatch || method == http.MethodOptions {
						// A body makes BodyLimit apply.
						body = bytes.NewReader(content(50))
					}
					header = append(header, protocol.HeaderContentType, protocol.ContentType, protocol.HeaderUploadOffset, "50")
					r, err := do(t.Context(), s.Client(), method, url, body, header...)
					if err != nil {
						t.Fatal(err)
					}
					return r
				}
				for _, method := range []string{http.MethodPatch, http.MethodOptions} {
					own := send(method, "Origin", "http://page.test") // tusd answers 409 to the PATCH
					s.Inject(testserver.Fault{Method: method, Do: tt.do, Times: 1})
					got := send(method, "Origin", "http://page.test")
					if got.status != tt.status {
						t.Errorf("%s: got %d, want %d", method, got.status, tt.status)
					}
					if !maps.EqualFunc(cors(got.header), cors(own.header), slices.Equal) {
						t.Errorf("%s: got %v, want those of tusd, %v", method, cors(got.header), cors(own.header))
					}
					s.Inject(testserver.Fault{Method: method, Do: tt.do, Times: 1})
					if got := cors(send(method).header); len(got) > 0 {
						t.Errorf("%s without Origin: got %v, want none", method, got)
					}
				}
			})
		}
	}
}

// Faults that change or delay tusd's answer do not repeat its CORS headers, and
// can change them.
func TestFaultsKeepCORSOfTusd(t *testing.T) {
	t.Parallel()
	const allowed = "Access-Control-Allow-Origin"
	without := testserver.RewriteHeader(func(h http.Header) { h.Del(allowed) })
	for _, tt := range []struct {
		name    string
		do      testserver.Action
		status  int
		removed bool
	}{
		{"none", nil, http.StatusNoContent, false},
		{"Offset", testserver.Offset(7), http.StatusNoContent, false},
		{"SlowFinish", testserver.SlowFinish(time.Nanosecond), http.StatusNoContent, false},
		{"Throttle", testserver.Throttle(1 << 30), http.StatusNoContent, false},
		{"Buffer", testserver.Buffer(), http.StatusNoContent, false},
		{"Forget", testserver.Forget(), http.StatusNotFound, false},
		{"removed from tusd's answer", without, http.StatusNoContent, true},
		{"removed from a fault's answer", testserver.Chain(without, testserver.Status(502, nil, "")), http.StatusBadGateway, true},
		{"fault without it", testserver.Status(502, http.Header{allowed: nil}, ""), http.StatusBadGateway, true},
		{"early fault without it", testserver.EarlyAnswer(0, 502, http.Header{allowed: nil}, ""), http.StatusBadGateway, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := testserver.New(t, testserver.Config{})
			data := content(10)
			first, second := create(t, s, len(data)), create(t, s, len(data))
			send := func(url string) reply {
				r, err := do(t.Context(), s.Client(), http.MethodPatch, url, bytes.NewReader(data),
					protocol.HeaderContentType, protocol.ContentType, protocol.HeaderUploadOffset, "0", "Origin", "http://page.test")
				if err != nil {
					t.Fatal(err)
				}
				return r
			}
			want := cors(send(first).header)
			s.Inject(testserver.Fault{Do: tt.do})
			r := send(second)
			if r.status != tt.status {
				t.Errorf("got %d, want %d", r.status, tt.status)
			}
			if tt.removed {
				delete(want, allowed)
			}
			if got := cors(r.header); !maps.EqualFunc(got, want, slices.Equal) {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
}

// Handlers of the caller around the server may have their own CORS headers.
func TestFaultsKeepCORSOfWrap(t *testing.T) {
	t.Parallel()
	s := testserver.New(t, testserver.Config{Wrap: func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Access-Control-Allow-Origin", "http://only.test")
			next.ServeHTTP(w, r)
		})
	}})
	s.Inject(testserver.Fault{Do: testserver.Status(http.StatusBadGateway, nil, "")})
	r := mustDo(t, http.StatusBadGateway, s.Client(), http.MethodGet, s.URL(), nil, "Origin", "http://page.test")
	if got := r.header.Get("Access-Control-Allow-Origin"); got != "http://only.test" {
		t.Errorf("got %q, want the value of the handler", got)
	}
}

// A page may send a checksum and read the headers of all extensions, also if the
// server ignores checksums as tusd does.
func TestCORSOfExtensions(t *testing.T) {
	t.Parallel()
	s := testserver.New(t, testserver.Config{})
	h := mustDo(t, http.StatusOK, s.Client(), http.MethodOptions, s.URL(), nil, "Origin", "http://page.test").header
	allowed := strings.Split(h.Get("Access-Control-Allow-Headers"), ", ")
	for _, name := range []string{protocol.HeaderUploadChecksum, protocol.HeaderUploadConcat, protocol.HeaderUploadOffset} {
		if !slices.Contains(allowed, name) {
			t.Errorf("%s is not allowed: %v", name, allowed)
		}
	}
	h = mustDo(t, http.StatusCreated, s.Client(), http.MethodPost, s.URL(), nil, protocol.HeaderUploadLength, "1", "Origin", "http://page.test").header
	exposed := strings.Split(h.Get("Access-Control-Expose-Headers"), ", ")
	for _, name := range []string{protocol.HeaderChecksumAlgorithm, protocol.HeaderUploadExpires, protocol.HeaderUploadConcat, protocol.HeaderLocation} {
		if !slices.Contains(exposed, name) {
			t.Errorf("%s is not exposed: %v", name, exposed)
		}
	}
}
