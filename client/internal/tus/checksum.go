package tus

import (
	"context"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"fmt"
	"hash"
	"hash/crc32"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/internal/redact"
	"github.com/tusker-go/tusker/client/internal/wire"
	"github.com/tusker-go/tusker/client/source"
	"github.com/tusker-go/tusker/protocol"
)

// ChecksumAuto stands for the best algorithm that the server announces, or none.
const ChecksumAuto = "auto"

// checksumChunk is how many bytes go in one request with a checksum before them if the
// caller does not say: they are read twice, and sent again completely if they arrive
// damaged.
const checksumChunk = 16 << 20

// algorithms are the supported ones, best first.
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

// ChecksumAlgorithms returns the names of the supported algorithms, best first.
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

// CheckChecksum returns an error that Is failure.ErrInvalidOption for a name that is
// neither "", ChecksumAuto nor one of ChecksumAlgorithms.
func CheckChecksum(name string) error {
	if name == "" || name == ChecksumAuto || newHash(name) != nil {
		return nil
	}
	return fmt.Errorf("%w: checksum %q is not one of auto, %s", failure.ErrInvalidOption, name, strings.Join(ChecksumAlgorithms(), ", "))
}

// checksum is how the requests of an upload are checked. The zero value means that they
// are not.
type checksum struct {
	algorithm string
	new       func() hash.Hash
	trailer   bool // the checksum follows the body
}

// MustNegotiate implements [dialect.Negotiator].
func (d *Dialect) MustNegotiate() bool { return d.wanted != "" }

// Negotiate implements [dialect.Negotiator]: it finds the checksum that the caller wants and
// the server of url supports.
func (d *Dialect) Negotiate(ctx context.Context, url string) error {
	caps, silent, err := d.server.Discover(ctx, url, d.wanted != ChecksumAuto, d.call)
	if err != nil {
		return err
	}
	want := ChecksumAlgorithms()
	if d.wanted != ChecksumAuto {
		want = []string{d.wanted}
	}
	i := slices.IndexFunc(want, func(name string) bool { return slices.Contains(caps.ChecksumAlgorithms, name) })
	trailer := caps.Has(protocol.ExtensionChecksumTrailer)
	switch {
	case (caps.Has(protocol.ExtensionChecksum) || trailer) && i >= 0:
		d.sum = checksum{algorithm: want[i], new: newHash(want[i]), trailer: trailer}
		return nil
	case d.wanted == ChecksumAuto:
		d.server.Conn.Log.LogAttrs(ctx, slog.LevelInfo, "sending without checksums: the server announces no algorithm that the client knows", slog.String("url", redact.URL(url)))
		return nil
	case silent != nil:
		return fmt.Errorf("%w %s, as far as is known: %w", failure.ErrUnsupported, protocol.ExtensionChecksum, silent)
	default:
		return fmt.Errorf("%w %s with %s", failure.ErrUnsupported, protocol.ExtensionChecksum, d.wanted)
	}
}

// of computes the checksum of a chunk.
func (c checksum) of(ctx context.Context, chunk source.Chunk) (protocol.Checksum, error) {
	h := c.new()
	if err := wire.Sum(ctx, h, chunk); err != nil {
		return protocol.Checksum{}, err
	}
	return protocol.Checksum{Algorithm: c.algorithm, Sum: h.Sum(nil)}, nil
}

// behind returns the trailer that carries the checksum.
func (c checksum) behind() *wire.Trailer {
	return &wire.Trailer{Name: protocol.HeaderUploadChecksum, New: c.new, Encode: func(sum []byte) (string, error) {
		return protocol.Checksum{Algorithm: c.algorithm, Sum: sum}.Encode()
	}}
}

// judgeTrailer calls Judge. If the server refused a checksum in a trailer, the next request
// sends its checksum before the bytes: a Doer or proxy may have dropped the trailer, or may not
// support bodies of undeclared length, and a request with a trailer cannot follow a redirect.
func (d *Dialect) judgeTrailer(e *failure.Error, sent http.Header) {
	Judge(e, sent)
	if !d.sum.trailer {
		return
	}
	switch {
	case e.Class == failure.ClassIntegrity:
	case e.Class == failure.ClassFinal && isTrailerRefused(e):
		e.Class = failure.ClassTransient
	default:
		return
	}
	d.sum.trailer = false
}
