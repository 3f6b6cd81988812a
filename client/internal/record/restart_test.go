package record

import (
	"testing"
	"time"

	"github.com/tusker-go/tusker/client/journal"
	"github.com/tusker-go/tusker/protocol"
)

// The reason is that of the latest record of the same account and endpoint.
func TestWhySuperseded(t *testing.T) {
	const endpoint = "https://tus.example/files/"
	at := time.Date(2026, 11, 28, 10, 0, 30, 0, time.FixedZone("", 3600))
	record := func(change func(*journal.Record)) *journal.Record {
		r := &journal.Record{Key: "k", Endpoint: endpoint, Account: "me", Length: protocol.Known(10), Updated: at}
		change(r)
		return r
	}
	same := record(func(*journal.Record) {})
	other := record(func(r *journal.Record) { r.Account = "you" })
	elsewhere := record(func(r *journal.Record) { r.Endpoint = "https://tus.example/other/" })
	later := record(func(r *journal.Record) { r.Updated, r.Length = at.Add(time.Hour), protocol.Known(11) })
	unknown := record(func(r *journal.Record) { r.Length = protocol.Length{} })
	for name, test := range map[string]struct {
		earlier []*journal.Record
		want    string // "": no reason
	}{
		"none":                   {nil, ""},
		"other size":             {[]*journal.Record{same}, "it has changed since 2026-11-28 09:00:30 UTC (size 10 → 12)"},
		"unknown size":           {[]*journal.Record{unknown}, "it has changed since 2026-11-28 09:00:30 UTC"},
		"the latest":             {[]*journal.Record{same, later, same}, "it has changed since 2026-11-28 10:00:30 UTC (size 11 → 12)"},
		"other account":          {[]*journal.Record{other}, "the earlier upload belongs to another account"},
		"changed, other account": {[]*journal.Record{other, same, other}, "it has changed since 2026-11-28 09:00:30 UTC (size 10 → 12)"},
		"other endpoint":         {[]*journal.Record{elsewhere}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := ""
			if err := whySuperseded(test.earlier, Upload{Endpoint: endpoint + "?token=x", Account: "me", Length: 12}); err != nil {
				got = err.Error()
			}
			if got != test.want {
				t.Errorf("reason %q, want %q", got, test.want)
			}
		})
	}
	if err := whySuperseded([]*journal.Record{same}, Upload{Endpoint: endpoint, Account: "me", Length: 10}); err.Error() != "it has changed since 2026-11-28 09:00:30 UTC" {
		t.Errorf("reason %q for the same size, want %q", err, "it has changed since 2026-11-28 09:00:30 UTC")
	}
}
