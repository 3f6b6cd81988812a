package layers

import (
	"bytes"
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
	"net/http"
	"slices"

	"github.com/tus/tusd/v2/pkg/handler"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/testserver/internal/httpmsg"
)

// ChecksumAlgorithms returns all algorithms that Config.Checksum accepts, sha1
// first, which the specification requires of every server with checksums. A
// crc32 sum is that of IEEE 802.3 in four bytes, most significant byte first.
func ChecksumAlgorithms() []string {
	return []string{"sha1", "sha256", "sha512", "md5", "crc32"}
}

// newHash returns nil for an unknown algorithm.
func newHash(algorithm string) hash.Hash {
	switch algorithm {
	case "sha1":
		return sha1.New()
	case "sha256":
		return sha256.New()
	case "sha512":
		return sha512.New()
	case "md5":
		return md5.New()
	case "crc32":
		return crc32.NewIEEE()
	}
	return nil
}

var (
	errChecksumInvalid = handler.NewError("ERR_INVALID_CHECKSUM",
		"missing or invalid Upload-Checksum", http.StatusBadRequest)
	errChecksumAlgorithm = handler.NewError("ERR_UNSUPPORTED_CHECKSUM_ALGORITHM",
		"checksum algorithm is not supported", http.StatusBadRequest)
	errChecksumMismatch = handler.NewError("ERR_CHECKSUM_MISMATCH",
		"checksum does not match the chunk", statusChecksumMismatch)
)

// statusChecksumMismatch is defined by tus 1.0.0, Checksum.
const statusChecksumMismatch = 460

// chunkCheck verifies the body of a request (tus 1.0.0, Checksum).
type chunkCheck struct {
	algorithms []string
	body       *endedBody
	sums       []protocol.Checksum // from the header
	trailer    http.Header         // nil: no checksum in a trailer was announced
	err        error               // the header is invalid
}

// newChunkCheck returns nil if r carries no chunk or a chunk without a
// checksum.
func newChunkCheck(r *http.Request, cfg Config) *chunkCheck {
	switch httpmsg.Method(r) {
	case http.MethodPatch:
	case http.MethodPost:
		if r.Header.Get(protocol.HeaderContentType) != protocol.ContentType {
			return nil
		}
	default:
		return nil
	}
	if len(cfg.Checksum) == 0 {
		return nil
	}
	c := &chunkCheck{algorithms: cfg.Checksum, body: new(endedBody)}
	if _, announced := r.Trailer[protocol.HeaderUploadChecksum]; announced && cfg.ChecksumTrailer {
		c.trailer = r.Trailer
	}
	values := r.Header.Values(protocol.HeaderUploadChecksum)
	if len(values) > 0 {
		c.err = c.add(values)
	} else if c.trailer == nil {
		return nil
	}
	return c
}

// add parses the values of Upload-Checksum.
func (c *chunkCheck) add(values []string) error {
	if len(values) != 1 {
		return errChecksumInvalid
	}
	sum, err := protocol.ParseChecksum(values[0])
	if err != nil {
		return errChecksumInvalid
	}
	// ParseChecksum is lenient for the sake of clients. This server accepts the
	// exact form of the specification only, so that it detects mistakes of the
	// client under test.
	if exact, err := sum.Encode(); err != nil || exact == "" || exact != values[0] {
		return errChecksumInvalid
	}
	if !slices.Contains(c.algorithms, sum.Algorithm) {
		return errChecksumAlgorithm
	}
	c.sums = append(c.sums, sum)
	return nil
}

// verify compares a complete chunk with the checksums of the header and the
// trailer.
func (c *chunkCheck) verify(chunk *spool) error {
	if c.trailer != nil {
		if err := c.add(c.trailer.Values(protocol.HeaderUploadChecksum)); err != nil {
			return err
		}
	}
	for _, sum := range c.sums {
		r, err := chunk.reader()
		if err != nil {
			return err
		}
		h := newHash(sum.Algorithm)
		if _, err := io.Copy(h, r); err != nil {
			return err
		}
		if !bytes.Equal(h.Sum(nil), sum.Sum) {
			return errChecksumMismatch
		}
	}
	return nil
}

// WriteChunk stores a chunk. A chunk with a checksum is stored after all of it
// has arrived and matched, and otherwise nothing of it is stored.
func (u *storedUpload) WriteChunk(ctx context.Context, offset int64, src io.Reader) (_ int64, err error) {
	req := requestOf(ctx)
	if req.check == nil {
		return u.Upload.WriteChunk(ctx, offset, src)
	}
	chunk, err := newSpool(src)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, chunk.close()) }()
	if !req.check.body.ended(chunk.size) {
		// The body was cut. tusd answers with the reason.
		return 0, nil
	}
	if err := req.check.verify(chunk); err != nil {
		if req.post {
			// The client learns no URL of the upload that this request created.
			err = errors.Join(err, u.Terminate(ctx))
		}
		return 0, err
	}
	if u.length != nil {
		if err := u.declare(ctx, *u.length); err != nil {
			return 0, fmt.Errorf("declare the length: %w", err)
		}
	}
	r, err := chunk.reader()
	if err != nil {
		return 0, err
	}
	return u.Upload.WriteChunk(ctx, offset, r)
}

// endedBody records whether a body was read to its end, because tusd hides from
// its store whether a body was cut.
type endedBody struct {
	io.ReadCloser
	n   int64
	eof bool
}

func (b *endedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.n += int64(n)
	b.eof = b.eof || err == io.EOF
	return n, err
}

// ended reports whether the body ended after n bytes.
func (b *endedBody) ended(n int64) bool { return b.eof && b.n == n }
