package protocol

import (
	"encoding/base64"
	"strings"
)

// Checksum is the checksum of the body of one request (tus 1.0.0, Checksum,
// Upload-Checksum). The zero value is no checksum.
type Checksum struct {
	Algorithm string // as in Tus-Checksum-Algorithm, for example "sha1"
	Sum       []byte // decoded
}

// IsZero reports whether c has neither an algorithm nor a sum.
func (c Checksum) IsZero() bool { return c.Algorithm == "" && len(c.Sum) == 0 }

// Encode returns the value of Upload-Checksum. It returns "" for the zero value: do not
// send the header then. The error is ErrInvalidChecksum, for an empty sum, and for an
// algorithm that is empty or has anything but visible ASCII without capital letters and
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

// ParseChecksum parses the value of Upload-Checksum; "" gives the zero value. Several
// spaces or tabs can separate algorithm and sum, and base64 can be without padding.
// ParseChecksum does not check whether the algorithm is known and the sum has the right
// size. The error is ErrInvalidChecksum.
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

// algorithmFlaw returns why s is not the name of a checksum algorithm, or "" if it is.
func algorithmFlaw(s string) string {
	if flaw := wordFlaw(s); flaw != "" {
		return flaw
	}
	if strings.ContainsFunc(s, func(r rune) bool { return 'A' <= r && r <= 'Z' }) {
		return "holds a capital"
	}
	return ""
}
