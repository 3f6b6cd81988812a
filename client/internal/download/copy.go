package download

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"
	"net/http"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/internal/engine"
	"github.com/tusker-go/tusker/client/internal/input"
	"github.com/tusker-go/tusker/client/internal/partial"
	"github.com/tusker-go/tusker/client/internal/wire"
	"github.com/tusker-go/tusker/protocol"
)

const (
	// bufferSize is the size of one read, in bytes.
	bufferSize = 64 << 10

	// maxLookAhead is how many bytes of an answer without a length are read before any of
	// it is written.
	maxLookAhead = 256 << 10
)

// body reads the body of an answer. It knows which bytes of the content these are, and
// where they end.
type body struct {
	r         io.Reader
	at        int64 // position of the next byte in the content
	end       int64 // position behind the last byte of a range
	ranged    bool  // end is known
	size      int64 // Content-Length; below 0: none
	delimited bool  // the end can be told from a lost connection without a length
}

// limit makes it the body of a range. Bytes behind the range are not read.
func (b *body) limit(r partial.Range) { b.at, b.end, b.ranged = r.Start, r.End, true }

// framed reports whether the end of the body can be told from a lost connection.
func (b *body) framed() bool { return b.size >= 0 || b.delimited }

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) {
	if b.ranged {
		if b.at == b.end {
			return 0, io.EOF
		}
		p = p[:min(int64(len(p)), b.end-b.at)]
	}
	n, err := b.r.Read(p)
	b.at += int64(n)
	return n, err
}

// lookAhead reads the beginning of an answer that says no length, although the length of
// the content is known from HEAD. An answer with fewer or more bytes is the page of a proxy
// rather than the content, and none of it is written.
func (b *body) lookAhead(a *wire.Answer, length protocol.Length) error {
	want, known := length.Int64()
	if !known || b.size >= 0 || a.StatusCode != http.StatusOK {
		return nil
	}
	var head bytes.Buffer
	n, err := io.CopyN(&head, b, min(want, maxLookAhead-1)+1)
	switch {
	case n == want, err == nil && n < want:
	case err == nil, input.IsEnd(err) && b.delimited:
		return a.Refuse(otherSize(want, n))
	case input.IsEnd(err):
		return a.Lost(io.ErrUnexpectedEOF)
	default:
		return err
	}
	b.at = 0
	b.r = io.MultiReader(&head, b.r)
	return nil
}

// copy writes the bytes of an answer that the writer does not have. With compare, the bytes
// that it has are compared with those of the answer before.
func (d *download) copy(ctx context.Context, a *wire.Answer, b *body, compare bool) error {
	var sum hash.Hash
	if compare {
		if !d.prefix.known() {
			return a.Refuse(fmt.Errorf("%w: cannot decide whether the %d earlier bytes are of the same content, "+
				"because the server sends no strong ETag", failure.ErrContentChanged, d.offset))
		}
		sum = sha256.New()
	}
	buf := make([]byte, bufferSize)
	before := d.offset
	for {
		at := b.at
		n, err := b.Read(buf)
		old := max(0, min(int64(n), d.offset-at))
		if sum != nil {
			_, _ = sum.Write(buf[:old])
			if at+old == d.offset {
				if !d.prefix.agrees(sum) {
					return a.Refuse(fmt.Errorf("%w: its first %d bytes have changed", failure.ErrContentChanged, d.offset))
				}
				// This content has the bytes, so its validator counts from now on.
				d.content.validator = validatorOf(a.Header)
				sum = nil
			}
		}
		if int64(n) > old {
			if werr := d.write(ctx, buf[old:n], a); werr != nil {
				return werr
			}
		}
		if err != nil {
			return d.end(a, b, before, err)
		}
	}
}

// write passes on bytes that the writer does not have yet.
func (d *download) write(ctx context.Context, p []byte, a *wire.Answer) error {
	if length, known := d.content.Length.Int64(); known && int64(len(p)) > length-d.offset {
		return a.Refuse(fmt.Errorf("%w: the answer has more than its %d bytes", failure.ErrContent, length))
	}
	n, err := d.w.Write(p)
	n = min(max(n, 0), len(p))
	d.prefix.add(p[:n])
	d.offset += int64(n)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	if err != nil {
		return fmt.Errorf("write download: %w", err)
	}
	d.retrier.Progress()
	return d.Report(ctx, d.Event(engine.Progress))
}

// end decides what the end of an answer means. Before it, the writer had so many bytes. An
// answer that ends before the bytes of the writer is never complete.
func (d *download) end(a *wire.Answer, b *body, before int64, err error) error {
	length, known := d.content.Length.Int64()
	switch {
	case known && b.at >= d.offset && d.offset == length:
		d.done = true
		return nil
	case !input.IsEnd(err):
		return err
	case b.ranged && d.offset > before:
		return nil // the range was a part of the rest; the next request asks for more
	case b.at < d.offset:
		return a.Lost(fmt.Errorf("the answer ends after %d bytes, but %d were already written: %w", b.at, d.offset, io.ErrUnexpectedEOF))
	case !known && !b.ranged && b.framed():
		d.content.Length = protocol.Known(d.offset)
		d.done = true
		return nil
	}
	return a.Lost(io.ErrUnexpectedEOF)
}
