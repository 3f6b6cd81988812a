package doctor

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/testserver"
	"github.com/tusker-go/tusker/transport/nethttp"
)

// skipHEAD leaves one HEAD unchanged. The run sends three HEADs before the one while a
// PATCH is open, and another one before the cut.
var skipHEAD = testserver.Fault{Method: http.MethodHead}

// always returns a fault for every request with that method.
func always(method string, do testserver.Action) testserver.Fault {
	return testserver.Fault{Method: method, Times: testserver.Always, Do: do}
}

// serve starts a server with these faults. It works in a synctest bubble.
func serve(t *testing.T, server testserver.Config, faults ...testserver.Fault) (Config, *testserver.Server) {
	t.Helper()
	network := testserver.NewNetwork()
	server.Network, server.Addr = network, "localhost" // localhost needs no TLS
	s := testserver.New(t, server)
	s.Inject(faults...)
	return Config{Client: client.Config{
		Endpoint: s.URL(),
		Doer:     nethttp.New(nethttp.Config{NoProxy: true, DialContext: network.DialContext}),
	}}, s
}

// examine runs the checks against a server with these faults, in a synctest bubble.
func examine(t *testing.T, server testserver.Config, faults ...testserver.Fault) (*Report, *testserver.Server) {
	t.Helper()
	cfg, s := serve(t, server, faults...)
	report, err := Run(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return report, s
}

// checks returns the status and the name of each finding.
func checks(r *Report) []string {
	var out []string
	for _, f := range r.Findings {
		out = append(out, string(f.Status)+" "+f.Check)
	}
	return out
}

var healthy = []string{
	"ok connect", "ok http", "ok clock", "ok options", "ok create", "ok location",
	"ok body-limit", "ok buffering", "ok resume", "ok lock", "ok headers", "ok keep-alive", "ok cleanup",
}

// without returns healthy with some findings replaced.
func without(changes ...string) []string {
	out := slices.Clone(healthy)
	for _, change := range changes {
		_, check, _ := strings.Cut(change, " ")
		i := slices.IndexFunc(out, func(s string) bool { return strings.HasSuffix(s, " "+check) })
		out[i] = change
	}
	return out
}

// Each problem between this machine and a server leads to a finding, with a flag
// that helps.
func TestFindings(t *testing.T) {
	page := http.Header{"Content-Type": {"text/html"}}
	const late = 3 * time.Second
	tests := map[string]struct {
		server testserver.Config
		faults []testserver.Fault
		want   []string
		detail string // detail of the first finding that is not ok
		advice string // advice of the first finding that is not ok
	}{
		"no problem": {want: healthy},
		"a proxy that delays bodies": {
			faults: []testserver.Fault{always("PATCH", testserver.Buffer())},
			want:   without("warn buffering", "warn resume"), detail: "no byte arrives", advice: "--chunk-size 8MiB",
		},
		"a limit of 1 MiB": {
			faults: []testserver.Fault{always("PATCH", testserver.BodyLimit(1<<20))},
			want:   without("warn body-limit"), detail: "bodies of 1 MiB pass, of 1.2 MiB do not", advice: "--chunk-size 1MiB",
		},
		"a limit of 100 KB": {
			faults: []testserver.Fault{always("PATCH", testserver.BodyLimit(100_000))},
			want:   without("warn body-limit"), detail: "bodies of 88 KiB pass, of 100 KiB do not", advice: "--chunk-size",
		},
		"a limit of 30 MB": {
			faults: []testserver.Fault{always("PATCH", testserver.BodyLimit(30_000_000))},
			want:   without("warn body-limit"), detail: "bodies of 24 MiB pass, of 32 MiB do not", advice: "--chunk-size 24MiB",
		},
		"no body passes": {
			faults: []testserver.Fault{always("PATCH", testserver.BodyLimit(10))},
			want:   append(healthy[:6:6], "fail body-limit", "ok cleanup"), detail: "too large (413)", advice: "raise the limit",
		},
		"blocked method": {
			faults: []testserver.Fault{always("PATCH", testserver.Status(405, page, "<html>"))},
			want:   append(healthy[:6:6], "fail patch", "ok cleanup"), detail: "(405)", advice: "let proxies pass PATCH",
		},
		"large body fails": {
			faults: []testserver.Fault{{Method: "PATCH", Match: func(r *http.Request) bool { return r.ContentLength > 4<<20 }, Times: testserver.Always, Do: testserver.CutAfter(2 << 20)}},
			want:   slices.DeleteFunc(without("warn body-limit"), func(s string) bool { return s == "ok keep-alive" }), detail: "bodies of 4 MiB pass, of", advice: "--chunk-size 4MiB",
		},
		"one failure": {
			faults: []testserver.Fault{{Method: "PATCH", Do: testserver.Status(502, page, "<html>")}},
			want:   healthy,
		},
		"another origin": {
			faults: []testserver.Fault{always("POST", testserver.LocationOrigin("http://cdn.example:81"))},
			want:   append(healthy[:5:5], "fail location", "warn cleanup"), detail: "cdn.example", advice: "another origin, http://cdn.example:81",
		},
		"a relative location": {
			faults: []testserver.Fault{always("POST", testserver.Location(testserver.LocationPath))},
			want:   healthy,
		},
		"no location": {
			faults: []testserver.Fault{always("POST", testserver.RewriteHeader(func(h http.Header) { h.Del("Location") }))},
			want:   append(healthy[:4:4], "fail create"), detail: "Location", advice: "let proxies pass the headers",
		},
		"no offset": {
			faults: []testserver.Fault{always("PATCH", testserver.RewriteHeader(func(h http.Header) { h.Del("Upload-Offset") }))},
			want:   append(healthy[:6:6], "fail patch", "ok cleanup"), detail: "Upload-Offset", advice: "let proxies pass the headers",
		},
		"no answer to OPTIONS": {
			faults: []testserver.Fault{always("OPTIONS", testserver.Status(204, nil, ""))},
			want:   without("warn options"), detail: "Tus-Version",
		},
		"a redirect": {
			faults: []testserver.Fault{always("OPTIONS", testserver.Redirect(301, "https://tus.example/new/"))},
			want:   append(healthy[:3:3], "fail redirect"), detail: "https://tus.example/new/", advice: "ENDPOINT",
		},
		"a redirect that keeps the method": {
			faults: []testserver.Fault{{Method: "OPTIONS", Do: testserver.Redirect(308, "?k=secret")}},
			want:   slices.Insert(slices.Clone(healthy), 2, "warn redirect"), detail: "redirected to http://localhost/files/", advice: "ENDPOINT",
		},
		"no credentials": {
			faults: []testserver.Fault{always("", testserver.Status(401, nil, "who are you?"))},
			want:   append(healthy[:3:3], "fail options"), detail: "who are you?", advice: "--token-file",
		},
		"a refusal": {
			faults: []testserver.Fault{always("POST", testserver.Status(403, nil, "not you"))},
			want:   append(healthy[:4:4], "fail create"), detail: "not you",
		},
		"wrong clock": {
			faults: []testserver.Fault{always("OPTIONS", testserver.SetHeader("Date", "Sat, 01 Jan 2000 01:00:00 GMT"))},
			want:   without("warn clock"), detail: "ahead", advice: "set the clocks",
		},
		"no termination": {
			faults: []testserver.Fault{always("DELETE", testserver.Status(405, nil, ""))},
			want:   without("warn cleanup"), detail: "is left",
		},
		"a small upload": {
			server: testserver.Config{MaxSize: 3 << 20},
			want:   healthy,
		},
		"a tiny upload": {
			server: testserver.Config{MaxSize: 3},
			want:   append(healthy[:6:6], "warn body-limit", "ok cleanup"), detail: "not tried",
		},
		"a quota": {
			faults: []testserver.Fault{{Method: "POST", Do: testserver.Status(413, nil, "quota")}},
			want:   slices.Insert(slices.Clone(healthy), 4, "warn size"), detail: "quota",
		},
		"lock that stays after a cut": {
			faults: []testserver.Fault{skipHEAD, skipHEAD, skipHEAD, skipHEAD, skipHEAD, {Method: "HEAD", Do: testserver.Stall(late)}},
			want:   without("warn lock"), detail: "held for 3", advice: "--stall-timeout",
		},
		"lock with a 423": {
			faults: []testserver.Fault{skipHEAD, skipHEAD, skipHEAD, skipHEAD, skipHEAD, {Method: "HEAD", Times: 3, Do: testserver.Status(423, nil, "")}},
			want:   without("warn lock"), detail: "held for 7", advice: "--stall-timeout",
		},
		"423 while a request is open": {
			faults: []testserver.Fault{skipHEAD, skipHEAD, skipHEAD, {Method: "HEAD", Do: testserver.Status(423, nil, "")}},
			want:   healthy,
		},
		"server waits for the lock": {
			faults: []testserver.Fault{skipHEAD, skipHEAD, skipHEAD, {Method: "HEAD", Do: testserver.LockTimeout()}},
			want:   healthy,
		},
		"server waits for the lock in vain": {
			faults: []testserver.Fault{skipHEAD, skipHEAD, skipHEAD, skipHEAD, skipHEAD, {Method: "HEAD", Times: 3, Do: testserver.LockTimeout()}},
			want:   without("warn lock"), detail: "held for 7", advice: "--stall-timeout",
		},
		"offset that goes back": {
			faults: []testserver.Fault{skipHEAD, skipHEAD, skipHEAD, skipHEAD, skipHEAD, {Method: "HEAD", Do: testserver.Offset(5)}},
			want:   append(healthy[:8:8], "fail resume", "ok cleanup"), detail: "fewer bytes than it acknowledged",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				report, s := examine(t, test.server, test.faults...)
				if diff := cmp.Diff(test.want, checks(report)); diff != "" {
					t.Errorf("findings (-want +got):\n%s\n%+v", diff, report.Findings)
				}
				i := slices.IndexFunc(report.Findings, func(f Finding) bool { return f.Status != OK })
				if i >= 0 {
					f := report.Findings[i]
					if !strings.Contains(f.Detail, test.detail) || !strings.Contains(f.Advice, test.advice) || strings.Contains(f.Detail, "secret") {
						t.Errorf("%s: %q with the advice %q, want %q in it, no %q in it and %q in it", f.Check, f.Detail, f.Advice, test.detail, "secret", test.advice)
					}
				}
				if n := s.Count(""); n > MaxRequests {
					t.Errorf("%d requests, want at most %v", n, MaxRequests)
				}
				var sent int64
				for _, r := range s.Requests() {
					sent += r.BodyBytes
				}
				if sent > MaxBytes {
					t.Errorf("%d bytes, want at most %v", sent, MaxBytes)
				}
			})
		})
	}
}

// The upload is deleted, even if the time is up. Uploads that cannot be deleted are
// reported.
func TestLeavesNothing(t *testing.T) {
	t.Run("success", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			report, s := examine(t, testserver.Config{})
			if left := s.Count("DELETE"); left != 1 || len(report.Left) > 0 {
				t.Errorf("%d uploads deleted, %v left, want 1 and none in Left", left, report.Left)
			}
		})
	})
	t.Run("timeout", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			errUp := errors.New("time is up")
			ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errUp)
			defer cancel()
			cfg, s := serve(t, testserver.Config{}, always("PATCH", testserver.Stall(0)))
			report, err := Run(ctx, cfg)
			if err != nil {
				t.Fatal(err)
			}
			want := append(healthy[:6:6], "fail patch", "ok cleanup")
			if diff := cmp.Diff(want, checks(report)); diff != "" || s.Count("DELETE") != 1 {
				t.Errorf("%d uploads deleted, findings (-want +got):\n%s", s.Count("DELETE"), diff)
			}
		})
	})
	t.Run("server refuses to delete", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			report, s := examine(t, testserver.Config{}, always("DELETE", testserver.Status(403, nil, "")))
			if len(report.Left) != 1 || !strings.HasPrefix(report.Left[0], s.URL()) {
				t.Errorf("uploads left: %v, want 1 in Left and the prefix %q", report.Left, s.URL())
			}
		})
	})
}

// A server that does not answer cannot delay the run beyond its limits.
func TestBounded(t *testing.T) {
	for _, method := range []string{"OPTIONS", "POST", "PATCH", "HEAD", "DELETE"} {
		t.Run(method, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				report, _ := examine(t, testserver.Config{}, always(method, testserver.Stall(0)))
				if took := time.Since(began); took > 3*time.Minute {
					t.Errorf("took %v, want at most %v", took, 3*time.Minute)
				}
				if len(report.Findings) == 0 {
					t.Error("there is no finding")
				}
			})
		})
	}
}

// Failed findings have the error that determines the exit code.
func TestFailuresHaveErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		report, _ := examine(t, testserver.Config{}, always("", testserver.Status(401, nil, "")))
		last := report.Findings[len(report.Findings)-1]
		if !errors.Is(last.Err, protocol.ErrUnauthorized) {
			t.Errorf("%+v, want ErrUnauthorized", last)
		}
	})
}
