package record

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"

	"github.com/tusker-go/tusker/client/internal/address"
)

// Key returns the key of the upload of a source to an endpoint by an account, or "" if the
// source has no identity. A query of the endpoint may be a token that changes, so it does
// not count.
func Key(endpoint, account, identity string) string {
	if identity == "" {
		return ""
	}
	h := sha256.New()
	for _, field := range []string{"tusker 2", address.WithoutQuery(endpoint), account, identity} {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(field))))
		h.Write([]byte(field))
	}
	return hex.EncodeToString(h.Sum(nil))
}
