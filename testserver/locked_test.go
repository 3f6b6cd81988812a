package testserver_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/testserver"
)

// Locked answers 423 for a time that begins with the first request.
func TestLocked(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := overNetwork(t, testserver.Config{})
		url := create(t, s, 10)
		s.Inject(
			testserver.Fault{Method: http.MethodHead, Do: testserver.Locked(30 * time.Second)},
			testserver.Fault{Method: http.MethodHead, Do: status(http.StatusTeapot)},
		)
		// The time before the first request does not count.
		time.Sleep(time.Hour)
		for range 3 {
			r := mustDo(t, http.StatusLocked, s.Client(), http.MethodHead, url, nil)
			if got := r.header.Get(protocol.HeaderResumable); got != protocol.Version {
				t.Errorf("got Tus-Resumable %q, want %s", got, protocol.Version)
			}
			if diff := cmp.Diff([]int{testserver.Always, 1}, times(s)); diff != "" {
				t.Errorf("pending (-want +got):\n%s", diff)
			}
			time.Sleep(10 * time.Second)
		}
		// The next fault is used at once.
		mustDo(t, http.StatusTeapot, s.Client(), http.MethodHead, url, nil)
		head(t, s, url)
		if got := s.Pending(); len(got) != 0 {
			t.Errorf("got %d faults pending, want none", len(got))
		}
	})
}

// Times and Chain bound Locked in addition to its time.
func TestLockedDurations(t *testing.T) {
	t.Parallel()
	const d = 10 * time.Second
	for _, tt := range []struct {
		name  string
		fault testserver.Fault
		after []int // status of each HEAD, one every eight seconds
	}{
		{"Times ends first", testserver.Fault{Times: 1, Do: testserver.Locked(d)}, []int{423, 200, 200}},
		{"time ends first", testserver.Fault{Times: 5, Do: testserver.Locked(d)}, []int{423, 423, 200}},
		{"without end", testserver.Fault{Do: testserver.Locked(0)}, []int{423, 423, 423}},
		{"in a chain", testserver.Fault{Times: testserver.Always, Do: testserver.Chain(testserver.Locked(d))}, []int{423, 423, 200}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := overNetwork(t, testserver.Config{})
				url := create(t, s, 10)
				tt.fault.Method = http.MethodHead
				s.Inject(tt.fault)
				for _, want := range tt.after {
					mustDo(t, want, s.Client(), http.MethodHead, url, nil)
					time.Sleep(8 * time.Second)
				}
			})
		})
	}
}

// LockTimeout answers 500 with tusd's text.
func TestLockTimeout(t *testing.T) {
	t.Parallel()
	for _, tr := range transports {
		t.Run(tr.name, func(t *testing.T) {
			t.Parallel()
			s := testserver.New(t, tr.config)
			url := create(t, s, 10)
			s.Inject(testserver.Fault{Method: http.MethodPatch, Do: testserver.LockTimeout()})
			r, err := patch(t.Context(), s, url, 0, content(10))
			if err != nil {
				t.Fatal(err)
			}
			if want := "ERR_LOCK_TIMEOUT: failed to acquire lock before timeout\n"; r.status != 500 || r.body != want {
				t.Errorf("got %d, %q; want 500, %q", r.status, r.body, want)
			}
			stored(t, s, url, nil)
			finish(t, s, url, content(10))
		})
	}
}
