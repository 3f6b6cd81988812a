package app

import (
	"encoding/binary"
	"fmt"
	"strings"
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
	text       string                // the key, and then the other fields as in pack
	source     unique.Handle[string] // beginning of the source, which many records have in common
	url        unique.Handle[string] // beginning of the URL
	updated    int64                 // microseconds since 1970
	keyLen     uint8
	short      uint8 // length of the shortest prefix that only this key has
	hasAccount bool
}

// pack returns u with its whole key as the shortest prefix.
func pack(u unfinished) packed {
	b := make([]byte, 0, 512) // most rows fit
	b = append(b, u.key...)
	length, known := u.length.Int64()
	if known {
		length++
	}
	for _, n := range []int64{u.offset, u.sent, length, int64(u.refused)} {
		b = binary.AppendVarint(b, n)
	}
	folder, source := splitLast(u.source)
	server, url := splitLast(u.url)
	for _, text := range []string{source, u.account} {
		b = append(binary.AppendUvarint(b, uint64(len(text))), text...)
	}
	b = append(b, url...)
	size := uint8(len(u.key)) //nolint:gosec // client.CheckKey limits it
	return packed{
		text: string(b), source: unique.Make(folder), url: unique.Make(server),
		updated: u.updated.UnixMicro(), keyLen: size, short: size, hasAccount: u.account != "",
	}
}

// splitLast splits text behind its last slash or backslash.
func splitLast(text string) (before, last string) {
	end := strings.LastIndexAny(text, `/\`) + 1
	return text[:end], text[end:]
}

func (p *packed) unpack() unfinished {
	rest := p.text[p.keyLen:]
	u := unfinished{key: p.key(), updated: time.UnixMicro(p.updated).UTC()}
	var length, refused int64
	for _, n := range []*int64{&u.offset, &u.sent, &length, &refused} {
		*n, rest = varint(rest)
	}
	u.length, u.refused = protocol.Known(length-1), int(refused)
	for _, text := range []*string{&u.source, &u.account} {
		*text, rest = prefixed(rest)
	}
	u.source, u.url = p.source.Value()+u.source, p.url.Value()+rest
	return u
}

// varint returns the number that text begins with, and the rest of the text.
func varint(text string) (int64, string) {
	head := []byte(text[:min(len(text), binary.MaxVarintLen64)])
	n, size := binary.Varint(head)
	return n, text[size:]
}

// prefixed returns the string at the beginning of text, behind its length, and the rest of the
// text.
func prefixed(text string) (string, string) {
	head := []byte(text[:min(len(text), binary.MaxVarintLen64)])
	n, size := binary.Uvarint(head)
	end := size + int(n) //nolint:gosec // pack wrote it
	return text[size:end], text[end:]
}

func (p *packed) key() string      { return p.text[:p.keyLen] }
func (p *packed) shortKey() string { return p.text[:p.short] }
