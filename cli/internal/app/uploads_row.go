package app

import (
	"fmt"
	"runtime/debug"
	"time"
	"unique"

	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
)

// unfinished is what the table of records shows of a record.
type unfinished struct {
	key     string
	updated time.Time
	offset  int64
	sent    int64 // above offset if the server has not said how much it has
	length  protocol.Length
	source  string
	url     string // redacted
	account string
	refused int // status of the refusal; 0: not refused
}

func newUnfinished(r *client.Record) unfinished {
	u := unfinished{key: r.Key, updated: r.Updated, offset: r.Offset, sent: r.Sent, length: r.Length, source: r.Source, account: r.Account, refused: refusedWith(r)}
	switch {
	case r.URL != "":
		u.url = output.RedactURL(r.URL)
	default:
		u.url = fmt.Sprintf("%d parts", len(r.Parts))
		if r.Endpoint != "" {
			u.url += " at " + output.RedactURL(r.Endpoint)
		}
	}
	return u
}

// refusedWith returns the status with which the server refused the upload or a part
// of it, or 0.
func refusedWith(r *client.Record) int {
	if r.Denial.Refused {
		return r.Denial.StatusCode
	}
	for _, p := range r.Parts {
		if p.Denial.Refused {
			return p.Denial.StatusCode
		}
	}
	return 0
}

// packed is an unfinished in less than half of the memory, because there may be very many.
type packed struct {
	text    string // the key, the source and the URL
	account unique.Handle[string]
	updated int64 // microseconds since 1970
	offset  int64
	sent    int64
	length  protocol.Length
	source  uint32 // number of bytes
	refused uint16
	keyLen  uint8
	short   uint8 // length of the shortest prefix that only this key has
}

// pack returns u with its whole key as the shortest prefix.
func pack(u unfinished) packed {
	return packed{
		text: u.key + u.source + u.url, account: unique.Make(u.account), updated: u.updated.UnixMicro(),
		offset: u.offset, sent: u.sent, length: u.length,
		source: uint32(len(u.source)), refused: uint16(u.refused), keyLen: uint8(len(u.key)), short: uint8(len(u.key)), //nolint:gosec // client.CheckKey and the size of records limit them.
	}
}

func (p *packed) unpack() unfinished {
	rest := p.text[p.keyLen:]
	return unfinished{
		key: p.key(), account: p.account.Value(), updated: time.UnixMicro(p.updated).UTC(),
		offset: p.offset, sent: p.sent, length: p.length,
		source: rest[:p.source], url: rest[p.source:], refused: int(p.refused),
	}
}

func (p *packed) key() string      { return p.text[:p.keyLen] }
func (p *packed) shortKey() string { return p.text[:p.short] }

// collectTightly makes the garbage collector keep the memory near to what is in use, and returns
// a function that ends that. To decode a record leaves more garbage than a row of the table
// needs.
func collectTightly() (end func()) {
	const percent = 25
	before := debug.SetGCPercent(percent)
	return func() { debug.SetGCPercent(before) }
}
