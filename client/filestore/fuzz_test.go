package filestore

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/client"
)

// Whatever is in a record's file, it is a record that can be written again, or
// an error that says why not.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		"", "{}", "null", "[]", `{"version":1,"key":"4f1d","url":"https://tus.example/1","length":5,"offset":1}`,
		`{"version":2}`, `{"version":1,"key":"other","url":"https://tus.example/1"}`,
		`{"version":1,"key":"4f1d","url":"https://tus.example/1","offset":-1}`,
		`{"version":1,"key":"4f1d","parts":[{"start":0,"end":1},{"start":1,"end":2,"url":"http://h/1"}],"length":2}`,
		`{"version":1e99}`, `{"version":1,"version":2,"KEY":"4f1d"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := decode("4f1d", b)
		if err != nil {
			if !errors.Is(err, client.ErrRecordDamaged) && !errors.Is(err, client.ErrRecordVersion) {
				t.Errorf("error %v", err)
			}
			return
		}
		text, err := encode(r)
		if err != nil {
			t.Fatalf("%+v: %v", r, err)
		}
		again, err := decode("4f1d", text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if diff := cmp.Diff(r, again); diff != "" {
			t.Errorf("(-read +read again):\n%s", diff)
		}
	})
}

func FuzzDecodeServer(f *testing.F) {
	for _, seed := range []string{
		"", "{}", `{"version":1,"asked":"2026-01-02T03:04:05Z","versions":["1.0.0"],"extensions":["creation"],"max":5}`,
		`{"version":1,"max":-1}`, `{"version":2}`, `{"version":1,"asked":"x"}`, `{"version":1,"max":9223372036854775808}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		caps, asked, err := decodeServer(b)
		if err != nil {
			if !errors.Is(err, client.ErrNoRecord) {
				t.Errorf("error %v", err)
			}
			return
		}
		if n, known := caps.MaxSize.Int64(); known && n < 0 {
			t.Errorf("largest upload of %d bytes", n)
		}
		// What takes more room than it had is not kept, which is no harm.
		text, err := encodeServer(caps, asked)
		if err != nil {
			return
		}
		again, when, err := decodeServer(text)
		if err != nil || !when.Equal(asked) {
			t.Errorf("%s is read as %+v of %v, %v", text, again, when, err)
		}
	})
}
