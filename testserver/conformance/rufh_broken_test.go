package conformance_test

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/protocol/rufh"
	"github.com/tusker-go/tusker/testserver/conformance"
	"github.com/tusker-go/tusker/testserver/conformance/internal/exemplar"
)

// brokenRUFH is the exemplar of RUFH with one fault.
type brokenRUFH struct {
	rule    string // the only rule that must detect the fault
	name    string
	version rufh.Version         // 0: the newest
	with    func(*exemplar.RUFH) // nil: no change
	wrap    wrap                 // nil: no further change

	// implied are rules that a server with this fault breaks necessarily.
	implied []string
}

// final is the final answer of a handler.
type final struct {
	status int
	header http.Header
	body   []byte
}

// path returns the path of the Location.
func (f *final) path() string {
	u, err := url.Parse(f.header.Get(protocol.HeaderLocation))
	if err != nil {
		return ""
	}
	return u.Path
}

// finals returns a server whose final answers edit changes.
func finals(edit func(r *http.Request, f *final)) wrap {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			held := &finalWriter{ResponseWriter: w}
			next.ServeHTTP(held, r)
			f := &final{held.status, w.Header().Clone(), held.body.Bytes()}
			edit(r, f)
			clear(w.Header())
			maps.Copy(w.Header(), f.header)
			w.WriteHeader(f.status)
			_, _ = w.Write(f.body)
		})
	}
}

// finalWriter keeps the final answer.
type finalWriter struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (w *finalWriter) WriteHeader(status int) {
	switch {
	case status < 200:
		w.ResponseWriter.WriteHeader(status)
	case w.status == 0:
		w.status = status
	}
}

func (w *finalWriter) Write(p []byte) (int, error) { return w.body.Write(p) }

// interims returns a server that sends an interim response only if edit returns true.
func interims(edit func(r *http.Request, status int, h http.Header) bool) wrap {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(&interimWriter{w, func(status int, h http.Header) bool { return edit(r, status, h) }}, r)
		})
	}
}

type interimWriter struct {
	http.ResponseWriter
	edit func(status int, h http.Header) bool
}

func (w *interimWriter) WriteHeader(status int) {
	if status < 200 && !w.edit(status, w.Header()) {
		return
	}
	w.ResponseWriter.WriteHeader(status)
}

// received returns a server whose requests edit changes.
func received(edit func(r *http.Request)) wrap {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r = r.Clone(r.Context())
			edit(r)
			next.ServeHTTP(w, r)
		})
	}
}

// both applies two changes.
func both(a, b wrap) wrap { return func(next http.Handler) http.Handler { return a(b(next)) } }

// isLarge reports whether r has the content of a request that breaks off or waits.
func isLarge(r *http.Request) bool { return r.ContentLength > 4096 || r.ContentLength < 0 }

// completes reports whether r has Upload-Complete: ?1.
func completes(r *http.Request) bool { return r.Header.Get(rufh.HeaderUploadComplete) == "?1" }

// success returns a server whose successful answers to method have this value of a field. A
// value of "" removes it.
func success(method, name, value string) wrap {
	return successIf(func(r *http.Request, _ *final) bool { return r.Method == method }, name, value)
}

func successIf(match func(r *http.Request, f *final) bool, name, value string) wrap {
	return finals(func(r *http.Request, f *final) {
		if f.status >= 300 || !match(r, f) {
			return
		}
		if value == "" {
			f.header.Del(name)
		} else {
			f.header.Set(name, value)
		}
	})
}

// allAtOnce is a body that returns bytes only if all of them arrive.
type allAtOnce struct {
	io.ReadCloser
	data io.Reader
}

func (b *allAtOnce) Read(p []byte) (int, error) {
	if b.data == nil {
		all, err := io.ReadAll(b.ReadCloser)
		if err != nil {
			return 0, err
		}
		b.data = bytes.NewReader(all)
	}
	return b.data.Read(p)
}

// lenient is a body that ends without an error.
type lenient struct{ io.ReadCloser }

func (b lenient) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		err = io.EOF
	}
	return n, err
}

// runRUFH checks a server in a synctest bubble.
func runRUFH(t *testing.T, v rufh.Version, h http.Handler, opts conformance.Options) conformance.Report {
	t.Helper()
	var report conformance.Report
	opts.Protocol = conformance.RUFH(v)
	synctest.Test(t, func(t *testing.T) {
		report = conformance.Run(t.Context(), exemplar.Doer(h), exemplar.Endpoint, &opts)
	})
	return report
}

// The exemplar passes all rules of each version, and the run deletes its uploads.
func TestExemplarRUFH(t *testing.T) {
	for v := rufh.Oldest; v <= rufh.Newest; v++ {
		t.Run(v.String(), func(t *testing.T) {
			s := exemplar.NewRUFH(v)
			report := runRUFH(t, v, s, conformance.Options{})
			for _, r := range report.Results {
				want := r.Status == conformance.Pass
				if r.Extension == conformance.Interim && v < 5 {
					want = want || r.Status == conformance.Skip
				}
				if r.ID == "background-options" && v < 6 {
					want = r.Status == conformance.Warn
				}
				if !want {
					t.Errorf("%s: %s, which is not allowed: %s\n%s\n%s", r.ID, r.Status, r.Why, r.Sent, r.Got)
				}
			}
			if report.Obstacle != nil || report.Left != 0 || s.Len() != 0 {
				t.Errorf("obstacle %v, %d left, %d uploads, want Obstacle nil, Left 0 and Len 0", report.Obstacle, report.Left, s.Len())
			}
			t.Logf("%d rules, %d requests", len(report.Results), report.Requests)
		})
	}
}

// The rules respect the limits of a server, which passes them, too. Limits that demand
// more than the rules send make the rules unable.
func TestLimitsRUFH(t *testing.T) {
	for name, test := range map[string]struct {
		limits protocol.Limits
		want   conformance.Status
	}{
		"narrow":    {protocol.Limits{MinUpload: 100, MinRequest: 50, MaxRequest: 40_000, MaxUpload: 50_000, MaxAge: 5e9}, conformance.Pass},
		"min-size":  {protocol.Limits{MinUpload: 30_000, MaxRequest: 1 << 20, MaxUpload: 1 << 20, MaxAge: 5e9}, conformance.Pass},
		"too large": {protocol.Limits{MinUpload: 1 << 20, MaxRequest: 1 << 30, MaxUpload: 1 << 30, MaxAge: 5e9}, conformance.Unable},
	} {
		t.Run(name, func(t *testing.T) {
			s := exemplar.NewRUFH(rufh.Newest)
			s.Limits = test.limits
			report := runRUFH(t, rufh.Newest, s, conformance.Options{})
			for _, r := range report.Results {
				bad := r.Status == conformance.Fail || r.Status == conformance.Warn || test.want == conformance.Pass && r.Status != conformance.Pass
				if bad || r.ID == "append-complete" && r.Status != test.want {
					t.Errorf("%s: %s: %s\n%s\n%s", r.ID, r.Status, r.Why, r.Sent, r.Got)
				}
			}
		})
	}
}

// Each broken server breaks its rule and no other one.
func TestBrokenServersRUFH(t *testing.T) {
	for _, b := range brokenServersRUFH() {
		t.Run(b.rule+"/"+b.name, func(t *testing.T) {
			v := b.version
			if v == 0 {
				v = rufh.Newest
			}
			s := exemplar.NewRUFH(v)
			if b.with != nil {
				b.with(s)
			}
			var h http.Handler = s
			if b.wrap != nil {
				h = b.wrap(s)
			}
			report := runRUFH(t, v, h, conformance.Options{})
			noticed := false
			for _, r := range report.Results {
				bad := r.Status == conformance.Fail || r.Status == conformance.Warn
				switch {
				case r.ID == b.rule:
					noticed = bad
					if !bad {
						t.Errorf("%s: %s: %s\n%s\n%s", r.ID, r.Status, r.Why, r.Sent, r.Got)
					}
				case bad && !slices.Contains(b.implied, r.ID):
					t.Errorf("also %s: %s: %s\n%s\n%s", r.ID, r.Status, r.Why, r.Sent, r.Got)
				}
			}
			if !noticed {
				t.Errorf("obstacle %v, total %+v", report.Obstacle, report.Total())
			}
		})
	}
}

// Each rule has a server that breaks it.
func TestEveryRuleHasBrokenServerRUFH(t *testing.T) {
	servers := brokenServersRUFH()
	for v := rufh.Oldest; v <= rufh.Newest; v++ {
		for _, rule := range conformance.RUFH(v).Rules() {
			if !slices.ContainsFunc(servers, func(b brokenRUFH) bool { return b.rule == rule.ID }) {
				t.Errorf("no server breaks %s", rule.ID)
			}
		}
	}
}
