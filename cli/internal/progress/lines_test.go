package progress_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/cli/internal/progress"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
)

const mib = 1 << 20

func TestLinesOfOneFile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var b strings.Builder
		d := progress.Lines(&b, 1)
		length := protocol.Known(100 * mib)
		d.Update(0, "a\n.bin", client.Event{Kind: client.EventResumed, Offset: 20 * mib, Sent: 20 * mib, Length: length})
		for i := range int64(100) {
			time.Sleep(100 * time.Millisecond)
			d.Update(0, "a\n.bin", client.Event{Kind: client.EventProgress, Sent: (20 + i/2) * mib, Length: length})
		}
		want := "tusker: a\\n.bin: 44 MiB of 100 MiB (44%), 4.8 MiB/s\n" +
			"tusker: a\\n.bin: 69 MiB of 100 MiB (69%), 4.9 MiB/s\n"
		if diff := cmp.Diff(want, b.String()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		d.Close()
	})
}

func TestLinesOfSeveralFiles(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var b strings.Builder
		d := progress.Lines(&b, 3)
		time.Sleep(5 * time.Second)
		d.Update(0, "a", client.Event{Kind: client.EventDone, Sent: 10 * mib, Length: protocol.Known(10 * mib)})
		d.Ended(0, false)
		d.Ended(1, true) // It could not be opened.
		d.Length(40 * mib)
		d.Update(2, "c", client.Event{Kind: client.EventRetry, Length: protocol.Known(30 * mib)})
		time.Sleep(5 * time.Second)
		d.Update(2, "c", client.Event{Kind: client.EventProgress, Sent: 10 * mib, Length: protocol.Known(30 * mib)})
		want := "tusker: 0 of 3 files: 10 MiB, 2 MiB/s\n" +
			"tusker: 2 of 3 files: 20 MiB of 40 MiB (50%), 2 MiB/s, 1 failed, 1 retry\n"
		if diff := cmp.Diff(want, b.String()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// The speed does not include bytes that an earlier run sent. The speed of an upload
// that was resumed after a failure includes all bytes of this run.
func TestLinesOfResumedUpload(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var b strings.Builder
		d := progress.Lines(&b, 1)
		length := protocol.Known(100 * mib)
		d.Update(0, "a", client.Event{Kind: client.EventResumed, Sent: 50 * mib, Offset: 50 * mib, Length: length})
		time.Sleep(2 * time.Second)
		d.Update(0, "a", client.Event{Kind: client.EventResumed, Sent: 60 * mib, Offset: 60 * mib, Length: length})
		time.Sleep(3 * time.Second)
		d.Update(0, "a", client.Event{Kind: client.EventProgress, Sent: 75 * mib, Length: length})
		// The server no longer knows the upload, so it is created again.
		d.Update(0, "a", client.Event{Kind: client.EventCreated, Length: length})
		time.Sleep(5 * time.Second)
		d.Update(0, "a", client.Event{Kind: client.EventProgress, Sent: 10 * mib, Length: length})
		want := "tusker: a: 75 MiB of 100 MiB (75%), 5 MiB/s\n" +
			"tusker: a: 10 MiB of 100 MiB (10%), 1 MiB/s\n"
		if diff := cmp.Diff(want, b.String()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestNothing(t *testing.T) {
	t.Parallel()
	var d *progress.Display
	d.Update(0, "a", client.Event{Kind: client.EventProgress})
	d.Ended(0, false)
	d.Length(1)
	d.Close()
}
