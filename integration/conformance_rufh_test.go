package integration

import (
	"crypto/tls"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/protocol/rufh"
	"github.com/tusker-go/tusker/testserver"
	"github.com/tusker-go/tusker/testserver/conformance"
	"github.com/tusker-go/tusker/testserver/rufhserver"
)

// The results of servers for the IETF's protocol do not change.
// docs/conformance-servers.md explains the failures.
func TestConformanceOfTusdRUFH(t *testing.T) {
	t.Parallel()
	var report conformance.Report
	synctest.Test(t, func(t *testing.T) {
		srv := testserver.New(t, testserver.Config{Experimental: true, Network: testserver.NewNetwork()})
		report = checkRUFH(t, srv, 6)
	})
	checkKept(t, "tusd-rufh-6", "tusd v2.10.1, rufh/6", report)
}

func TestConformanceOfRUFHServer(t *testing.T) {
	t.Parallel()
	for _, v := range []rufh.Version{8, 9, 10} {
		t.Run(v.String(), func(t *testing.T) {
			t.Parallel()
			var report conformance.Report
			synctest.Test(t, func(t *testing.T) {
				cfg := limitedRUFH(v)
				cfg.Server.Network = testserver.NewNetwork()
				report = checkRUFH(t, rufhserver.New(t, cfg).Server, v)
			})
			checkKept(t, fmt.Sprintf("rufhserver-%d", v), "rufhserver, "+v.String(), report)
		})
	}
}

// The rules have the same results over TLS and HTTP/2, although cut connections and
// requests that wait work differently there. A 100 does not follow a 104 there, because
// net/http does not send it.
func TestConformanceRUFHOverHTTP2(t *testing.T) {
	t.Parallel()
	cfg := limitedRUFH(10)
	cfg.Server.TLS = &tls.Config{}
	srv := rufhserver.New(t, cfg)
	opts := &conformance.Options{Protocol: conformance.RUFH(10)}
	// A rule waits at most 3 s for a 104, which a busy machine may need, so it may run again.
	for runs := 1; ; runs++ {
		var other []string
		for _, r := range conformance.Run(t.Context(), srv.Client(), srv.URL(), opts).Results {
			want := conformance.Pass
			if r.ID == "continue-kept" {
				want = conformance.Fail
			}
			if r.Status != want {
				other = append(other, r.ID)
				t.Logf("%s: %s (%s)\n%s\n%s", r.ID, r.Status, r.Why, r.Sent, r.Got)
			}
		}
		if len(other) == 0 {
			break
		}
		if opts.Rules = other; runs == 3 {
			t.Fatalf("rules with another result: %q", other)
		}
	}
	for _, r := range srv.Requests() {
		if r.Proto != "HTTP/2.0" {
			t.Fatalf("%s %s", r.Method, r.Proto)
		}
	}
}

// limitedRUFH returns a server with all limits.
func limitedRUFH(v rufh.Version) rufhserver.Config {
	return rufhserver.Config{
		Versions: []rufh.Version{v}, Progress: 4 << 10,
		Limits: protocol.Limits{MaxUpload: 1 << 20, MaxRequest: 1 << 19, MinUpload: 1, MinRequest: 1, MaxAge: time.Hour},
	}
}

func checkRUFH(t *testing.T, srv *testserver.Server, v rufh.Version) conformance.Report {
	t.Helper()
	defer srv.Client().CloseIdleConnections()
	return conformance.Run(t.Context(), srv.Client(), srv.URL(), &conformance.Options{Protocol: conformance.RUFH(v)})
}
