package journal_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/client/journal"
	"github.com/tusker-go/tusker/protocol"
)

// Encode writes one line with the version and the revision first, and Decode returns the record.
func TestEncode(t *testing.T) {
	r := &journal.Record{Key: "k", URL: "https://h/1?a&b", Length: protocol.Known(5)}
	for revision, want := range map[string]string{
		"":  `{"version":1,"key":"k","url":"https://h/1?a&b","length":5,"offset":0}`,
		"x": `{"version":1,"revision":"x","key":"k","url":"https://h/1?a&b","length":5,"offset":0}`,
	} {
		text, err := journal.Encode(r, revision)
		if err != nil || string(text) != want {
			t.Errorf("Encode: %s, error %v, want %s", text, err, want)
		}
		r.Revision = revision
		got, err := journal.Decode("k", text)
		if diff := cmp.Diff(r, got, cmp.AllowUnexported(protocol.Length{})); err != nil || diff != "" {
			t.Errorf("Decode: error %v, (-want +got):\n%s", err, diff)
		}
	}
	other := &journal.Record{Key: "k", URL: "https://h/1", Protocol: "resumable-upload/6"}
	if text, err := journal.Encode(other, ""); err != nil || !strings.HasPrefix(string(text), `{"version":2,`) {
		t.Errorf("Encode for another protocol: %s, error %v", text, err)
	}
	r.Source = strings.Repeat("x", journal.MaxEncoded)
	if _, err := journal.Encode(r, ""); !errors.Is(err, journal.ErrInvalidRecord) {
		t.Errorf("Encode of a record that is too large: error %v", err)
	}
}

// Decode refuses all but the valid record of the key.
func TestDecodeRefuses(t *testing.T) {
	for text, want := range map[string]error{
		``:          journal.ErrRecordDamaged,
		`null`:      journal.ErrRecordDamaged,
		`{"key":1}`: journal.ErrRecordDamaged,
		`{"version":0,"key":"k","url":"https://h/1","offset":0}`:     journal.ErrRecordDamaged,
		`{"version":1,"key":"other","url":"https://h/1","offset":0}`: journal.ErrRecordDamaged,
		`{"version":1,"key":"k","url":"file:///1","offset":0}`:       journal.ErrRecordDamaged,
		`{"version":3,"key":["another","type"]}`:                     journal.ErrRecordVersion,
		`{"updated":{"another":"type"},"version":3}`:                 journal.ErrRecordVersion,
		strings.Repeat(" ", journal.MaxEncoded+1):                    journal.ErrRecordDamaged,
	} {
		if r, err := journal.Decode("k", []byte(text)); r != nil || !errors.Is(err, want) {
			t.Errorf("Decode %.50q: record %v, error %v, want %v", text, r, err, want)
		}
	}
}
