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

// sumDice are dice under which no kept seed draws a checksum, so that each stays
// the script that failed once.
const sumDice = 3

// sumScript is how bytes are checked. The zero value is not at all.
type sumScript struct {
	algorithm string
	trailer   bool // by a checksum behind them, until one gets lost
}

func (s sumScript) String() string {
	return fmt.Sprintf("%s, trailer %v", s.algorithm, s.trailer)
}

// config is that of a server which checks.
func (s sumScript) config(cfg testserver.Config) testserver.Config {
	if s.algorithm == "" {
		return cfg
	}
	cfg.Checksum, cfg.ChecksumTrailer = []string{s.algorithm}, s.trailer
	cfg.Expiration, cfg.ConcatUnfinished = 1000*time.Hour, true
	return cfg
}

// value is Upload-Checksum for p.
func (s sumScript) value(p []byte) string {
	h := map[string]func() hash.Hash{"sha1": sha1.New, "md5": md5.New}[s.algorithm]()
	_, _ = h.Write(p)
	v, err := protocol.Checksum{Algorithm: s.algorithm, Sum: h.Sum(nil)}.Encode()
	if err != nil {
		return err.Error()
	}
	return v
}

// drawSum draws a checksum, and damage on the way, which nobody would notice
// without one.
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

// pieceAt is how many bytes a PATCH at offset carries: as many as a source gives
// at once, and no more than a proxy lets through.
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

// piece is the most that the source gives at once, 0 for all.
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

// halve is for a PATCH of so many bytes that a proxy refused or that got lost.
func (w *witness) halve(length int64) {
	if limit := max(length/2, leastBody); length > leastBody && (w.limit == 0 || limit < w.limit) {
		w.limit = limit
	}
}

// checkSum holds a PATCH against its checksum, which comes before the bytes or
// is announced to follow them.
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

// withoutTrailer notes that an answer to a PATCH with a trailer may have been
// about that, so that checksums come first from now on. It tells whether the
// request is to be sent again for it.
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
