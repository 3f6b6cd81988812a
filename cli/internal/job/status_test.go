package job_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/cli/internal/advice"
	"github.com/tusker-go/tusker/cli/internal/exit"
	"github.com/tusker-go/tusker/cli/internal/job"
	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/client/fleet"
)

// running is the state of a job with a worker whose name tries to draw on the terminal.
var running = fleet.Status{
	Name: "archive", Endpoint: "https://tus.example/files/", AddedBytes: 4096, Queued: 4, InFlight: 1, Done: 3, Failed: 2, Bytes: 1536, Rate: 512, FileRate: 1.5,
	Workers: []fleet.WorkerStatus{{ID: "host-1\x1b[2J", Slots: 8, Busy: 1, Done: 3, Failed: 2, Rate: 512, FileRate: 1.5, Draining: true}},
}

// The state fits into a terminal of any size, and control characters are not shown.
func TestScreen(t *testing.T) {
	t.Parallel()
	failed := []fleet.Result{{Item: fleet.Item{Root: "media", Path: "a.mov"}, Class: fleet.ClassMissing, Message: "no\nsuch file"}}
	s := job.NewStatus(running, failed, time.Unix(0, 0))
	want := []string{
		"job        archive",
		"endpoint   https://tus.example/files/",
		"state      running, 50%",
		"queued     4",
		"in flight  1",
		"done       3",
		"failed     2",
		"sent       1.5 KiB",
		"rate       512 B/s, 1.5 files/s",
		"workers    1",
		"",
		"WORKER                    SLOTS  IN FLIGHT  DONE  FAILED  RATE",
		`host-1\x1b[2J (draining)  8      1          3     2       512 B/s, 1.5 files/s`,
		"",
		"last failures:",
		`media:a.mov: no\nsuch file`,
	}
	got := job.Screen(s, 100, 50)
	again := running
	again.Again = true
	again.Workers = []fleet.WorkerStatus{{ID: "host-1", Silent: true, Draining: true}}
	said := strings.Join(job.Screen(job.NewStatus(again, nil, time.Unix(0, 0)), 100, 50), "\n")
	for _, part := range []string{"queued     4 (a file that was added again counts again", "host-1 (silent) "} {
		if !strings.Contains(said, part) {
			t.Errorf("screen %q, want %q in it", said, part)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("screen (-want +got):\n%s", diff)
	}
	for _, size := range [][2]int{{20, 5}, {1, 1}, {80, 24}} {
		lines := job.Screen(s, size[0], size[1])
		if len(lines) > max(1, size[1]-1) {
			t.Errorf("%d lines for %d rows", len(lines), size[1])
		}
		for _, line := range lines {
			if output.Width(line) > max(0, size[0]-1) {
				t.Errorf("line %q for %d columns", line, size[0])
			}
		}
	}
}

// Each state of a job has its own words.
func TestState(t *testing.T) {
	t.Parallel()
	for want, s := range map[string]fleet.Status{
		"no items":                    {},
		"items are being added":       {Adding: true, Queued: 1},
		"waiting for a worker":        {Queued: 1},
		"running":                     running,
		"complete":                    {Done: 1},
		"complete, with failed items": {Done: 1, Failed: 1},
	} {
		if got := job.State(job.NewStatus(s, nil, time.Time{})); got != want {
			t.Errorf("state %q, want %q", got, want)
		}
	}
}

// Each error about a job has an exit code and says what to do next.
func TestExplain(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		err  error
		code int
		hint string
	}{
		{fleet.ErrNoJob, exit.Failed, "tusker job add archive ENDPOINT FILE..."},
		{fleet.ErrOtherEndpoint, exit.Usage, "a job of another name"},
		{fleet.ErrJobVersion, exit.Failed, "update tusker"},
		{fleet.ErrBusy, exit.Failed, "wait until it has ended"},
		{fleet.ErrEngineFull, exit.GaveUp, "give nats://a more room"},
		{fleet.ErrEngineVersion, exit.Refused, "update the server of nats://a"},
		{fleet.ErrUnauthorized, exit.NotAllowed, "--engine-creds FILE"},
		{fleet.ErrEngineUnreachable, exit.GaveUp, "whether nats://a runs"},
		{fleet.ErrNoRoot, exit.Usage, "--root NAME=FOLDER"},
		{fleet.ErrInvalid, exit.Usage, ""},
		{fmt.Errorf("%w: %w", fleet.ErrUnauthorized, fleet.ErrEngineUnreachable), exit.NotAllowed, "--engine-creds FILE"},
	} {
		err := job.Explain(fmt.Errorf("status: %w", test.err), "archive", "nats://a")
		f, ok := errors.AsType[*advice.Failure](err)
		if !ok || exit.Code(err) != test.code || !strings.Contains(f.Hint, test.hint) || strings.Contains(f.Hint, "%!") || !errors.Is(err, test.err) {
			t.Errorf("%v: code %d, %#v, want %d and %q", test.err, exit.Code(err), err, test.code, test.hint)
		}
	}
	for _, err := range []error{nil, exit.ErrInterrupted, exit.ErrTimeout} {
		if got := job.Explain(err, "archive", "nats://a"); fmt.Sprint(got) != fmt.Sprint(err) {
			t.Errorf("%v became %v", err, got)
		}
	}
}
