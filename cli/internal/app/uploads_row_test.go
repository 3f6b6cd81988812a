package app

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
)

// A packed row has all that the table shows.
func TestPack(t *testing.T) {
	t.Parallel()
	for name, u := range map[string]unfinished{
		"empty": {key: "k"},
		"full": {
			key: strings.Repeat("k", 128), updated: time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC), offset: 1, sent: 2,
			length: protocol.Known(3), source: strings.Repeat("ä", 70000), url: "http://h/1", account: "me", refused: 507,
		},
	} {
		p := pack(u)
		if diff := cmp.Diff(u, p.unpack(), cmp.AllowUnexported(unfinished{}, protocol.Length{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// A list of many records needs little memory for each: 100,000 of them have to fit into 64 MiB
// with the program and the garbage.
func TestPackedMemory(t *testing.T) {
	// The test measures the heap of the process, so it is not parallel.
	const records, most = 20_000, 210
	before := heap()
	all := make([]packed, 0, records)
	for i := range records {
		all = append(all, pack(newUnfinished(&client.Record{
			Key: fmt.Sprintf("%064x-%016x", i, i), URL: fmt.Sprintf("http://127.0.0.1:43465/files/%032x", i), Endpoint: "http://127.0.0.1:43465/files/",
			Source: fmt.Sprintf("/home/someone/pictures/2026/november/holidays/IMG_%07d.jpg", i), Length: protocol.Known(2 << 20),
		})))
	}
	if each := (heap() - before) / records; each > most {
		t.Errorf("%d bytes for each record, want at most %d", each, most)
	}
	runtime.KeepAlive(all)
}

// heap returns how many bytes of the heap are in use.
func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc) //nolint:gosec // less than the memory of a machine
}
