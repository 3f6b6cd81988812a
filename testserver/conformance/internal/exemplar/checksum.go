package exemplar

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"hash/crc32"
	"net/http"
	"slices"

	"github.com/tusker-go/tusker/protocol"
)

// sumStatus verifies the checksum of a PATCH. It returns 0, or the status of a
// refusal.
func (s *Server) sumStatus(r *http.Request, data []byte) int {
	value := r.Header.Get(protocol.HeaderUploadChecksum)
	if value == "" && s.has(protocol.ExtensionChecksumTrailer) {
		value = r.Trailer.Get(protocol.HeaderUploadChecksum)
	}
	if value == "" || !s.has(protocol.ExtensionChecksum) {
		return 0
	}
	c, err := protocol.ParseChecksum(value)
	if err != nil || !slices.Contains(s.Algorithms, c.Algorithm) {
		return http.StatusBadRequest
	}
	if !bytes.Equal(sum(c.Algorithm, data), c.Sum) {
		return 460
	}
	return 0
}

// sum returns nil for an unknown algorithm.
func sum(algorithm string, data []byte) []byte {
	switch algorithm {
	case "sha1":
		s := sha1.Sum(data)
		return s[:]
	case "md5":
		s := md5.Sum(data)
		return s[:]
	case "crc32":
		return binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(data))
	case "sha256":
		s := sha256.Sum256(data)
		return s[:]
	case "sha512":
		s := sha512.Sum512(data)
		return s[:]
	}
	return nil
}
