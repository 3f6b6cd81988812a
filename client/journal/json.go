package journal

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
	"unicode/utf8"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/protocol"
)

// recordJSON is a Record as it is encoded. Other programs read these names.
type recordJSON struct {
	Key       string          `json:"key"`
	Account   string          `json:"account,omitempty"`
	Protocol  string          `json:"protocol,omitempty"`
	Endpoint  string          `json:"endpoint,omitempty"`
	URL       string          `json:"url,omitempty"`
	Source    string          `json:"source,omitempty"`
	Bytes     []byte          `json:"source_bytes,omitempty"` // of a source that is not UTF-8
	Length    protocol.Length `json:"length,omitzero"`
	Offset    int64           `json:"offset"`
	Sent      int64           `json:"sent,omitempty"`
	Reach     protocol.Length `json:"reach,omitzero"`
	Created   time.Time       `json:"created,omitzero"`
	Updated   time.Time       `json:"updated,omitzero"`
	Expires   time.Time       `json:"expires,omitzero"`
	Uncertain bool            `json:"uncertain,omitempty"`
	Denial    failure.Denial  `json:"denial,omitzero"`
	SHA256    string          `json:"sha256,omitempty"`
	Header    http.Header     `json:"header,omitempty"`
	Note      string          `json:"note,omitempty"`
	Parts     []PartRecord    `json:"parts,omitempty"`
}

// MarshalJSON encodes the record under the names that Record documents, times in
// UTC. It does not validate.
func (r Record) MarshalJSON() ([]byte, error) { return encoded(r.json()) }

// json returns the record as it is encoded.
func (r *Record) json() recordJSON {
	e := recordJSON{
		Key: r.Key, Account: r.Account, Protocol: r.Protocol, Endpoint: r.Endpoint, URL: r.URL, Source: r.Source, Length: r.Length, Offset: r.Offset, Sent: r.Sent, Reach: r.Reach,
		Created: r.Created.UTC(), Updated: r.Updated.UTC(), Expires: r.Expires.UTC(), Uncertain: r.Uncertain, Denial: r.Denial, Parts: r.Parts,
		SHA256: hex.EncodeToString(r.SHA256), Header: r.Header, Note: r.Note,
	}
	if !utf8.ValidString(r.Source) {
		e.Bytes = []byte(r.Source)
	}
	return e
}

// encoded returns v as JSON in one line.
func encoded(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	// URLs are full of ampersands, and people read records.
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte{'\n'}), nil
}

// UnmarshalJSON takes a record from its JSON. It validates no more than that the
// types fit and that the length is not negative; see Validate.
func (r *Record) UnmarshalJSON(b []byte) error {
	var e recordJSON
	if err := json.Unmarshal(b, &e); err != nil {
		return err
	}
	return r.take(e)
}

// take takes a record from its JSON, as UnmarshalJSON does.
func (r *Record) take(e recordJSON) error {
	if e.Bytes != nil {
		e.Source = string(e.Bytes)
	}
	if len(e.Parts) == 0 {
		e.Parts = nil
	}
	sum, err := hex.DecodeString(e.SHA256)
	if err != nil {
		return fmt.Errorf("sha256: %w", err)
	}
	if len(e.Header) == 0 {
		e.Header = nil
	}
	if len(sum) == 0 {
		sum = nil
	}
	*r = Record{
		Key: e.Key, Account: e.Account, Protocol: e.Protocol, Endpoint: e.Endpoint, URL: e.URL, Source: e.Source, Length: e.Length, Offset: e.Offset, Sent: e.Sent, Reach: e.Reach,
		Created: e.Created.UTC(), Updated: e.Updated.UTC(), Expires: e.Expires.UTC(), Uncertain: e.Uncertain, Denial: e.Denial, Parts: e.Parts,
		SHA256: sum, Header: e.Header, Note: e.Note,
	}
	return nil
}
