package filestore

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/client/journal"
)

// FuzzDecode checks that any content of a file is either a record that can be encoded again,
// or an error.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		"", "{}", "null", "[]", `{"version":1,"key":"4f1d","url":"https://tus.example/1","length":5,"offset":1}`,
		`{"version":2}`, `{"version":3}`, `{"version":1,"key":"other","url":"https://tus.example/1"}`,
		`{"version":1,"key":"4f1d","url":"https://tus.example/1","offset":-1}`,
		`{"version":1,"key":"4f1d","parts":[{"start":0,"end":1},{"start":1,"end":2,"url":"http://h/1"}],"length":2}`,
		`{"version":1e99}`, `{"version":1,"version":2,"KEY":"4f1d"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := journal.Decode("4f1d", b)
		if err != nil {
			if !errors.Is(err, journal.ErrRecordDamaged) && !errors.Is(err, journal.ErrRecordVersion) {
				t.Errorf("error %v, want ErrRecordDamaged or ErrRecordVersion", err)
			}
			return
		}
		text, err := encode(r, r.Revision)
		if err != nil {
			t.Fatalf("%+v: %v", r, err)
		}
		again, err := journal.Decode("4f1d", text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if diff := cmp.Diff(r, again); diff != "" {
			t.Errorf("(-read +read again):\n%s", diff)
		}
	})
}
