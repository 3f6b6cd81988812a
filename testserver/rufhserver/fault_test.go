package rufhserver_test

import (
	"bytes"
	"net/http"
	"testing"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/protocol/rufh"
	"github.com/tusker-go/tusker/testserver"
	"github.com/tusker-go/tusker/testserver/rufhserver"
)

// The faults of interim responses leave the upload and the final response as they are.
func TestInterimFaults(t *testing.T) {
	data := content(100_000)
	for _, test := range []struct {
		fault testserver.Action
		name  string
		check func(s session, got reply)
	}{
		{rufhserver.NoInterim(), "NoInterim()", func(s session, got reply) {
			if len(got.interim) > 0 {
				s.Errorf("%d interim responses", len(got.interim))
			}
		}},
		{rufhserver.FloodInterim(4), "FloodInterim(4)", func(s session, got reply) {
			if len(got.interim) != 4 || got.interim[3].Location != s.only() {
				s.Errorf("%d interim responses", len(got.interim))
			}
		}},
		{rufhserver.InterimHeader(rufh.HeaderInteropVersion, "7"), `InterimHeader("Upload-Draft-Interop-Version", "7")`, func(s session, got reply) {
			if len(got.interim) != 1 || got.interim[0].Version != 7 {
				s.Errorf("interim responses %+v", got.interim)
			}
		}},
		{rufhserver.LateInterim(50_000), "LateInterim(50000)", func(s session, got reply) {
			if len(got.interim) != 1 || got.interim[0].Location != s.only() {
				s.Errorf("interim responses %+v", got.interim)
			}
		}},
		{rufhserver.LateInterim(1_000_000), "LateInterim(1000000)", func(s session, got reply) {
			if len(got.interim) != 1 {
				s.Errorf("%d interim responses", len(got.interim))
			}
		}},
	} {
		for _, transport := range transports {
			t.Run(test.name+" "+transport.name, func(t *testing.T) {
				s := start(t, 10, rufhserver.Config{Server: transport.config})
				s.server.Inject(testserver.Fault{Do: test.fault})
				got := s.send(rufh.Final, s.creation(true, data))
				s.stored(s.only(), data)
				test.check(s, got)
				if name := s.server.Requests()[0].Fault; name != test.name {
					t.Errorf("fault %q", name)
				}
			})
		}
	}
}

// A 104 that is held back does not arrive if the request breaks off before.
func TestLateInterimCut(t *testing.T) {
	s := start(t, 10, rufhserver.Config{})
	s.server.Inject(testserver.Fault{Do: testserver.Chain(testserver.CutAfter(50_000), rufhserver.LateInterim(60_000))})
	got, err := s.try(t.Context(), s.creation(true, content(100_000)))
	if err == nil || len(got.interim) > 0 {
		t.Errorf("error %v, %d interim responses", err, len(got.interim))
	}
	s.only()
}

// A creation can have another Location in its 104 than in its final response.
func TestOtherLocation(t *testing.T) {
	s := start(t, 10, rufhserver.Config{})
	s.server.Inject(testserver.Fault{Do: rufhserver.InterimHeader("Location", "/elsewhere")})
	got := s.send(rufh.Relocated, s.creation(false, []byte("abc")))
	if got.interim[0].Location != "/elsewhere" || got.Location != s.only() {
		t.Errorf("locations %q and %q", got.interim[0].Location, got.Location)
	}
}

// A request through nginx is carried out although the client gets no final response.
func TestAsNginx(t *testing.T) {
	data := content(100_000)
	s := start(t, 10, rufhserver.Config{Server: transports[1].config})
	s.server.Inject(testserver.Fault{Do: rufhserver.AsNginx()})
	got, err := s.try(t.Context(), s.creation(false, data))
	if err == nil {
		t.Fatalf("status %d", got.Status)
	}
	url := s.only()
	s.stored(url, data)
	s.send(rufh.Final, s.patch(url, int64(len(data)), true, nil))

	plain := start(t, 10, rufhserver.Config{})
	plain.server.Inject(testserver.Fault{Do: rufhserver.AsNginx()})
	plain.send(rufh.Final, plain.creation(true, data))
}

// The target answers before the content has arrived, and the upload is complete.
func TestEarlyFinal(t *testing.T) {
	data := content(100_000)
	for _, transport := range transports {
		t.Run(transport.name, func(t *testing.T) {
			s := start(t, 10, rufhserver.Config{Server: transport.config})
			s.server.Inject(
				testserver.Fault{Do: rufhserver.EarlyFinal(1000, http.StatusForbidden, "no")},
			)
			got := s.send(rufh.Final, s.creation(false, data))
			if got.Status != http.StatusForbidden || got.content != "no" {
				t.Errorf("status %d, %q", got.Status, got.content)
			}
			url := s.only()
			s.stored(url, data[:1000])
			s.send(rufh.Completed, s.head(url))
		})
	}
	// Short content is not affected.
	s := start(t, 10, rufhserver.Config{})
	s.server.Inject(testserver.Fault{Do: rufhserver.EarlyFinal(1000, http.StatusForbidden, "no")})
	if got := s.send(rufh.Final, s.creation(true, []byte("abc"))); got.Status != http.StatusCreated {
		t.Errorf("status %d", got.Status)
	}
}

// Responses can withhold what a client would like to know.
func TestWithheld(t *testing.T) {
	s := start(t, 9, rufhserver.Config{})
	q := s.creation(true, []byte("abc"))
	s.send(rufh.Final, q)
	url := s.only()
	s.server.Inject(
		testserver.Fault{Method: http.MethodHead, Do: rufhserver.OffsetOnly()},
		testserver.Fault{Method: http.MethodPatch, Do: rufhserver.NoOffset()},
	)
	if got := s.send(rufh.Retrieved, s.head(url)); got.verdict.Offset != protocol.Known(3) || got.Length != (protocol.Length{}) || got.Limits == nil {
		t.Errorf("%+v", got.Response)
	}
	if got := s.send(rufh.Mismatched, s.patch(url, 1, true, bytes.Repeat([]byte("a"), 5))); got.Offset != (protocol.Length{}) {
		t.Errorf("%+v", got.Response)
	}
}

// The faults of testserver that answer in the place of the server do not make it a server of
// tus.
func TestLockFaults(t *testing.T) {
	s := start(t, 10, rufhserver.Config{})
	url := s.send(rufh.Created, s.creation(false, []byte("abc"))).Location
	s.server.Inject(
		testserver.Fault{Times: 1, Do: testserver.Locked(0)},
		testserver.Fault{Do: testserver.LockTimeout()},
	)
	s.send(rufh.Locked, s.patch(url, 3, true, nil))
	s.send(rufh.Failed, s.patch(url, 3, true, nil))
	s.send(rufh.Final, s.patch(url, 3, true, nil))
}
