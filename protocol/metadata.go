package protocol

import (
	"encoding/base64"
	"maps"
	"slices"
	"strings"
)

// Metadata has the keys and values of an upload (tus 1.0.0, Upload-Metadata). Values are
// decoded and can be any bytes. An empty value stands for a key without value. nil is no
// metadata.
//
// A key consists of one or more visible ASCII characters without the comma. The
// specification only recommends ASCII, but servers refuse other keys.
type Metadata map[string]string

// Validate returns nil if [Metadata.Encode] succeeds. Otherwise the error is
// ErrInvalidMetadata and names the first invalid keys. The error for more than
// [MaxMetadataPairs] pairs is ErrTooManyElements as well.
func (m Metadata) Validate() error { return validateKeys(m.sortedKeys()) }

func (m Metadata) sortedKeys() []string {
	keys := slices.AppendSeq(make([]string, 0, len(m)), maps.Keys(m))
	slices.Sort(keys)
	return keys
}

func validateKeys(keys []string) error {
	if len(keys) > MaxMetadataPairs {
		return errPairs()
	}
	var errs reasons
	for _, key := range keys {
		if flaw := wordFlaw(key); flaw != "" {
			errs.add(func() error { return errKey(key, flaw) })
		}
	}
	return errs.after(nil)
}

func errPairs() error { return tooMany(ErrInvalidMetadata, MaxMetadataPairs, "pairs") }

func errKey(key, flaw string) error {
	return invalid(ErrInvalidMetadata, "metadata key %s %s", quote(key), flaw)
}

// Encode returns the value of Upload-Metadata, sorted by key. It returns "" for no
// metadata: do not send the header then. The error is that of [Metadata.Validate].
func (m Metadata) Encode() (string, error) {
	keys := m.sortedKeys()
	if err := validateKeys(keys); err != nil {
		return "", err
	}
	size := 0
	for key, value := range m {
		size += len(key) + base64.StdEncoding.EncodedLen(len(value)) + len(" ,")
	}
	b := make([]byte, 0, size)
	for i, key := range keys {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, key...)
		if value := m[key]; value != "" {
			b = append(b, ' ')
			b = base64.StdEncoding.AppendEncode(b, []byte(value))
		}
	}
	return string(b), nil
}

// ParseMetadata parses the value of Upload-Metadata. The result is nil if s has no pair.
// Spaces and tabs can surround keys and values, empty pairs are skipped, and base64 can
// be without padding.
//
// A key that Encode refuses, a second value for a key, and a value that is not base64
// are errors. So are more than [MaxMetadataPairs] pairs, which are
// ErrTooManyElements as well: only the first pairs are read then. All errors are
// ErrInvalidMetadata, and their text names the first invalid keys. The pairs that
// could be parsed are returned with the error. If a key has two values, the
// first one is returned.
func ParseMetadata(s string) (Metadata, error) {
	var m Metadata
	var errs reasons
	fail := func(key, flaw string) { errs.add(func() error { return errKey(key, flaw) }) }
	pairs := 0
	for pair := range strings.SplitSeq(s, ",") {
		pair = trim(pair)
		if pair == "" {
			continue
		}
		if pairs++; pairs > MaxMetadataPairs {
			return m, errs.after(errPairs())
		}
		key, encoded := pair, ""
		if i := strings.IndexFunc(pair, isBlank); i >= 0 {
			key, encoded = pair[:i], trim(pair[i:])
		}
		if flaw := wordFlaw(key); flaw != "" {
			fail(key, flaw)
			continue
		}
		if _, ok := m[key]; ok {
			fail(key, "occurs twice")
			continue
		}
		value, err := decodeBase64(encoded)
		if err != nil {
			fail(key, "has a value that is not base64")
			continue
		}
		if m == nil {
			m = make(Metadata)
		}
		m[key] = string(value)
	}
	return m, errs.after(nil)
}
