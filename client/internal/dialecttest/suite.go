// Package dialecttest checks the driver of a protocol: it runs whole uploads over any
// [dialect.Dialect], against package fake with a front end for the protocol.
//
// The store of the server, the faults of the network and the expectations are the same for
// all protocols. A [Frontend] brings the driver, the handler that translates between HTTP
// and the store, and the answers of a server that refuses. A protocol that lacks a feature
// declares it in [Frontend].Lacks, and the scenarios of the feature are skipped with the
// declared reason.
package dialecttest

import (
	"testing"
	"testing/synctest"

	"github.com/tusker-go/tusker/client/internal/dialect"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/client/internal/wire"
)

// Frontend is one protocol.
type Frontend struct {
	// Server configures the server. Its field Frontend answers in the protocol; nil: tus.
	Server fake.Config

	// New returns the driver of one upload that is created at the endpoint of conn.
	New func(conn *wire.Conn) dialect.Dialect

	// Refuse returns what a server of the protocol answers if it refuses a request.
	Refuse func(Refusal) fake.Action

	// Known means that the features of the driver are known without a question.
	Known bool

	// Replays means that a complete upload whose final response was lost gets one more PATCH,
	// to which the server repeats the response.
	Replays bool

	// StrictEnd means that a success of the last request which does not complete the upload is
	// malformed, so that its offset does not count and a HEAD follows.
	StrictEnd bool

	// Lacks has the features that the protocol does not have, and why. nil: it has all.
	Lacks map[Feature]string
}

// Refusal is why a server refuses a request.
type Refusal uint8

// The reasons.
const (
	Gone     Refusal = iota // there is no such upload
	Conflict                // the offset is not that of the upload
	Locked                  // another request still holds the upload
	Busy                    // the server wants no request for BusyFor
	Failed                  // the server failed
	Denied                  // the request is not allowed
	Rejected                // the upload is not accepted, now that all its bytes are known
)

// BusyFor is how long a busy server asks to wait, in seconds.
const BusyFor = 7

// Feature is something that not every protocol has.
type Feature uint8

// The features. Removal, Joining and Discovery belong to the interfaces dialect.Remover,
// dialect.Joiner and dialect.Discoverer.
const (
	Core           Feature = iota // every protocol has it
	DeferredLength                // an upload whose length is declared with its last bytes
	Removal                       // the client can delete an upload
	Joining                       // one upload can be made of several
	Discovery                     // the server tells what it supports
)

// scenario is one upload, or what belongs together for a user.
type scenario struct {
	name  string
	needs Feature
	run   func(*run)
}

// Run runs all scenarios. Each of them has its own server and its own synctest bubble, so
// waits cost no time.
func Run(t *testing.T, f Frontend) {
	t.Helper()
	t.Run("what is declared", func(t *testing.T) { f.checkLacks(t) })
	for _, list := range [][]scenario{healthy, lost, refused, later} {
		for _, s := range list {
			t.Run(s.name, func(t *testing.T) {
				if reason, lacking := f.Lacks[s.needs]; lacking {
					t.Skipf("the protocol lacks this feature: %s", reason)
				}
				synctest.Test(t, func(t *testing.T) { s.run(start(t, f)) })
			})
		}
	}
}

// checkLacks compares the declared features with the interfaces of the driver, so that no
// scenario is skipped by mistake.
func (f Frontend) checkLacks(t *testing.T) {
	t.Helper()
	if _, lacking := f.Lacks[Core]; lacking {
		t.Error("Core must not be missing")
	}
	for feature, reason := range f.Lacks {
		if reason == "" {
			t.Errorf("feature %d is missing without a reason", feature)
		}
	}
	d := f.New(&wire.Conn{})
	_, removes := d.(dialect.Remover)
	_, joins := d.(dialect.Joiner)
	_, discovers := d.(dialect.Discoverer)
	for feature, has := range map[Feature]bool{Removal: removes, Joining: joins, Discovery: discovers} {
		if _, lacking := f.Lacks[feature]; lacking == has {
			t.Errorf("feature %d: declared as missing: %t, the driver has its interface: %t", feature, lacking, has)
		}
	}
	if d.Name() == "" {
		t.Error("the protocol has no name")
	}
}
