package output_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
)

const mib = 1 << 20

func TestProgressOfOneFile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var b strings.Builder
		p := output.NewProgress(&b, []string{"a\n.bin"})
		length := protocol.Known(100 * mib)
		p.Update(0, client.Event{Kind: client.EventResumed, Offset: 20 * mib, Sent: 20 * mib, Length: length})
		for i := range int64(100) {
			time.Sleep(100 * time.Millisecond)
			p.Update(0, client.Event{Kind: client.EventProgress, Sent: (20 + i/2) * mib, Length: length})
		}
		want := "tusker: a\\n.bin: 44 MiB of 100 MiB (44%), 4.8 MiB/s\n" +
			"tusker: a\\n.bin: 69 MiB of 100 MiB (69%), 4.9 MiB/s\n"
		if diff := cmp.Diff(want, b.String()); diff != "" {
			t.Error(diff)
		}
	})
}

func TestProgressOfSeveralFiles(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var b strings.Builder
		p := output.NewProgress(&b, []string{"a", "b"})
		time.Sleep(5 * time.Second)
		p.Update(0, client.Event{Kind: client.EventDone, Sent: 10 * mib, Length: protocol.Known(10 * mib)})
		time.Sleep(5 * time.Second)
		p.Update(1, client.Event{Kind: client.EventProgress, Sent: 10 * mib, Length: protocol.Known(30 * mib)})
		want := "tusker: 1 of 2 files: 10 MiB, 2 MiB/s\n" +
			"tusker: 1 of 2 files: 20 MiB of 40 MiB (50%), 2 MiB/s\n"
		if diff := cmp.Diff(want, b.String()); diff != "" {
			t.Error(diff)
		}
	})
}

func TestNoProgress(t *testing.T) {
	t.Parallel()
	var p *output.Progress
	p.Update(0, client.Event{Kind: client.EventProgress})
}
