package fake

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"hash"
	"hash/crc32"
	"net/http"
	"slices"

	"github.com/tusker-go/tusker/protocol"
)

var hashes = map[string]func() hash.Hash{
	"crc32":  func() hash.Hash { return crc32.NewIEEE() },
	"md5":    md5.New,
	"sha1":   sha1.New,
	"sha256": sha256.New,
	"sha512": sha512.New,
}

// agrees compares a body with its checksum (tus 1.0.0, Checksum). err is the error that
// reading the body ended with.
func (s *Server) agrees(r *http.Request, body []byte, err error) (answer, bool) {
	h := r.Header
	if _, trailer := r.Trailer[protocol.HeaderUploadChecksum]; trailer {
		h = r.Trailer
	} else if h.Get(protocol.HeaderUploadChecksum) == "" {
		return answer{}, true
	}
	if err != nil {
		return answer{status: http.StatusBadRequest, words: "ERR_UNEXPECTED_EOF: server expected to receive more bytes"}, false
	}
	sum, err := protocol.ParseChecksum(h.Get(protocol.HeaderUploadChecksum))
	newHash := hashes[sum.Algorithm]
	if err != nil || newHash == nil || !slices.Contains(s.config.Checksum, sum.Algorithm) {
		return answer{status: http.StatusBadRequest, words: "ERR_INVALID_CHECKSUM: missing or invalid Upload-Checksum"}, false
	}
	own := newHash()
	_, _ = own.Write(body)
	if !bytes.Equal(own.Sum(nil), sum.Sum) {
		return answer{status: statusDamaged, words: "ERR_CHECKSUM_MISMATCH: checksum does not match the chunk"}, false
	}
	return answer{}, true
}

const statusDamaged = 460
