package doctor_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tusker-go/tusker/cli/internal/doctor"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/testserver"
	"github.com/tusker-go/tusker/transport/nethttp"
)

// site is a tus server behind a proxy, both on TCP ports of this machine.
type site struct {
	server   testserver.Config
	proxy    func(next http.Handler) http.Handler // nil: passes everything on
	idle     time.Duration                        // after which the proxy closes a connection; 0: never
	endpoint func(url string) string              // nil: the address of the proxy
	network  nethttp.Config
	header   http.Header
	limit    time.Duration // of an exchange; 0: 5 s
	settle   time.Duration // 0: 100 ms
	pause    time.Duration // 0: 100 ms
	clock    *quickClock   // nil: one of its own
	also     []string      // further checks that the fault affects
}

// examine runs the checks against the site.
func (s site) examine(t *testing.T) *doctor.Report {
	t.Helper()
	// Few bytes are enough to find the faults.
	if s.server.MaxSize == 0 {
		s.server.MaxSize = 3 << 20
	}
	s.server.GracefulTimeout = time.Millisecond
	handler := passing(t, testserver.New(t, s.server).URL())
	if s.proxy != nil {
		handler = s.proxy(handler)
	}
	front := httptest.NewUnstartedServer(handler)
	front.Config.IdleTimeout = s.idle
	front.Start()
	t.Cleanup(func() { front.CloseClientConnections(); front.Close() })
	endpoint := front.URL + "/files/"
	if s.endpoint != nil {
		endpoint = s.endpoint(endpoint)
	}
	return s.run(t, endpoint)
}

// quickClock is a clock that moves only by its sleeps. A sleep takes no time, but it waits for
// the end of all requests that the site holds: a busy machine sees a cut connection late.
type quickClock struct {
	slept atomic.Int64
	held  sync.RWMutex // read-locked by each request that the site holds
}

func (c *quickClock) Now() time.Time { return time.Unix(0, c.slept.Load()) }

func (c *quickClock) Sleep(ctx context.Context, d time.Duration) bool {
	c.held.Lock()
	defer c.held.Unlock()
	c.slept.Add(int64(d))
	return ctx.Err() == nil
}

// passing returns a proxy that passes everything on to the server at to.
func passing(t *testing.T, to string) http.Handler {
	t.Helper()
	target, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	target.Path = ""
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Host = r.In.Host
		},
		FlushInterval: -1,
		// The cut of a request is no fault of the proxy.
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
}

func (s site) run(t *testing.T, endpoint string) *doctor.Report {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	s.network.NoProxy = true
	limit := s.limit
	if limit == 0 {
		limit = 5 * time.Second
	}
	settle := s.settle
	if settle == 0 {
		settle = 100 * time.Millisecond
	}
	pause := s.pause
	if pause == 0 {
		pause = 100 * time.Millisecond
	}
	clock := s.clock
	if clock == nil {
		clock = new(quickClock)
	}
	report, err := doctor.Run(t.Context(), doctor.Config{
		Client: client.Config{Endpoint: endpoint, Doer: nethttp.New(s.network), Jar: jar, Header: s.header},
		Limit:  limit, Settle: settle, Pause: pause, Clock: clock,
	})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// around returns a proxy that calls act before a request is passed on. If act returns
// true, it has answered.
func around(act func(w http.ResponseWriter, r *http.Request) bool) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !act(w, r) {
				next.ServeHTTP(w, r)
			}
		})
	}
}

// page answers with a page of HTML.
func page(w http.ResponseWriter, status int, text string) bool {
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, "<html><body>"+text+"</body></html>")
	return true
}

// rewriting returns a proxy that edits the headers of the answers to a method.
func rewriting(method string, edit func(h http.Header)) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == method {
				w = &rewriter{ResponseWriter: w, edit: edit}
			}
			next.ServeHTTP(w, r)
		})
	}
}

type rewriter struct {
	http.ResponseWriter
	edit func(h http.Header)
}

func (w *rewriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *rewriter) WriteHeader(status int) {
	w.edit(w.Header())
	w.ResponseWriter.WriteHeader(status)
}

// dialing connects to the address of the proxy whatever the host of the URL is.
func dialing(address *string) nethttp.Config {
	return nethttp.Config{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, *address)
	}}
}

// named returns a site that is reached under another name.
func named(name string) site {
	address := ""
	return site{
		network: dialing(&address),
		endpoint: func(at string) string {
			u, _ := url.Parse(at)
			address = u.Host
			return strings.Replace(at, u.Host, name, 1)
		},
	}
}

// A site without a fault has no findings, and the advice is the plain command.
func TestHealthySite(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]site{
		"plain":             {},
		"cookie":            {proxy: rewriting("OPTIONS", func(h http.Header) { h.Set("Set-Cookie", "visit=1") })},
		"202 with headers":  {proxy: statuses(map[int]int{http.StatusCreated: http.StatusAccepted})},
		"202 to DELETE":     {proxy: statusTo(http.MethodDelete, http.StatusAccepted)},
		"200 to PATCH":      {proxy: statusTo(http.MethodPatch, http.StatusOK)},
		"Host header":       {header: http.Header{"Host": {"tus.example"}}},
		"busy":              {proxy: busy()},
		"Connection: close": {header: http.Header{"Connection": {"close"}}},
		"two cookies":       {proxy: rewriting("POST", func(h http.Header) { h.Add("Set-Cookie", "a=1"); h.Add("Set-Cookie", "b=2") })},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			report := s.examine(t)
			for _, f := range report.Findings {
				if f.Status != doctor.OK {
					t.Errorf("%+v, want Status %q", f, doctor.OK)
				}
			}
			if report.Verdict != "uploads work" || len(report.Flags) > 0 || len(report.Left) > 0 {
				t.Errorf("%q, flags %v, left %v, want Verdict %q, none in Flags and none in Left", report.Verdict, report.Flags, report.Left, "uploads work")
			}
		})
	}
}

// The Location of a server that is reached by an internationalized name or by an IPv6
// address with a zone has the origin of the endpoint.
func TestNamesOfTheEndpoint(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"b\u00fccher.example", "[fe80::1%25lo]"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, f := range named(name).examine(t).Findings {
				if f.Status != doctor.OK && f.Check != "tls" {
					t.Errorf("%+v, want Status %q, except for tls", f, doctor.OK)
				}
			}
		})
	}
}

// An upload that was never found at its Location is not deleted by a 404.
func TestLostUploadIsLeft(t *testing.T) {
	t.Parallel()
	report := locationSites()["a proxy strips a prefix of the path from the Location"].examine(t)
	if len(report.Left) != 1 || !strings.Contains(report.Left[0], "/files/") {
		t.Errorf("left %v, findings %+v, want 1 in Left and %q in it", report.Left, report.Findings, "/files/")
	}
}

// Each class of fault is found, with its advice, and no other check finds a fault.
func TestEachClassIsFound(t *testing.T) {
	t.Parallel()
	cases := sites()
	for _, class := range doctor.Classes() {
		t.Run(class.Fault, func(t *testing.T) {
			t.Parallel()
			s, ok := cases[class.Fault]
			if !ok {
				t.Fatal("no site has this fault")
			}
			report := s(t)
			found := false
			for _, f := range report.report.Findings {
				switch {
				case f.Status == doctor.OK:
				case f.Check == class.Check:
					found = true
					if !strings.Contains(f.Advice, class.Advice) {
						t.Errorf("advice %q, want %q", f.Advice, class.Advice)
					}
				case !strings.Contains(" "+strings.Join(report.also, " ")+" ", " "+f.Check+" "):
					t.Errorf("also %+v", f)
				}
			}
			if !found {
				t.Errorf("not found: %s: %+v", report.report.Verdict, report.report.Findings)
			}
		})
	}
}
