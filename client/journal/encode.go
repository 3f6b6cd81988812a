package journal

import (
	"encoding/json"
	"fmt"
)

const (
	// firstVersion is the version of the records of tus.
	firstVersion = 1

	// Version is the newest version of the form of records that Decode knows. It is that of
	// records whose protocol is not tus, so that programs that know only tus leave them as they
	// are.
	Version = 2

	// MaxEncoded is the most bytes of an encoded record.
	MaxEncoded = 1 << 20
)

// VersionOf returns the version of the form that Encode writes for a record.
func VersionOf(r *Record) int {
	if r.Protocol != "" {
		return Version
	}
	return firstVersion
}

// Encode returns the form in which stores keep a record: its JSON in one line, with the
// number "version", which is that of [VersionOf], and the string "revision" before its own names.
// revision "" is left out, for stores that keep the revision beside the record. Encode does
// not validate. The error Is [ErrInvalidRecord] if the record needs more than [MaxEncoded]
// bytes.
func Encode(r *Record, revision string) ([]byte, error) {
	b, err := encoded(struct {
		head
		recordJSON
	}{head{VersionOf(r), revision}, r.json()})
	if err != nil {
		return nil, err
	}
	if len(b) > MaxEncoded {
		return nil, fmt.Errorf("%w: %d bytes, more than %d", ErrInvalidRecord, len(b), MaxEncoded)
	}
	return b, nil
}

// Decode returns the record of key that Encode encoded. White space between the elements of
// its JSON does not matter. Its Revision is that of the JSON, or "". The error Is
// [ErrRecordVersion] for the record of a newer version, and [ErrRecordDamaged] for anything else
// that is not a valid record of the key.
func Decode(key string, b []byte) (*Record, error) {
	if len(b) > MaxEncoded {
		return nil, fmt.Errorf("%w: more than %d bytes", ErrRecordDamaged, MaxEncoded)
	}
	// One pass over the text decodes everything, because a list decodes very many records.
	var e struct {
		head
		recordJSON
	}
	err := json.Unmarshal(b, &e)
	if err != nil {
		_ = json.Unmarshal(b, &e.head) // names of a newer version may have other types
	}
	switch {
	case e.Version > Version:
		return nil, fmt.Errorf("%w: version %d, and this program knows %d", ErrRecordVersion, e.Version, Version)
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrRecordDamaged, err)
	case e.Version < firstVersion:
		return nil, fmt.Errorf("%w: version %d", ErrRecordDamaged, e.Version)
	}
	r := new(Record)
	if err := r.take(e.recordJSON); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRecordDamaged, err)
	}
	if r.Key != key {
		return nil, fmt.Errorf("%w: it is the record of another key", ErrRecordDamaged)
	}
	if err := r.Validate(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRecordDamaged, err)
	}
	r.Revision = e.Revision
	return r, nil
}

// head is what an encoded record has before the names of Record.
type head struct {
	Version  int    `json:"version"`
	Revision string `json:"revision,omitempty"`
}
