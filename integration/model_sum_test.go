package integration

import (
	"crypto/md5"
	"crypto/sha1"
	"fmt"
	"hash"
	"net/http"
	"slices"
	"time"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/testserver"
)

// sumDice is the stream of random numbers for checksums. No kept seed draws a checksum
// from it, so each seed still makes the script that failed.
const sumDice = 3

// sumScript describes the checksums. The zero value means none.
type sumScript struct {
	algorithm string
	trailer   bool // the checksum follows the bytes, until one is lost
}

func (s sumScript) String() string {
	return fmt.Sprintf("%s, trailer %v", s.algorithm, s.trailer)
}

// config returns the configuration of a server that supports the checksum.
func (s sumScript) config(cfg testserver.Config) testserver.Config {
	if s.algorithm == "" {
		return cfg
	}
	cfg.Checksum, cfg.ChecksumTrailer = []string{s.algorithm}, s.trailer
	cfg.Expiration, cfg.ConcatUnfinished = 1000*time.Hour, true
	return cfg
}

// value returns Upload-Checksum for p.
func (s sumScript) value(p []byte) string {
	h := map[string]func() hash.Hash{"sha1": sha1.New, "md5": md5.New}[s.algorithm]()
	_, _ = h.Write(p)
	v, err := protocol.Checksum{Algorithm: s.algorithm, Sum: h.Sum(nil)}.Encode()
	if err != nil {
		return err.Error()
	}
	return v
}

// drawSum draws a checksum, and damage in the network. Only a checksum detects such
// damage.
func (s *script) drawSum(d dice) {
	if !d.in(30) {
		return
	}
	s.sum = sumScript{algorithm: pick(d, "sha1", "md5"), trailer: d.in(50)}
	for i, f := range s.spoil {
		if s.sum.trailer && f.sends {
			s.spoil[i].weight = 1 // a redirect cannot be followed with a trailer
		}
	}
	for range d.IntN(4) {
		f := spoil{method: http.MethodPatch, times: 1, weight: 1, flips: true, do: flip(d.upTo(s.body()))}
		if d.in(25) {
			f.times = 2 + d.IntN(4)
		}
		s.spoil = slices.Insert(s.spoil, d.IntN(len(s.spoil)+1), f)
	}
}

// pieceAt returns the length of a PATCH at offset. It is limited by the source and by the
// body limit of a proxy.
func (w *witness) pieceAt(offset int64) int64 {
	s := w.script
	n := s.src.size - offset
	if most := s.piece(); most > 0 {
		n = min(n, most)
	}
	if w.limit > 0 {
		n = min(n, w.limit)
	}
	return max(n, 0)
}

// piece returns the maximum length of a chunk of the source. 0: the whole source.
func (s script) piece() int64 {
	if s.chunk > 0 || !s.src.stream() {
		return s.chunk
	}
	keep := s.src.keep
	if keep == 0 {
		keep = 8 * mib
	}
	if s.src.kind == fromKnown && s.src.size <= keep {
		return max(1, s.src.size)
	}
	return max(1, keep/2)
}

// halve reduces the limit after a PATCH with this length was refused by a proxy or lost.
func (w *witness) halve(length int64) {
	if limit := max(length/2, leastBody); length > leastBody && (w.limit == 0 || limit < w.limit) {
		w.limit = limit
	}
}

// checkSum checks the checksum of a PATCH, which is in a header or announced as a
// trailer.
func (w *witness) checkSum(req *http.Request, offset, length int64) {
	if length == 0 || w.script.sum.algorithm == "" {
		return
	}
	if _, trailer := req.Trailer[protocol.HeaderUploadChecksum]; trailer {
		if !w.script.sum.trailer || w.headers {
			w.broken("PATCH at %d with a trailer", offset)
		}
		return
	}
	if w.script.sum.trailer && !w.headers {
		w.broken("PATCH at %d without a trailer, though none was refused", offset)
	}
	end := min(offset+length, int64(len(w.content)))
	if want, got := w.script.sum.value(w.content[min(offset, end):end]), req.Header.Get(protocol.HeaderUploadChecksum); got != want {
		w.broken("PATCH at %d with checksum %q, want %q", offset, got, want)
	}
}

// withoutTrailer records that an answer may have refused the trailer of a PATCH, so that
// later checksums are in a header. It reports whether the request must be sent again for
// this reason.
func (w *witness) withoutTrailer(method string, status int, body string) bool {
	if method != http.MethodPatch || !w.script.sum.trailer || w.headers {
		return false
	}
	switch {
	case status == statusDamaged:
		w.headers = true
	case status == http.StatusBadRequest && body == "no", status == http.StatusNotImplemented,
		status == http.StatusTemporaryRedirect, status == http.StatusPermanentRedirect:
		w.headers = true
		return true
	}
	return false
}
