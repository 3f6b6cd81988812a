package protocol

import (
	"encoding/base64"
	"strings"
)

// Checksum is the sum of one request's body (tus 1.0.0, Checksum,
// Upload-Checksum). The zero value is no checksum.
type Checksum struct {
	Algorithm string // as in Tus-Checksum-Algorithm, for example "sha1"
	Sum       []byte // the bytes of the sum, not its text
}

// IsZero reports whether c has neither an algorithm nor a sum.
func (c Checksum) IsZero() bool { return c.Algorithm == "" && len(c.Sum) == 0 }

// Encode returns the value of Upload-Checksum: "" for the zero value, in which
// case the header is to be left out. The error is ErrInvalidChecksum: no sum,
// or an algorithm that is empty or not visible ASCII without capitals and
// commas.
func (c Checksum) Encode() (string, error) {
	if c.IsZero() {
		return "", nil
	}
	if flaw := algorithmFlaw(c.Algorithm); flaw != "" {
		return "", invalid(ErrInvalidChecksum, "checksum algorithm %s %s", quote(c.Algorithm), flaw)
	}
	if len(c.Sum) == 0 {
		return "", invalid(ErrInvalidChecksum, "checksum of algorithm %s is empty", quote(c.Algorithm))
	}
	return c.Algorithm + " " + base64.StdEncoding.EncodeToString(c.Sum), nil
}

// ParseChecksum reads the value of Upload-Checksum; "" gives the zero value.
// Several spaces or tabs may separate algorithm and sum, and base64 may lack
// its padding. Whether the algorithm is known, and the sum as long as it
// should be, is not checked. The error is ErrInvalidChecksum.
func ParseChecksum(s string) (Checksum, error) {
	s = trim(s)
	if s == "" {
		return Checksum{}, nil
	}
	algorithm, encoded := s, ""
	if i := strings.IndexFunc(s, isBlank); i >= 0 {
		algorithm, encoded = s[:i], trim(s[i:])
	}
	sum, err := decodeBase64(encoded)
	if err != nil {
		return Checksum{}, invalid(ErrInvalidChecksum, "checksum %s is not base64", quote(encoded))
	}
	c := Checksum{Algorithm: algorithm, Sum: sum}
	if _, err := c.Encode(); err != nil {
		return Checksum{}, err
	}
	return c, nil
}

// algorithmFlaw says why s cannot name a checksum algorithm; "" where it can.
func algorithmFlaw(s string) string {
	if flaw := wordFlaw(s); flaw != "" {
		return flaw
	}
	if strings.ContainsFunc(s, func(r rune) bool { return 'A' <= r && r <= 'Z' }) {
		return "holds a capital"
	}
	return ""
}
