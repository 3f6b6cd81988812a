package client

import (
	"context"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"github.com/tusker-go/tusker/protocol"
)

// ChecksumAuto is a value of Config.Checksum: the best algorithm that the server
// announces, or none.
const ChecksumAuto = "auto"

// checksumChunk is how many bytes go in one request with a checksum before them,
// where the caller does not say: they have to be read twice, and sent again
// whole when they arrive damaged.
const checksumChunk = 16 << 20

// algorithms are those that can be asked for, best first.
var algorithms = []struct {
	name string
	new  func() hash.Hash
}{
	{"sha256", sha256.New},
	{"sha512", sha512.New},
	{"sha1", sha1.New},
	{"md5", md5.New},
	{"crc32", func() hash.Hash { return crc32.NewIEEE() }},
}

// ChecksumAlgorithms are the names that Config.Checksum may have besides
// ChecksumAuto, best first.
func ChecksumAlgorithms() []string {
	names := make([]string, len(algorithms))
	for i, a := range algorithms {
		names[i] = a.name
	}
	return names
}

func newHash(name string) func() hash.Hash {
	for _, a := range algorithms {
		if a.name == name {
			return a.new
		}
	}
	return nil
}

func checkChecksum(name string) error {
	if name == "" || name == ChecksumAuto || newHash(name) != nil {
		return nil
	}
	return fmt.Errorf("%w: checksum %q is none of auto, %s", ErrInvalidOption, name, strings.Join(ChecksumAlgorithms(), ", "))
}

// summing is how the requests of an upload are checked. The zero value is not at
// all.
type summing struct {
	algorithm string
	new       func() hash.Hash
	trailer   bool // the checksum follows the body
}

// agree finds the checksum that the server and the caller agree on, with what
// the server of url says.
func (t *transfer) agree(ctx context.Context, url string) error {
	if t.c.checksum == "" {
		return nil
	}
	caps, err := t.capabilities(ctx, url)
	if err != nil && !isLacking(err) {
		return err
	}
	want := ChecksumAlgorithms()
	if t.c.checksum != ChecksumAuto {
		want = []string{t.c.checksum}
	}
	i := slices.IndexFunc(want, func(name string) bool { return slices.Contains(caps.ChecksumAlgorithms, name) })
	trailer := caps.Has(protocol.ExtensionChecksumTrailer)
	switch {
	case (caps.Has(protocol.ExtensionChecksum) || trailer) && i >= 0:
	case t.c.checksum == ChecksumAuto:
		t.c.log.LogAttrs(ctx, slog.LevelInfo, "sending without checksums: the server announces none that is known", slog.String("url", redact(url)))
		return nil
	case err != nil:
		return fmt.Errorf("%w %s, as far as it says: %w", ErrUnsupported, protocol.ExtensionChecksum, err)
	default:
		return fmt.Errorf("%w %s with %s", ErrUnsupported, protocol.ExtensionChecksum, t.c.checksum)
	}
	t.sum = summing{algorithm: want[i], new: newHash(want[i]), trailer: trailer}
	if !trailer {
		t.limitSummed()
	}
	return nil
}

// limitSummed bounds the bytes that are read to be summed before they are sent.
func (t *transfer) limitSummed() {
	t.sum.trailer = false
	if t.chunk == 0 {
		t.chunk = t.c.rule.near(checksumChunk)
	}
}

// of is the checksum of a piece.
func (s summing) of(ctx context.Context, piece cut) (protocol.Checksum, error) {
	r, err := piece.reader()
	if err != nil {
		return protocol.Checksum{}, sourceError(err)
	}
	h := s.new()
	if err := sumUp(ctx, h, r, piece.Len()); err != nil {
		return protocol.Checksum{}, err
	}
	return protocol.Checksum{Algorithm: s.algorithm, Sum: h.Sum(nil)}, nil
}

// sumUp writes size bytes of a source to h, until ctx ends.
func sumUp(ctx context.Context, h hash.Hash, r io.Reader, size int64) error {
	const stretch = 4 << 20
	for size > 0 {
		if ctx.Err() != nil {
			return ended(ctx)
		}
		n, err := io.CopyN(h, r, min(stretch, size))
		size -= n
		if isEnd(err) {
			err = fmt.Errorf("%w: %d bytes are missing", ErrSourceChanged, size)
		}
		if err != nil {
			return sourceError(err)
		}
	}
	return nil
}

// trailing sends the checksum of a body behind it, in one pass over the bytes.
func (b *body) trailing(req *http.Request, s summing) {
	trailer := http.Header{protocol.HeaderUploadChecksum: nil}
	req.Trailer = trailer
	// Only a body of unstated length can have a trailer in HTTP/1.1. It cannot
	// be had a second time, for the request that would follow has no trailer.
	req.ContentLength, req.GetBody = -1, nil
	b.current.sum, b.current.summed = s.new(), func(sum []byte) {
		value, err := protocol.Checksum{Algorithm: s.algorithm, Sum: sum}.Encode()
		if err == nil {
			trailer.Set(protocol.HeaderUploadChecksum, value)
		}
	}
}

// withoutTrailer makes the next try one with the checksum before the bytes, where
// one that followed them was refused: a Doer or proxy may have lost it, or not
// know bodies of unstated length, and a redirect cannot be followed with one.
func (t *transfer) withoutTrailer(err error) error {
	e, ok := errors.AsType[*Error](err)
	if !ok || !t.sum.trailer || e.Op != protocol.OpPatch {
		return err
	}
	switch {
	case e.Class() == ClassIntegrity:
	case e.Class() == ClassFinal && isTrailerRefused(e):
		err = e.as(ClassTransient)
	default:
		return err
	}
	t.limitSummed()
	return err
}
