package storetest

import (
	"bytes"
	"math"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/journal"
	"github.com/tusker-go/tusker/protocol"
)

// at returns a time with the precision that every store keeps: a microsecond.
func at(second int) time.Time {
	return time.Date(2026, 1, 2, 3, 4, second, 123456000, time.UTC)
}

// small returns the smallest valid record.
func small(key string) *journal.Record {
	return &journal.Record{Key: key, URL: "https://tus.example/files/1"}
}

// full returns a record that has a value in every field.
func full(key string) *journal.Record {
	return &journal.Record{
		Key:      key,
		Revision: "another store decides",
		Account:  "Zoë <a@b.example>",
		Protocol: "rufh/8",
		Endpoint: "https://tus.example/files/?tenant=a&b=c",
		// A store must not encode any character of a URL again.
		URL:       "https://tus.example/files/a+b%2Bc%2fd?token=x+y%20z&sig=<é>",
		Source:    "/home/me/a \"b\"\\c\n\x00\x1b[31m/日本語.mp4",
		Length:    protocol.Known(1 << 40),
		Offset:    1<<40 - 1,
		Sent:      1<<40 - 1,
		Reach:     protocol.Known(1<<40 - 1),
		Created:   at(1),
		Updated:   at(2),
		Expires:   at(3),
		Uncertain: true,
		Denial:    failure.Denial{StatusCode: 422, Code: "ERR_X", Words: "ERR_X: \"no\" & <é>\n", Refused: true},
		Header:    http.Header{"Video": {"a \"b\" é", "c"}},
		SHA256:    bytes.Repeat([]byte{0xa5}, 32),
		Note:      "a \"note\" & <é>\n",
		Parts: []journal.PartRecord{
			{Start: 0, End: 1 << 39, URL: "https://tus.example/files/p+0?a&b", Offset: 7, Reach: protocol.Known(0), Denial: failure.Denial{StatusCode: 500}},
			{Start: 1 << 39, End: 1 << 40},
		},
	}
}

var records = []struct {
	name   string
	record *journal.Record
}{
	{"smallest", small("0")},
	{"everything", full("full_record-1")},
	{"longest key", small(strings.Repeat("k9_-", 32))},
	{"length zero", &journal.Record{Key: "k", URL: "http://h/1", Length: protocol.Known(0)}},
	{"length unknown", &journal.Record{Key: "k", URL: "http://h/1", Offset: 5}},
	{"largest numbers", &journal.Record{
		Key: "k", URL: "http://h/1", Length: protocol.Known(math.MaxInt64), Offset: math.MaxInt64,
		Parts: []journal.PartRecord{{Start: 0, End: math.MaxInt64, Offset: math.MaxInt64}},
	}},
	// A float64 does not hold every number above 2^53.
	{"odd large number", &journal.Record{Key: "k", URL: "http://h/1", Length: protocol.Known(1<<53 + 1), Offset: 1<<53 + 1}},
	{"first and last times", &journal.Record{
		Key: "k", URL: "http://h/1", Created: time.Date(1, 1, 1, 0, 0, 1, 0, time.UTC),
		Updated: time.Date(1969, 12, 31, 23, 59, 59, 0, time.UTC), Expires: time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
	}},
	{"only parts, none created", &journal.Record{
		Key: "k", Length: protocol.Known(10), Parts: []journal.PartRecord{{Start: 0, End: 5}, {Start: 5, End: 10}},
	}},
	{"empty part", &journal.Record{
		Key: "k", Length: protocol.Known(5), Parts: []journal.PartRecord{{Start: 0, End: 0}, {Start: 0, End: 5}},
	}},
	{"a hundred parts", &journal.Record{Key: "k", Length: protocol.Known(1000), Parts: hundredParts()}},
	{"long address", &journal.Record{Key: "k", URL: "https://h/" + strings.Repeat("a", 8000)}},
}

func hundredParts() []journal.PartRecord {
	parts := make([]journal.PartRecord, 100)
	for i := range parts {
		start := int64(i) * 10
		parts[i] = journal.PartRecord{Start: start, End: start + 10, URL: "https://h/" + strings.Repeat("p", 100), Offset: int64(i % 11)}
	}
	return parts
}

// roundTrip checks that Load returns what was saved, through another handle, too.
func roundTrip(s subject) {
	for _, c := range records {
		s.t.Run(c.name, func(t *testing.T) {
			s := s.in(t)
			s.save(c.record)
			same(t, s.load(s.Store, c.record.Key), c.record)
			same(t, s.load(s.second, c.record.Key), c.record)
		})
	}
}

// timesInUTC checks that the moment of a time is kept, and that its zone becomes UTC.
func timesInUTC(s subject) {
	zone := time.FixedZone("", 5*60*60+1800)
	r := small("k")
	r.Created, r.Updated, r.Expires = at(1).In(zone), at(2).In(zone), at(3).In(zone)
	s.save(r)
	if r.Created.Location() != zone {
		s.t.Error("Save changed a time of the caller's record")
	}
	got := s.load(s.Store, "k")
	for _, c := range []struct {
		name      string
		got, want time.Time
	}{{"Created", got.Created, at(1)}, {"Updated", got.Updated, at(2)}, {"Expires", got.Expires, at(3)}} {
		if !c.got.Equal(c.want) || c.got.Location() != time.UTC {
			s.t.Errorf("%s %v, want %v", c.name, c.got, c.want)
		}
	}
}

// saveReplaces checks that nothing of a longer or shorter earlier record remains.
func saveReplaces(s subject) {
	for _, r := range []*journal.Record{small("k"), full("k"), small("k")} {
		s.save(r)
		same(s.t, s.load(s.second, "k"), r)
	}
}

// recordsAreCopies checks that a change of a record after Save or Load does not change the
// store.
func recordsAreCopies(s subject) {
	spoil := func(r *journal.Record) {
		r.URL, r.Offset, r.Parts[0].Offset, r.Parts[1].URL = "https://other.example/", 1, 99, "https://other.example/part"
	}
	r := full("k")
	r.Revision = ""
	if err := s.Save(s.ctx, r); err != nil {
		s.t.Fatalf("Save: %v", err)
	}
	spoil(r)
	loaded := s.load(s.Store, "k")
	same(s.t, loaded, full("k"))
	spoil(loaded)
	same(s.t, s.load(s.Store, "k"), full("k"))
}

// same fails the test for each field of got that is not that of want. The revision is not
// compared.
func same(t *testing.T, got, want *journal.Record) {
	t.Helper()
	g, w := plain(got), plain(want)
	if reflect.DeepEqual(g, w) {
		return
	}
	gv, wv := reflect.ValueOf(g), reflect.ValueOf(w)
	for i := range gv.NumField() {
		a, b := gv.Field(i).Interface(), wv.Field(i).Interface()
		if !reflect.DeepEqual(a, b) {
			t.Errorf("%s is\n%+v, want\n%+v", gv.Type().Field(i).Name, a, b)
		}
	}
}

// plain returns a record without the differences that a Store may make.
func plain(r *journal.Record) journal.Record {
	p := *r
	p.Revision = ""
	for _, t := range []*time.Time{&p.Created, &p.Updated, &p.Expires} {
		*t = t.Round(0).UTC()
	}
	if len(p.Parts) == 0 {
		p.Parts = nil
	}
	return p
}
