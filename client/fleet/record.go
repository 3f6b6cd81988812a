package fleet

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/tusker-go/tusker/client/journal"
)

// recordVersion is the version of itemRecord.
const recordVersion = 1

// itemRecord is what the engine keeps of an item until the job is removed: the first URL that a
// worker stored is the only one that gets bytes.
type itemRecord struct {
	Version int             `json:"version"`
	Edges   string          `json:"edges,omitempty"` // of the bytes that the first worker saw, in hexadecimal
	Done    bool            `json:"done,omitempty"`  // the item has a result
	Record  json.RawMessage `json:"record"`
}

// errRecordDamaged means that a record cannot be read. It may be that of a finished upload, so
// nothing may take its place.
var errRecordDamaged = errors.New("the record of the item is damaged")

// encodeRecord returns the value of a record whose text is that of journal.Encode. It is
// written by hand, because there is one for each item.
func encodeRecord(text []byte, edges string, done bool) []byte {
	b := make([]byte, 0, len(text)+len(edges)+64)
	b = append(b, `{"version":`...)
	b = strconv.AppendInt(b, recordVersion, 10)
	if edges != "" {
		b = append(append(append(b, `,"edges":"`...), edges...), '"')
	}
	if done {
		b = append(b, `,"done":true`...)
	}
	b = append(append(b, `,"record":`...), text...)
	return append(b, '}')
}

// decodeRecord reads the value of a record. The error Is journal.ErrRecordVersion or
// errRecordDamaged.
func decodeRecord(data []byte) (itemRecord, *journal.Record, error) {
	var v itemRecord
	if err := json.Unmarshal(data, &v); err != nil {
		return v, nil, fmt.Errorf("%w: %w", errRecordDamaged, err)
	}
	if v.Version > recordVersion {
		return v, nil, fmt.Errorf("%w: version %d, and this program knows %d", journal.ErrRecordVersion, v.Version, recordVersion)
	}
	var head struct {
		Key string `json:"key"`
	}
	if err := json.Unmarshal(v.Record, &head); err != nil {
		return v, nil, fmt.Errorf("%w: %w", errRecordDamaged, err)
	}
	r, err := journal.Decode(head.Key, v.Record)
	if errors.Is(err, journal.ErrRecordDamaged) {
		// The text alone is kept, because a damaged record of a journal counts as none.
		err = fmt.Errorf("%w: %s", errRecordDamaged, err.Error())
	}
	return v, r, err
}
