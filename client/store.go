package client

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tusker-go/tusker/protocol"
)

// Errors of a Store; test for them with errors.Is.
var (
	// ErrNoRecord means that nothing is stored under the key.
	ErrNoRecord = errors.New("no record")

	// ErrBusy means that somebody else holds the lock of the key: another
	// process, or another goroutine of this one.
	ErrBusy = errors.New("locked by another upload")

	// ErrRecordDamaged means that the record could not be read and that the
	// store has put it aside where it can. There is no record to go on from.
	ErrRecordDamaged = errors.New("record is damaged")

	// ErrRecordVersion means that a newer version wrote the record. It stays
	// as it is, and nothing may be saved in its place.
	ErrRecordVersion = errors.New("record is of a newer version")

	// ErrInvalidRecord means that a record or a key breaks the rules of
	// Record.Validate.
	ErrInvalidRecord = errors.New("invalid record")
)

// Store keeps records of uploads that are not finished, so that a later run can
// go on with them. Package filestore keeps them in a folder, [MemoryStore] in
// memory, and package storetest checks an implementation of one's own.
//
// All methods are safe for concurrent use, also through several handles on the
// same data. A key or record that does not pass [Record.Validate] is refused
// with [ErrInvalidRecord]. A context that has ended makes a method fail, with
// an error that Is its Err or its cause, and change nothing.
type Store interface {
	// Load returns the record of key; it is the caller's to change. The
	// error Is ErrNoRecord, ErrRecordDamaged or ErrRecordVersion, or another
	// one where the store cannot be read.
	Load(ctx context.Context, key string) (*Record, error)

	// Save puts r in the place of what is stored under its key. Whoever loads
	// the record, at any time, also after a crash, sees the old one or the
	// new one, whole; once Save has returned nil, the new one. What r points
	// to is not kept. Times come back in UTC, to the microsecond at least. The
	// error Is ErrRecordVersion where the store holds a newer version's
	// record and knows it.
	Save(ctx context.Context, r *Record) error

	// Delete removes the record of key. It is nil where there is none. A
	// lock on the key stays.
	Delete(ctx context.Context, key string) error

	// Lock takes the lock of key, whether there is a record or not, and
	// excludes all who share the store, other processes too. It fails at once
	// with ErrBusy where the lock is held. The lock of a process that has
	// died is free. The lock is advisory: the other methods do not ask for
	// it.
	//
	// The lock is held until unlock is called; ctx has no say in that. A
	// second call of unlock has no effect.
	Lock(ctx context.Context, key string) (unlock func() error, err error)
}

// Lister is what a Store also has where it can tell which records it holds.
type Lister interface {
	// List gives every record once, in no particular order. A record that is
	// saved or deleted meanwhile may be left out, or given twice. What cannot
	// be read is an error beside a nil record, and the listing goes on. After
	// an error of the store as a whole, or of ctx, it ends.
	List(ctx context.Context) iter.Seq2[*Record, error]
}

// Record is what a Store keeps of one upload. URLs in it may be secrets.
//
// It encodes as a JSON object with the names key, account, endpoint, url, source,
// source_bytes, length, offset, reach, created, updated, expires, uncertain, denial
// and parts; a part has start, end, url, offset, reach and denial, and a denial has
// status, code, words and refused. Times are strings as in RFC 3339. A source that is
// not UTF-8 is source_bytes, in base64, and source has U+FFFD for each byte that is
// not. What is not known or empty
// is left out, other than key and offset, and names that are not known are
// ignored.
type Record struct {
	// Key names the record: 1 to 128 characters of a to z, 0 to 9, "_" and
	// "-", other than the device names of Windows, such as "con".
	Key string

	// Account is Config.Account of the client that began the upload, "" where it
	// had none. No client with another Account uses the record.
	Account string

	// Endpoint is the creation URL without user information and query, "" where
	// the upload was not created by this client.
	Endpoint string

	// URL is that of the upload, "" while there are only parts.
	URL string

	// Source is what is uploaded, for people: a path.
	Source string

	// Length is the size of the upload in bytes. The zero value: not known.
	Length protocol.Length

	// Offset is how many bytes the server had acknowledged when the record was
	// saved. It is for people: the server is asked before anything is sent.
	Offset int64

	// Reach is how much was ever sent, in bytes from the beginning, where the
	// server claimed to have more: it is not believed above that by a later run
	// either. The zero value: it did not.
	Reach protocol.Length

	// Created and Updated are when the record was made and last saved, in UTC.
	// Stores leave both to the caller.
	Created, Updated time.Time

	// Expires is when the server forgets the upload. The zero
	// time: not known.
	Expires time.Time

	// Uncertain means that all bytes were sent, and of parts that they may have
	// been joined, and that the server has not said what became of it: where the
	// upload is gone, it may be complete.
	Uncertain bool

	// Denial is what the server answered to the last bytes, where that was an
	// error. With Denial.Refused, a later run fails in the same way. The zero
	// value: there was no such answer.
	Denial Denial

	// Parts are those of an upload that is sent in parts, in their order. nil
	// and empty: the upload is in one piece.
	Parts []PartRecord
}

// PartRecord is one part of an upload that is sent in parts.
type PartRecord struct {
	// Start and End are the bytes of the whole upload, End not included.
	Start int64 `json:"start"`
	End   int64 `json:"end"`

	// URL is that of the part, "" where it was not created yet.
	URL string `json:"url,omitempty"`

	// Offset is how many bytes of the part the server had acknowledged,
	// counted from Start. It is for people, as that of Record.
	Offset int64 `json:"offset"`

	// Reach is how much of the part was ever sent, as that of Record.
	Reach protocol.Length `json:"reach,omitzero"`

	// Denial is what the server answered to the last bytes of the part, as that
	// of Record.
	Denial Denial `json:"denial,omitzero"`
}

// Validate checks that a record can be gone on from: the key as CheckKey does, the
// account as CheckAccount does, URLs http or https, absolute, valid UTF-8 and without user information, a URL
// or parts, offsets within the length, parts one after the other from 0 on and
// within the length, times of the years 1 to 9999. The error Is
// [ErrInvalidRecord], and shows no secrets. A nil record is invalid.
func (r *Record) Validate() error {
	if r == nil {
		return fmt.Errorf("%w: nil", ErrInvalidRecord)
	}
	if err := CheckKey(r.Key); err != nil {
		return err
	}
	if err := CheckAccount(r.Account); err != nil {
		return fmt.Errorf("%w: %w", ErrInvalidRecord, err)
	}
	if r.URL == "" && len(r.Parts) == 0 {
		return fmt.Errorf("%w: neither URL nor parts", ErrInvalidRecord)
	}
	if err := checkRecordURL("endpoint", r.Endpoint); err != nil {
		return err
	}
	if err := checkRecordURL("upload", r.URL); err != nil {
		return err
	}
	if r.Offset < 0 {
		return fmt.Errorf("%w: offset %d is negative", ErrInvalidRecord, r.Offset)
	}
	if n, known := r.Length.Int64(); known && r.Offset > n {
		return fmt.Errorf("%w: offset %d is beyond the length %d", ErrInvalidRecord, r.Offset, n)
	}
	for _, t := range []struct {
		name string
		time time.Time
	}{{"created", r.Created}, {"updated", r.Updated}, {"expires", r.Expires}} {
		if y := t.time.UTC().Year(); y < 1 || y > 9999 {
			return fmt.Errorf("%w: %s in the year %d", ErrInvalidRecord, t.name, y)
		}
	}
	if err := r.Denial.validate(); err != nil {
		return err
	}
	return r.validateParts()
}

func (r *Record) validateParts() error {
	start := int64(0)
	for i, p := range r.Parts {
		switch {
		case p.Start != start:
			return fmt.Errorf("%w: part %d starts at %d, not at %d", ErrInvalidRecord, i, p.Start, start)
		case p.End < p.Start:
			return fmt.Errorf("%w: part %d ends at %d, before it starts at %d", ErrInvalidRecord, i, p.End, p.Start)
		case p.Offset < 0 || p.Offset > p.End-p.Start:
			return fmt.Errorf("%w: offset %d in part %d of length %d", ErrInvalidRecord, p.Offset, i, p.End-p.Start)
		}
		if err := errors.Join(checkRecordURL(fmt.Sprintf("part %d", i), p.URL), p.Denial.validate()); err != nil {
			return err
		}
		start = p.End
	}
	if n, known := r.Length.Int64(); known && start > n {
		return fmt.Errorf("%w: parts end at %d, beyond the length %d", ErrInvalidRecord, start, n)
	}
	return nil
}

// checkRecordURL accepts "" too. An upload is found again only under the very
// bytes of its URL, and JSON keeps those of UTF-8 only.
func checkRecordURL(name, raw string) error {
	if raw == "" {
		return nil
	}
	u, err := parseURL(raw)
	switch {
	case err != nil:
		return fmt.Errorf("%w: %s: %w", ErrInvalidRecord, name, err)
	case u.User != nil:
		return fmt.Errorf("%w: %s: %w: it holds user information", ErrInvalidRecord, name, ErrInvalidURL)
	case !utf8.ValidString(raw):
		return fmt.Errorf("%w: %s: %w: it is not UTF-8", ErrInvalidRecord, name, ErrInvalidURL)
	}
	return nil
}

const maxKey = 128

// CheckKey checks a key under the rules of Record.Key, so that it can be a file
// name everywhere. The error Is [ErrInvalidRecord].
func CheckKey(key string) error {
	switch {
	case key == "":
		return fmt.Errorf("%w: empty key", ErrInvalidRecord)
	case len(key) > maxKey:
		return fmt.Errorf("%w: key of %d bytes, more than %d", ErrInvalidRecord, len(key), maxKey)
	}
	for i := range len(key) {
		c := key[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' && c != '-' {
			return fmt.Errorf("%w: key %q: only a to z, 0 to 9, _ and - are allowed", ErrInvalidRecord, key)
		}
	}
	if isDevice(key) {
		return fmt.Errorf("%w: key %q names a device on Windows", ErrInvalidRecord, key)
	}
	return nil
}

func isDevice(key string) bool {
	switch key {
	case "con", "prn", "aux", "nul":
		return true
	}
	number, ok := strings.CutPrefix(key, "com")
	if !ok {
		number, ok = strings.CutPrefix(key, "lpt")
	}
	return ok && len(number) == 1 && number[0] <= '9' && number[0] >= '0'
}
