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
	return sum("tusker 2", address.WithoutQuery(endpoint), account, identity)
}

// UnfinishedKey returns the key of the record of an unfinished upload. It is Key, with a
// suffix that all records of sources at the same place have. Either may be "".
func UnfinishedKey(key, place string) string {
	if key == "" {
		return ""
	}
	return key + placeSuffix(place)
}

// placeSuffix returns the end of the keys of a place, or "" if there is no place.
func placeSuffix(place string) string {
	if place == "" {
		return ""
	}
	const digits = 16 // enough for a hint that is checked against the record
	return "-" + sum("place 1", place)[:digits]
}

// sum is the SHA-256 of fields, each with its length.
func sum(fields ...string) string {
	var all []byte
	for _, field := range fields {
		all = append(binary.BigEndian.AppendUint64(all, uint64(len(field))), field...)
	}
	sum := sha256.Sum256(all)
	return hex.EncodeToString(sum[:])
}
