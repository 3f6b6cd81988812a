package client

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"
	"net/http"

	"github.com/tusker-go/tusker/protocol"
)

const (
	// downloadBuffer is the size of one read, in bytes.
	downloadBuffer = 64 << 10

	// maxLookAhead is how many bytes of a response without a length are read
	// before any of it is written.
	maxLookAhead = 256 << 10
)

// responseBody reads the body of a response under a watchdog. It knows which bytes
// of the content these are, and where they end.
type responseBody struct {
	r       io.Reader
	dog     *watchdog
	at      int64 // position of the next byte in the content
	end     int64 // position behind the last byte of a range
	ranged  bool  // end is known
	size    int64 // Content-Length; below 0: none
	chunked bool  // the transfer has an end that can be told from a lost connection
}

// limit makes it the body of a range. Whatever follows the range is not read.
func (b *responseBody) limit(r byteRange) { b.at, b.end, b.ranged = r.start, r.end, true }

// framed tells whether the end of the body can be told from a lost connection.
func (b *responseBody) framed() bool { return b.size >= 0 || b.chunked }

func (b *responseBody) Read(p []byte) (int, error) {
	if b.ranged {
		if b.at == b.end {
			return 0, io.EOF
		}
		p = p[:min(int64(len(p)), b.end-b.at)]
	}
	b.dog.alive()
	n, err := b.r.Read(p)
	b.dog.pause()
	b.at += int64(n)
	return n, err
}

// lookAhead reads the beginning of a response that says no length, though the
// length of the content is known from HEAD. A response with fewer or more bytes is
// the page of a proxy rather than the content, and none of it is written.
func (d *download) lookAhead(ctx context.Context, resp *http.Response, body *responseBody, length protocol.Length) error {
	want, known := length.Int64()
	if !known || body.size >= 0 || resp.StatusCode != http.StatusOK {
		return nil
	}
	var head bytes.Buffer
	n, err := io.CopyN(&head, body, min(want, maxLookAhead-1)+1)
	switch {
	case n == want, err == nil && n < want:
	case err == nil, isEnd(err) && body.chunked:
		return d.refused(resp, "", otherSize(want, n), nil)
	case isEnd(err):
		return d.failed(io.ErrUnexpectedEOF)
	default:
		return d.failed(d.c.failure(ctx, exchange{}, err))
	}
	body.at = 0
	body.r = io.MultiReader(&head, body.r)
	return nil
}

// copy writes the bytes of a response that the writer does not have. With compare,
// the bytes that it has are compared with those of the response before.
func (d *download) copy(ctx context.Context, resp *http.Response, body *responseBody, compare bool) error {
	var sum hash.Hash
	if compare {
		if !d.prefix.known() {
			return d.refused(resp, "", fmt.Errorf("%w: cannot tell whether the %d bytes from before are of the same content, "+
				"as the server sends no strong ETag", ErrContentChanged, d.offset), nil)
		}
		sum = sha256.New()
	}
	buf := make([]byte, downloadBuffer)
	before := d.offset
	for {
		at := body.at
		n, err := body.Read(buf)
		old := max(0, min(int64(n), d.offset-at))
		if sum != nil {
			_, _ = sum.Write(buf[:old])
			if at+old == d.offset {
				if !d.prefix.agrees(sum) {
					return d.refused(resp, "", fmt.Errorf("%w: its first %d bytes are others than before", ErrContentChanged, d.offset), nil)
				}
				// This content has the bytes, so its validator counts from now on.
				d.content.validator = validatorOf(resp.Header)
				sum = nil
			}
		}
		if int64(n) > old {
			if werr := d.write(buf[old:n], resp); werr != nil {
				return werr
			}
		}
		if err != nil {
			return d.end(ctx, body, before, err)
		}
	}
}

// write passes on bytes that the writer does not have yet.
func (d *download) write(p []byte, resp *http.Response) error {
	if length, known := d.content.Length.Int64(); known && int64(len(p)) > length-d.offset {
		return d.refused(resp, "", fmt.Errorf("%w: there is more than its %d bytes", ErrContent, length), nil)
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
	d.progress()
	d.events.acknowledged(EventProgress, d.offset, d.content.Length)
	return nil
}

// end decides what the end of a response means. Before it, the writer had so many
// bytes. A response that ends before the bytes of the writer is never complete.
func (d *download) end(ctx context.Context, body *responseBody, before int64, err error) error {
	length, known := d.content.Length.Int64()
	switch {
	case known && body.at >= d.offset && d.offset == length:
		return errComplete
	case !isEnd(err):
		return d.failed(d.c.failure(ctx, exchange{}, err))
	case body.ranged && d.offset > before:
		return nil // the range was a part of the rest; the next request asks for more
	case body.at < d.offset:
		return d.failed(fmt.Errorf("the answer ends after %d bytes, %d were there before: %w", body.at, d.offset, io.ErrUnexpectedEOF))
	case !known && !body.ranged && body.framed():
		d.content.Length = protocol.Known(d.offset)
		return errComplete
	}
	return d.failed(io.ErrUnexpectedEOF)
}
