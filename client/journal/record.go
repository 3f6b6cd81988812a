package journal

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/internal/address"
	"github.com/tusker-go/tusker/protocol"
)

// Record is what a Store keeps of one upload. URLs in it may be secrets.
//
// It encodes as a JSON object with the names key, account, protocol, endpoint, url, source,
// source_bytes, length, offset, sent, reach, created, updated, expires, uncertain, denial,
// sha256 (hexadecimal), header, note and parts; a part has start, end, url, offset, reach and
// denial, and a denial has status, code, words and refused. Times are strings as in RFC 3339. A
// source that is not UTF-8 is source_bytes, in base64, and source has U+FFFD for each byte that is
// not. Revision is not encoded, because each store keeps it in a form of its own. Fields that are
// not known or empty are left out, except for key and offset. Unknown names are ignored.
type Record struct {
	// Key names the record: 1 to 128 characters of a to z, 0 to 9, "_" and
	// "-", other than the device names of Windows, such as "con".
	Key string

	// Revision is the state of the record in its store. The store decides what it looks
	// like, and gives each saved record a revision that no earlier record of the same key
	// had, not even a deleted one. Store.Save and Store.Delete act only if it is the
	// revision that is stored. "": the record is not stored yet.
	Revision string

	// Account is Config.Account of the client that began the upload, or "" if it had none. No
	// client with another Account uses the record.
	Account string

	// Protocol is the protocol and the version of the upload, such as "rufh/8", at most 64
	// printable characters of ASCII. "": tus 1.0.0. A store that has a version for its format
	// raises it for a record with a Protocol, so that programs that know only tus leave the
	// record as it is.
	Protocol string

	// Endpoint is the creation URL without user information and query, or "" if this
	// client did not create the upload.
	Endpoint string

	// URL is that of the upload, or "" while there are only parts.
	URL string

	// Source is the path or name of the bytes, for people.
	Source string

	// Length is the size of the upload in bytes. The zero value: not known.
	Length protocol.Length

	// Offset is how many bytes the server had acknowledged when the record was
	// saved. It is for people: the server is asked before anything is sent.
	Offset int64

	// Sent is how many bytes were sent, counted from the beginning, if the server has not said
	// how many of those after Offset it has. It is for people, as Offset is. 0: the server has
	// said so.
	Sent int64

	// Reach is how many bytes were ever sent, counted from the beginning, if the server
	// claimed to have more. A later run does not believe an offset above it. The zero
	// value: the server made no such claim.
	Reach protocol.Length

	// Created and Updated are when the record was made and last saved, in UTC.
	// Stores leave both to the caller.
	Created, Updated time.Time

	// Expires is when the server forgets the upload. The zero
	// time: not known.
	Expires time.Time

	// Uncertain means that the last byte may have been sent, or that the parts may have
	// been joined, and that the server has not confirmed it. It is saved before that byte
	// is sent. If the upload is then gone, it may be complete.
	Uncertain bool

	// Denial is what the server answered to the last bytes if that was an error. With
	// Denial.Refused, a later run fails in the same way. The zero value: there was no such
	// answer.
	Denial failure.Denial

	// SHA256 is the SHA-256 of the bytes of a finished upload, 32 bytes. nil: not known.
	SHA256 []byte

	// Header has response headers of a finished upload that its client wanted to keep. nil and
	// empty: none.
	Header http.Header

	// Note is what the ledger's own program keeps about a finished upload, in UTF-8. Clients
	// neither set nor read it. "": nothing.
	Note string

	// Parts are those of an upload that is sent in parts, in their order. nil
	// and empty: the upload is in one piece.
	Parts []PartRecord
}

// maxProtocol is the largest length of Record.Protocol.
const maxProtocol = 64

// PartRecord is one part of an upload that is sent in parts.
type PartRecord struct {
	// Start and End are the bytes of the whole upload, End not included.
	Start int64 `json:"start"`
	End   int64 `json:"end"`

	// URL is that of the part, or "" if the part was not created yet.
	URL string `json:"url,omitempty"`

	// Offset is how many bytes of the part the server had acknowledged,
	// counted from Start. It is for people, as that of Record.
	Offset int64 `json:"offset"`

	// Reach is how much of the part was ever sent, as that of Record.
	Reach protocol.Length `json:"reach,omitzero"`

	// Denial is the answer of the server to the last bytes of the part, if that was an
	// error. See Record.Denial.
	Denial failure.Denial `json:"denial,omitzero"`
}

// Validate checks that an upload can be resumed from a record. The key and the account have
// the form that CheckKey and CheckAccount demand. URLs are absolute, http or https, valid
// UTF-8, and without user information. There is a URL, or there are parts. Offsets are
// within the length. Parts follow one another from 0 and end within the length. Times are
// in the years 1 to 9999. The note is UTF-8. The revision is not checked. The error Is
// [ErrInvalidRecord] and shows no secrets. A nil record is invalid.
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
	if len(r.Protocol) > maxProtocol || strings.ContainsFunc(r.Protocol, func(c rune) bool { return c <= ' ' || c >= 0x7f }) {
		return fmt.Errorf("%w: protocol %.80q", ErrInvalidRecord, r.Protocol)
	}
	if err := r.Denial.Validate(); err != nil {
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
	if err := r.validateOffsets(); err != nil {
		return err
	}
	if err := r.validateTimes(); err != nil {
		return err
	}
	if n := len(r.SHA256); n != 0 && n != sha256.Size {
		return fmt.Errorf("%w: a SHA-256 of %d bytes", ErrInvalidRecord, n)
	}
	if !utf8.ValidString(r.Note) {
		return fmt.Errorf("%w: a note that is not UTF-8", ErrInvalidRecord)
	}
	return r.ValidateParts()
}

// validateOffsets checks that the bytes of a record are within its length.
func (r *Record) validateOffsets() error {
	n, known := r.Length.Int64()
	switch {
	case r.Offset < 0:
		return fmt.Errorf("%w: offset %d is negative", ErrInvalidRecord, r.Offset)
	case known && r.Offset > n:
		return fmt.Errorf("%w: offset %d is beyond the length %d", ErrInvalidRecord, r.Offset, n)
	case r.Sent < 0 || known && r.Sent > n:
		return fmt.Errorf("%w: %d bytes sent", ErrInvalidRecord, r.Sent)
	}
	return nil
}

// validateTimes checks that JSON can hold the times of a record.
func (r *Record) validateTimes() error {
	for _, t := range []struct {
		name string
		time time.Time
	}{{"created", r.Created}, {"updated", r.Updated}, {"expires", r.Expires}} {
		if y := t.time.UTC().Year(); y < 1 || y > 9999 {
			return fmt.Errorf("%w: %s in the year %d", ErrInvalidRecord, t.name, y)
		}
	}
	return nil
}

// ValidateParts checks the parts of a record as Validate does.
func (r *Record) ValidateParts() error {
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
		if err := checkRecordURL(fmt.Sprintf("part %d", i), p.URL); err != nil {
			return err
		}
		if err := p.Denial.Validate(); err != nil {
			return fmt.Errorf("%w: part %d: %w", ErrInvalidRecord, i, err)
		}
		start = p.End
	}
	if n, known := r.Length.Int64(); known && start > n {
		return fmt.Errorf("%w: parts end at %d, beyond the length %d", ErrInvalidRecord, start, n)
	}
	return nil
}

// checkRecordURL accepts "" too. A server finds an upload only under the exact bytes of
// its URL, and JSON keeps the bytes only if they are UTF-8.
func checkRecordURL(name, raw string) error {
	if raw == "" {
		return nil
	}
	u, err := address.Parse(raw)
	switch {
	case err != nil:
		return fmt.Errorf("%w: %s: %w", ErrInvalidRecord, name, err)
	case u.User != nil:
		return fmt.Errorf("%w: %s: %w: it holds user information", ErrInvalidRecord, name, failure.ErrInvalidURL)
	case !utf8.ValidString(raw):
		return fmt.Errorf("%w: %s: %w: it is not UTF-8", ErrInvalidRecord, name, failure.ErrInvalidURL)
	}
	return nil
}

// Refusal returns the error that Upload gives for the upload of a record that the server
// refused, or nil for any other record. The error Is failure.ErrRefused.
func (r *Record) Refusal() error {
	if !r.Denial.Refused {
		return nil
	}
	return r.Denial.Refusal(r.URL)
}
