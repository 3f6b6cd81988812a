package httpsource_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/client/internal/fake/object"
	"github.com/tusker-go/tusker/client/source/httpsource"
	"github.com/tusker-go/tusker/retry"
	"github.com/tusker-go/tusker/transport"
)

const size = clienttest.FourPartsSize

func newClient(t *testing.T, s *fake.Server, cfg client.Config) *client.Client {
	t.Helper()
	cfg.Endpoint, cfg.Doer = s.URL, doer(t)
	if cfg.ChunkSize == 0 {
		cfg.ChunkSize = clienttest.MiB
	}
	c, err := client.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// chunks are the ranges of an upload in chunks of 1 MiB, after the request for the first byte.
func chunks() []string {
	ranges := []string{"0-0"}
	for from := 0; from < size; from += clienttest.MiB {
		ranges = append(ranges, fmt.Sprintf("%d-%d", from, min(from+clienttest.MiB, size)-1))
	}
	return ranges
}

// Each request of an upload reads its bytes by one request, which has the condition for the
// version and accepts no coding.
func TestOneRequestForEachChunk(t *testing.T) {
	data := clienttest.Noise(size)
	o := object.New(t, data)
	s := clienttest.NewTCPServer(t, fake.Config{})
	res, err := newClient(t, s, client.Config{}).Upload(t.Context(), open(t, o.URL, httpsource.Config{}), nil)
	if err != nil {
		t.Fatal(err)
	}
	clienttest.WantStored(t, s, res.URL, data)
	if diff := cmp.Diff(chunks(), o.Ranges(0)); diff != "" {
		t.Errorf("ranges (-want +got):\n%s", diff)
	}
	for _, r := range o.Requests(1) {
		if r.Header.Get("If-Match") != `"1"` || r.Header.Get("Accept-Encoding") != "identity" {
			t.Errorf("If-Match %q, Accept-Encoding %q, want If-Match %q and Accept-Encoding %q", r.Header.Get("If-Match"), r.Header.Get("Accept-Encoding"), `"1"`, "identity")
		}
	}
}

// An object in parts has one reader for each part.
func TestOneRequestForEachPart(t *testing.T) {
	data := clienttest.Noise(size)
	o := object.New(t, data)
	s := clienttest.NewTCPServer(t, fake.Config{})
	res, err := newClient(t, s, client.Config{ChunkSize: size}).Upload(t.Context(), open(t, o.URL, httpsource.Config{}), &client.UploadOptions{Parallel: 4})
	if err != nil {
		t.Fatal(err)
	}
	clienttest.WantStored(t, s, res.URL, data)
	if n := len(o.Ranges(1)); n != 4 || len(res.Parts) != 4 {
		t.Errorf("%d requests for %d parts, want 4 and 4 in Parts", n, len(res.Parts))
	}
}

// A request that fails is replaced within the same request of the upload, at the exact byte. No
// byte of another answer or of another version is sent.
func TestFaults(t *testing.T) {
	data := clienttest.Noise(size)
	other := func(o *object.Server) { o.Replace(data[1:] + "x") }
	page := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = fmt.Fprint(w, strings.Repeat("<p>please log in</p>", 100_000))
	}
	unavailable := object.Status(http.StatusServiceUnavailable)
	for name, test := range map[string]struct {
		first   func(o *object.Server) // before the object is opened; nil: nothing
		script  func(o *object.Server) []http.HandlerFunc
		retries int
		resumed string  // the range of the second request of the failed one; "": any
		is      []error // nil: the upload is complete
	}{
		"503": {script: func(*object.Server) []http.HandlerFunc { return []http.HandlerFunc{nil, unavailable} }, retries: 1, resumed: "1048576-2097151"},
		"429 and 503 in a row": {script: func(*object.Server) []http.HandlerFunc {
			return []http.HandlerFunc{object.Status(http.StatusTooManyRequests), unavailable, unavailable}
		}, retries: 3, resumed: "0-1048575"},
		"connection lost": {script: func(o *object.Server) []http.HandlerFunc {
			return []http.HandlerFunc{nil, o.CutAfter(100_000)}
		}, retries: 1},
		"lost before the first byte": {script: func(*object.Server) []http.HandlerFunc {
			return []http.HandlerFunc{nil, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }}
		}, retries: 1},
		"lost again and again, with progress": {script: func(o *object.Server) []http.HandlerFunc {
			return []http.HandlerFunc{o.CutAfter(900_000), o.CutAfter(40_000), o.CutAfter(40_000), o.CutAfter(40_000)}
		}, retries: 1},
		"no byte arrives": {script: func(o *object.Server) []http.HandlerFunc {
			return []http.HandlerFunc{nil, o.HangAfter(100_000)}
		}, retries: 1},
		"login page": {script: func(*object.Server) []http.HandlerFunc { return []http.HandlerFunc{nil, page} }, retries: 1},
		"login page for ever": {script: func(*object.Server) []http.HandlerFunc {
			return []http.HandlerFunc{nil, page, page}
		}, retries: 1, is: []error{client.ErrSource, retry.ErrExhausted}},
		"range ignored": {script: func(o *object.Server) []http.HandlerFunc {
			return []http.HandlerFunc{nil, o.With(func(r *http.Request) { r.Header.Del("Range") })}
		}, retries: 1},
		"another range": {script: func(o *object.Server) []http.HandlerFunc {
			return []http.HandlerFunc{nil, o.With(func(r *http.Request) { r.Header.Set("Range", "bytes=0-1048575") })}
		}, retries: 1},
		"shorter range": {script: func(o *object.Server) []http.HandlerFunc {
			return []http.HandlerFunc{nil, o.With(func(r *http.Request) { r.Header.Set("Range", "bytes=1048576-1048675") })}
		}, resumed: "1048676-2097151"},
		"longer range": {script: func(o *object.Server) []http.HandlerFunc {
			return []http.HandlerFunc{nil, o.With(func(r *http.Request) { r.Header.Set("Range", "bytes=1048576-3000000") })}
		}, resumed: "2097152-3145727"},
		"no version in an answer": {script: func(o *object.Server) []http.HandlerFunc {
			return []http.HandlerFunc{nil, func(w http.ResponseWriter, r *http.Request) { o.Serve(withoutETag{w}, r) }}
		}, retries: 1},
		"server does not come back": {script: func(*object.Server) []http.HandlerFunc {
			return []http.HandlerFunc{nil, unavailable, unavailable, unavailable}
		}, retries: 2, is: []error{client.ErrSource, retry.ErrExhausted}},
		"removed": {script: func(*object.Server) []http.HandlerFunc {
			return []http.HandlerFunc{nil, object.Status(http.StatusNotFound)}
		}, retries: 5, is: []error{client.ErrSource, httpsource.ErrNotFound}},
		"access withdrawn": {script: func(*object.Server) []http.HandlerFunc {
			return []http.HandlerFunc{nil, object.Status(http.StatusForbidden)}
		}, retries: 5, is: []error{client.ErrSource, httpsource.ErrDenied}},
		"changed": {script: func(o *object.Server) []http.HandlerFunc {
			return []http.HandlerFunc{nil, o.With(func(*http.Request) { other(o) })}
		}, retries: 5, is: []error{client.ErrSource, client.ErrSourceChanged}},
		"changed after a connection was lost": {script: func(o *object.Server) []http.HandlerFunc {
			return []http.HandlerFunc{nil, func(w http.ResponseWriter, r *http.Request) {
				defer other(o)
				o.CutAfter(100_000)(w, r)
			}}
		}, retries: 5, is: []error{client.ErrSource, client.ErrSourceChanged}},
		"changed, and conditions are ignored": {
			first: func(o *object.Server) { o.NoConditions = true },
			script: func(o *object.Server) []http.HandlerFunc {
				return []http.HandlerFunc{nil, o.With(func(*http.Request) { other(o) })}
			}, retries: 5, is: []error{client.ErrSource, client.ErrSourceChanged},
		},
		"changed, only Last-Modified tells": {
			first: func(o *object.Server) { o.NoConditions, o.NoETag, o.Modified = true, true, aDay },
			script: func(o *object.Server) []http.HandlerFunc {
				return []http.HandlerFunc{nil, o.With(func(*http.Request) { other(o) })}
			}, retries: 5, is: []error{client.ErrSource, client.ErrSourceChanged},
		},
		"shorter, and conditions are ignored": {
			first: func(o *object.Server) { o.NoConditions = true },
			script: func(o *object.Server) []http.HandlerFunc {
				return []http.HandlerFunc{nil, o.With(func(*http.Request) { o.Replace(data[:clienttest.MiB]) })}
			}, retries: 5, is: []error{client.ErrSource, client.ErrSourceChanged},
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := object.New(t, data)
			if test.first != nil {
				test.first(o)
			}
			src := open(t, o.URL, httpsource.Config{Retry: quick(test.retries), StallTimeout: time.Second})
			o.On(test.script(o)...)
			s := clienttest.NewTCPServer(t, fake.Config{})
			res, err := newClient(t, s, client.Config{Retry: retry.Never}).Upload(t.Context(), src, nil)
			if test.is != nil {
				clienttest.WantErrorIs(t, err, test.is...)
				if got := string(s.Bytes(res.URL)); res.URL != "" && !strings.HasPrefix(data, got) {
					t.Errorf("the server has %d bytes, which are not the beginning of the object", len(got))
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			clienttest.WantStored(t, s, res.URL, data)
			if ranges := o.Ranges(1); test.resumed != "" && !slices.Contains(ranges[1:], test.resumed) {
				t.Errorf("ranges %q, want %q among them", ranges, test.resumed)
			}
			patches := 0
			for _, r := range s.Requests() {
				if r.Method == http.MethodPatch {
					patches++
				}
			}
			if patches != 5 {
				t.Errorf("%d requests sent the bytes, want 5: a failure of the object ended one", patches)
			}
		})
	}
}

// withoutETag drops the entity tag of an answer.
type withoutETag struct{ http.ResponseWriter }

// WriteHeader implements http.ResponseWriter.
func (w withoutETag) WriteHeader(status int) {
	w.Header().Del("ETag")
	w.ResponseWriter.WriteHeader(status)
}

// The policy sees the Retry-After of the server, and OnRetry each wait.
func TestRetryAfter(t *testing.T) {
	data := clienttest.Noise(1000)
	o := object.New(t, data)
	var mu sync.Mutex
	var waits []time.Duration
	policy := retry.PolicyFunc(func(a retry.Attempt) (time.Duration, bool) {
		wait, _ := retry.After(a.Err)
		mu.Lock()
		defer mu.Unlock()
		waits = append(waits, wait)
		return 0, true
	})
	told := 0
	src := open(t, o.URL, httpsource.Config{Retry: policy, OnRetry: func(name string, a retry.Attempt, _ time.Duration) {
		if told++; name != o.URL || a.Number != told {
			t.Errorf("told of failure %d of %q, want Number %v and %q", a.Number, name, told, o.URL)
		}
	}})
	o.On(object.Status(http.StatusServiceUnavailable, "Retry-After", "7"), object.Status(http.StatusTooManyRequests, "Retry-After", "20"))
	s := clienttest.NewTCPServer(t, fake.Config{})
	res, err := newClient(t, s, client.Config{Retry: retry.Never}).Upload(t.Context(), src, nil)
	if err != nil {
		t.Fatal(err)
	}
	clienttest.WantStored(t, s, res.URL, data)
	if want := []time.Duration{7 * time.Second, 20 * time.Second}; !cmp.Equal(waits, want) || told != 2 {
		t.Errorf("waits %v, want %v; told %d times", waits, want, told)
	}
}

// Open fails for an object that cannot be sent, and its error says why.
func TestOpenFails(t *testing.T) {
	xml := func(status int, code, text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/xml")
			w.WriteHeader(status)
			_, _ = fmt.Fprintf(w, "<?xml version=\"1.0\"?><Error><Code>%s</Code><Message>%s</Message></Error>", code, text)
		}
	}
	const signed = "?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDSECRET&X-Amz-Signature=5ec4e7"
	for name, test := range map[string]struct {
		set    func(o *object.Server)
		answer http.HandlerFunc
		query  string
		is     error
		words  string
	}{
		"no ranges":    {set: func(o *object.Server) { o.NoRanges = true }, is: httpsource.ErrNoRanges, words: "no ranges"},
		"no version":   {set: func(o *object.Server) { o.NoETag = true }, is: httpsource.ErrNoVersion, words: "ETag"},
		"a page":       {set: func(o *object.Server) { o.NoRanges, o.Type = true, "text/html" }, is: httpsource.ErrNoRanges, words: "login"},
		"no object":    {answer: http.NotFound, is: httpsource.ErrNotFound, words: "404"},
		"credentials":  {answer: object.Status(http.StatusUnauthorized), is: httpsource.ErrDenied, words: "access denied (status 401)"},
		"expired":      {answer: xml(http.StatusForbidden, "AccessDenied", "Request has expired"), query: signed, is: httpsource.ErrExpired, words: `sign it again and run the upload again, which then resumes (status 403): "AccessDenied: Request has expired"`},
		"another ETag": {is: client.ErrSourceChanged, words: "another ETag"},
	} {
		t.Run(name, func(t *testing.T) {
			o := object.New(t, "content")
			if test.set != nil {
				test.set(o)
			}
			cfg := httpsource.Config{Doer: doer(t), Retry: quick(2)}
			if name == "another ETag" {
				cfg.ETag = `"0"`
			}
			o.On(test.answer)
			_, err := httpsource.Open(t.Context(), o.URL+test.query, cfg)
			clienttest.WantErrorIs(t, err, client.ErrSource, test.is)
			if text := fmt.Sprint(err); !strings.Contains(text, test.words) || strings.Contains(text, "5ec4e7") || strings.Contains(text, "AKID") {
				t.Errorf("error %q, want it to say %q and to have no secret", text, test.words)
			}
			if n := len(o.Requests(0)); n != 1 {
				t.Errorf("%d requests, want 1", n)
			}
		})
	}
}

// An object without ranges can be read once, as a stream, if the caller asks for it.
func TestStream(t *testing.T) {
	data := clienttest.Noise(size)
	for name, set := range map[string]func(o *object.Server){
		"no ranges":  func(o *object.Server) { o.NoRanges = true },
		"no version": func(o *object.Server) { o.NoETag = true },
	} {
		t.Run(name, func(t *testing.T) {
			o := object.New(t, data)
			set(o)
			src := open(t, o.URL, httpsource.Config{Stream: true})
			if n, known := src.Length().Int64(); n != size || !known || !src.SingleUse() {
				t.Errorf("length %d, single use %t, want %v, known true and SingleUse true", n, src.SingleUse(), size)
			}
			s := clienttest.NewTCPServer(t, fake.Config{})
			c := newClient(t, s, client.Config{Retry: retry.Never})
			res, err := c.Upload(t.Context(), src, nil)
			if err != nil {
				t.Fatal(err)
			}
			clienttest.WantStored(t, s, res.URL, data)
			if got := o.Ranges(0); !cmp.Equal(got, []string{"0-0", ""}) {
				t.Errorf("ranges %q, want \"0-0\" and \"\"", got)
			}
			if _, err := c.Upload(t.Context(), src, nil); !errors.Is(err, client.ErrSourceUsed) {
				t.Errorf("second upload: error %v, want ErrSourceUsed", err)
			}
		})
	}
}

// An empty object needs no range, and a small one is read once more for its bytes.
func TestSmall(t *testing.T) {
	for _, data := range []string{"", "x"} {
		o := object.New(t, data)
		s := clienttest.NewTCPServer(t, fake.Config{})
		res, err := newClient(t, s, client.Config{}).Upload(t.Context(), open(t, o.URL, httpsource.Config{}), nil)
		if err != nil {
			t.Fatalf("%q: %v", data, err)
		}
		clienttest.WantStored(t, s, res.URL, data)
		if n := len(o.Requests(0)); n != 1+len(data) {
			t.Errorf("%q: %d requests, want %v", data, n, 1+len(data))
		}
	}
}

// A name without an address is tried three times, because it is often misspelled.
func TestUnknownHost(t *testing.T) {
	requests := 0
	_, err := httpsource.Open(t.Context(), "http://no-such-host.example/film.mov", httpsource.Config{
		Retry: retry.Backoff{Initial: 1, MaxAttempts: 50},
		Doer: transport.DoerFunc(func(*http.Request) (*http.Response, error) {
			requests++
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "no-such-host.example", IsNotFound: true}}
		}),
	})
	clienttest.WantErrorIs(t, err, client.ErrSource, retry.ErrExhausted)
	if requests != 3 {
		t.Errorf("%d requests, want 3", requests)
	}
}

// An object that only Last-Modified names causes a warning, and one without a URL's path has no
// file name.
func TestWeakVersion(t *testing.T) {
	o := object.New(t, "content")
	o.NoETag, o.Modified = true, aDay
	var log bytes.Buffer
	src := open(t, strings.TrimSuffix(o.URL, "/bucket/film.mov"), httpsource.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	if !src.IsWeak() || src.ETag() != "" || src.FileName() != "" || !strings.Contains(log.String(), "no strong ETag") {
		t.Errorf("weak %t, ETag %q, file name %q, log %q, want IsWeak true, ETag \"\", FileName \"\" and %q in it", src.IsWeak(), src.ETag(), src.FileName(), log.String(), "no strong ETag")
	}
	if src = open(t, object.New(t, "content").URL, httpsource.Config{}); src.IsWeak() || src.ETag() != `"1"` {
		t.Errorf("weak %t, ETag %q, want a strong one", src.IsWeak(), src.ETag())
	}
}
