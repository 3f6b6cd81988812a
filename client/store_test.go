package client_test

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
)

var (
	_ client.Store  = (*client.MemoryStore)(nil)
	_ client.Lister = (*client.MemoryStore)(nil)
)

func TestCheckKey(t *testing.T) {
	for name, c := range map[string]struct {
		key string
		ok  bool
	}{
		"hash":               {"e3b0c44298fc1c149afbf4c8996fb924", true},
		"one character":      {"0", true},
		"all characters":     {"abcdefghijklmnopqrstuvwxyz0123456789_-", true},
		"longest":            {strings.Repeat("a", 128), true},
		"empty":              {"", false},
		"too long":           {strings.Repeat("a", 129), false},
		"upper case":         {"A", false},
		"dot":                {"a.b", false},
		"slash":              {"a/b", false},
		"parent":             {"..", false},
		"backslash":          {`a\b`, false},
		"colon":              {"a:b", false},
		"zero byte":          {"a\x00", false},
		"not ASCII":          {"ä", false},
		"device":             {"con", false},
		"serial device":      {"com7", false},
		"printer":            {"lpt0", false},
		"beginning a device": {"console", true},
		"no such device":     {"com10", true},
		"letter for number":  {"comx", true},
		"part of a device":   {"com", true},
	} {
		t.Run(name, func(t *testing.T) {
			err := client.CheckKey(c.key)
			if (err == nil) != c.ok || err != nil && !errors.Is(err, client.ErrInvalidRecord) {
				t.Errorf("error %v, want success: %t, else ErrInvalidRecord", err, c.ok)
			}
		})
	}
}

func TestRecordValidate(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*client.Record)
		says   string // "": valid
	}{
		"plain":                 {func(*client.Record) {}, ""},
		"key":                   {func(r *client.Record) { r.Key = "../x" }, "key"},
		"no endpoint":           {func(r *client.Record) { r.Endpoint = "" }, ""},
		"endpoint is relative":  {func(r *client.Record) { r.Endpoint = "/files/" }, "endpoint"},
		"endpoint with user":    {func(r *client.Record) { r.Endpoint = "https://me:hush@h/" }, "endpoint"},
		"no URL and no parts":   {func(r *client.Record) { r.URL = "" }, "neither URL nor parts"},
		"URL without scheme":    {func(r *client.Record) { r.URL = "tus.example/1?sig=hush" }, "no scheme"},
		"URL of another scheme": {func(r *client.Record) { r.URL = "ftp://tus.example/1?sig=hush" }, "ftp"},
		"URL without host":      {func(r *client.Record) { r.URL = "https:///1?sig=hush" }, "no host"},
		"URL does not parse":    {func(r *client.Record) { r.URL = "https://me:hu%zzsh@h/" }, "upload"},
		"URL with user":         {func(r *client.Record) { r.URL = "https://hush@h/1" }, "user information"},
		"URL not UTF-8":         {func(r *client.Record) { r.URL = "https://h/\xff" }, "UTF-8"},
		"URL over http":         {func(r *client.Record) { r.URL = "http://h:1080/1" }, ""},
		"negative offset":       {func(r *client.Record) { r.Offset = -1 }, "negative"},
		"offset at the end":     {func(r *client.Record) { r.Offset = 100 }, ""},
		"offset beyond":         {func(r *client.Record) { r.Offset = 101 }, "beyond the length"},
		"length unknown":        {func(r *client.Record) { r.Offset, r.Length = math.MaxInt64, protocol.Length{} }, ""},
		"year 10000":            {func(r *client.Record) { r.Expires = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) }, "expires"},
		"year 0":                {func(r *client.Record) { r.Created = time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC) }, "created"},
		"year 10000 in UTC": {func(r *client.Record) {
			r.Updated = time.Date(9999, 12, 31, 23, 0, 0, 0, time.FixedZone("", -2*3600))
		}, "updated"},
		"parts":                  {parts(0, 50, 50, 100), ""},
		"parts only":             {func(r *client.Record) { parts(0, 50, 50, 100)(r); r.URL = "" }, ""},
		"parts of part":          {parts(0, 50, 50, 60), ""},
		"empty part":             {parts(0, 0, 0, 100), ""},
		"first part later":       {parts(1, 100), "starts at 1, not at 0"},
		"gap":                    {parts(0, 50, 51, 100), "starts at 51, not at 50"},
		"overlap":                {parts(0, 50, 49, 100), "starts at 49, not at 50"},
		"part ends before":       {parts(0, 50, 50, 49), "before it starts"},
		"parts beyond length":    {parts(0, 50, 50, 101), "beyond the length"},
		"parts of unknown":       {func(r *client.Record) { parts(0, 50, 50, 101)(r); r.Length = protocol.Length{} }, ""},
		"part's offset":          {func(r *client.Record) { parts(0, 50, 50, 100)(r); r.Parts[1].Offset = 50 }, ""},
		"part's offset beyond":   {func(r *client.Record) { parts(0, 50, 50, 100)(r); r.Parts[1].Offset = 51 }, "part 1"},
		"part's offset negative": {func(r *client.Record) { parts(0, 50, 50, 100)(r); r.Parts[0].Offset = -1 }, "part 0"},
		"part's URL":             {func(r *client.Record) { parts(0, 50, 50, 100)(r); r.Parts[1].URL = "/p?sig=hush" }, "part 1"},
	} {
		t.Run(name, func(t *testing.T) {
			r := &client.Record{
				Key: "k", Endpoint: "https://tus.example/files/", URL: "https://tus.example/files/1",
				Length: protocol.Known(100), Offset: 50,
			}
			c.change(r)
			err := r.Validate()
			if c.says == "" {
				if err != nil {
					t.Errorf("error %v", err)
				}
				return
			}
			if !errors.Is(err, client.ErrInvalidRecord) || !strings.Contains(err.Error(), c.says) {
				t.Fatalf("error %v, want one that says %q", err, c.says)
			}
			if strings.Contains(err.Error(), "hush") || strings.Contains(err.Error(), "hu%zzsh") {
				t.Errorf("error %q holds a secret", err)
			}
		})
	}
	t.Run("nil", func(t *testing.T) {
		if err := (*client.Record)(nil).Validate(); !errors.Is(err, client.ErrInvalidRecord) {
			t.Errorf("error %v, want ErrInvalidRecord", err)
		}
	})
}

// parts sets the parts of a record. bounds has the start and the end of each part in turn.
func parts(bounds ...int64) func(*client.Record) {
	return func(r *client.Record) {
		for i := 0; i < len(bounds); i += 2 {
			r.Parts = append(r.Parts, client.PartRecord{Start: bounds[i], End: bounds[i+1]})
		}
	}
}

func TestRecordJSON(t *testing.T) {
	for name, c := range map[string]struct {
		record client.Record
		json   string
	}{
		"nothing known": {client.Record{Key: "k"}, `{"key":"k","offset":0}`},
		"source is not UTF-8": {
			client.Record{Key: "k", Source: "na\xefve"}, `{"key":"k","source":"na\ufffdve","source_bytes":"bmHvdmU=","offset":0}`,
		},
		"source has the replacement character": {
			client.Record{Key: "k", Source: "na\ufffdve"}, "{\"key\":\"k\",\"source\":\"na\ufffdve\",\"offset\":0}",
		},
		"length zero": {client.Record{Key: "k", Length: protocol.Known(0)}, `{"key":"k","length":0,"offset":0}`},
		"everything": {
			client.Record{
				Key: "k", Endpoint: "e", URL: "u", Source: "s", Length: protocol.Known(1<<53 + 1), Offset: 1<<53 + 1,
				Created: time.Unix(0, 0).UTC(), Updated: time.Unix(1, 5).UTC(), Expires: time.Unix(2, 0).UTC(),
				Parts: []client.PartRecord{{Start: 0, End: 1}, {Start: 1, End: 2, URL: "p", Offset: 1}},
			},
			`{"key":"k","endpoint":"e","url":"u","source":"s","length":9007199254740993,"offset":9007199254740993,` +
				`"created":"1970-01-01T00:00:00Z","updated":"1970-01-01T00:00:01.000000005Z","expires":"1970-01-01T00:00:02Z",` +
				`"parts":[{"start":0,"end":1,"offset":0},{"start":1,"end":2,"url":"p","offset":1}]}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			b, err := json.Marshal(c.record)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.json, string(b)); diff != "" {
				t.Errorf("encoded (-want +got):\n%s", diff)
			}
			got := client.Record{Key: "old", Source: "old", Parts: []client.PartRecord{{}}}
			if err := json.Unmarshal(b, &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.record, got); diff != "" {
				t.Errorf("decoded (-want +got):\n%s", diff)
			}
		})
	}
}

// Times are written in UTC, so that records from anywhere can be compared as
// text.
func TestRecordJSONInUTC(t *testing.T) {
	at := time.Unix(0, 0).In(time.FixedZone("", 3600))
	b, err := json.Marshal(client.Record{Key: "k", Created: at, Updated: at, Expires: at})
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"key":"k","offset":0,"created":"1970-01-01T00:00:00Z","updated":"1970-01-01T00:00:00Z","expires":"1970-01-01T00:00:00Z"}`
	if diff := cmp.Diff(want, string(b)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestRecordFromJSON(t *testing.T) {
	for name, c := range map[string]struct {
		json string
		want client.Record
		ok   bool
	}{
		"length null":        {`{"key":"k","length":null}`, client.Record{Key: "k"}, true},
		"no parts":           {`{"key":"k","parts":[]}`, client.Record{Key: "k"}, true},
		"unknown names":      {`{"key":"k","version":1,"metadata":{"a":"b"}}`, client.Record{Key: "k"}, true},
		"time of a zone":     {`{"key":"k","created":"1970-01-01T05:30:00+05:30"}`, client.Record{Key: "k", Created: time.Unix(0, 0).UTC()}, true},
		"negative length":    {`{"key":"k","length":-1}`, client.Record{}, false},
		"length is a string": {`{"key":"k","length":"1"}`, client.Record{}, false},
		"not an object":      {`"k"`, client.Record{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			var got client.Record
			err := json.Unmarshal([]byte(c.json), &got)
			if (err == nil) != c.ok {
				t.Fatalf("error %v, want success: %t", err, c.ok)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// A valid record that is written as JSON and read again is the same.
func FuzzRecordJSON(f *testing.F) {
	f.Add([]byte(`{"key":"k","url":"https://h/1","length":0,"offset":0,"created":"1970-01-01T05:30:00+05:30"}`))
	f.Add([]byte(`{"key":"k","offset":9007199254740993,"parts":[{"start":0,"end":1},{"start":1,"end":2,"url":"http://h/?a&b","offset":1}]}`))
	f.Add([]byte(`{"KEY":"k","URL":"https://h/\u003c\ud800","source":"\u0000","length":null,"expires":"9999-12-31T23:59:59.999999999Z"}`))
	f.Add([]byte(`{"key":"k","url":"https://h/","updated":"9999-12-31T23:59:59-23:59"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var first, second client.Record
		if json.Unmarshal(b, &first) != nil || first.Validate() != nil {
			return
		}
		encoded, err := json.Marshal(first)
		if err != nil {
			t.Fatalf("encode %+v: %v", first, err)
		}
		if err := json.Unmarshal(encoded, &second); err != nil {
			t.Fatalf("decode %s: %v", encoded, err)
		}
		if diff := cmp.Diff(first, second); diff != "" {
			t.Errorf("%s (-first +second):\n%s", encoded, diff)
		}
	})
}
