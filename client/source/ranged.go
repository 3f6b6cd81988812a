package source

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/internal/input"
	"github.com/tusker-go/tusker/protocol"
)

// Ranged describes a source that can be opened at an offset, such as an object in an object
// store or a file on a web server. Each request of the upload, of which every part of an
// upload in parts has its own, opens one reader for its bytes. A checksum before the bytes of a
// request opens another one, and so does a comparison after the upload.
type Ranged struct {
	// Name says what is read, for logs and events. It is also the place of the source: if an
	// upload starts over and there is a record of other bytes with this Name, the upload says
	// that they have changed. It may be empty.
	Name string

	// Size is the number of bytes. Negative: failure.ErrInvalidOption.
	Size int64

	// ID identifies these bytes, on any machine, such as a version or a strong ETag
	// together with the name of the object; another state of the source must have another
	// ID. It is not a secret. "": no later run can recognize the source, so its uploads have
	// no records.
	ID string

	// Open returns a reader of at least length bytes from offset on, and fails if the bytes
	// are no longer those that ID names. It must be safe for concurrent use. The reader is
	// closed, also before its end. An error of Open or of the reader fails the request; the
	// upload then resumes under its retry policy, unless the error Is
	// failure.ErrSourceChanged or failure.ErrSource. Ctx is that of the upload, and also ends
	// with the request that reads; a Read that waits should then return.
	Open func(ctx context.Context, offset, length int64) (io.ReadCloser, error)
}

// NewRanged returns the source that r describes. The error Is failure.ErrInvalidOption.
func NewRanged(r Ranged) (Source, error) {
	if r.Size < 0 {
		return nil, fmt.Errorf("%w: %w: size %d is negative", failure.ErrSource, failure.ErrInvalidOption, r.Size)
	}
	if r.Open == nil {
		return nil, fmt.Errorf("%w: %w: nothing to open", failure.ErrSource, failure.ErrInvalidOption)
	}
	return &rangedSource{r}, nil
}

type rangedSource struct{ Ranged }

// Name implements [Source].
func (s *rangedSource) Name() string { return s.Ranged.Name }

// Length implements [Source].
func (s *rangedSource) Length() protocol.Length { return protocol.Known(s.Size) }

// Open implements [Source]. It opens no reader yet.
func (s *rangedSource) Open(context.Context, int64) (Handle, error) {
	return &openRanged{from: s.Ranged}, nil
}

// openRanged is a Ranged in its upload.
type openRanged struct{ from Ranged }

// Length implements [Handle].
func (o *openRanged) Length() protocol.Length { return protocol.Known(o.from.Size) }

// Chunk implements [Handle].
func (o *openRanged) Chunk(ctx context.Context, off, most int64) (Chunk, error) {
	rng, err := protocol.Next(off, o.Length(), most)
	if err != nil {
		return Chunk{}, err
	}
	return Chunk{Range: rng, Last: rng.End == o.from.Size, Reader: func() (io.Reader, error) {
		ctx, cancel := context.WithCancel(ctx)
		r, err := o.from.Open(ctx, rng.Start, rng.Len())
		if err != nil {
			cancel()
			return nil, temporarily(err)
		}
		return &rangedReader{ReadCloser: r, left: rng.Len(), cancel: cancel}, nil
	}}, nil
}

// Check implements [Handle]: Open of the Ranged checks the bytes itself.
func (o *openRanged) Check(context.Context) error { return nil }

// Close implements [Handle].
func (o *openRanged) Close() error { return nil }

// Identity implements [Identifier].
func (o *openRanged) Identity() string {
	if o.from.ID == "" {
		return ""
	}
	d := newDigest("ranged 1")
	d.text(o.from.ID)
	d.number(uint64(o.from.Size))
	return d.String()
}

// Place implements [Locator].
func (o *openRanged) Place() string { return o.from.Name }

// Part implements [Divider].
func (o *openRanged) Part(rng protocol.Range) Handle { return &part{whole: o, Range: rng} }

// PrepareDigest implements [Digester].
func (o *openRanged) PrepareDigest() {}

// Digest implements [Digester]: it reads the source once more.
func (o *openRanged) Digest(ctx context.Context) ([]byte, error) {
	r, err := o.from.Open(ctx, 0, o.from.Size)
	if err != nil {
		return nil, Error(err)
	}
	defer func() { _ = r.Close() }()
	h := sha256.New()
	if err := input.Sum(ctx, h, r, o.from.Size); err != nil {
		return nil, err
	}
	return h.Sum(nil), nil
}

type rangedReader struct {
	io.ReadCloser
	left   int64 // bytes that the source still has to deliver
	cancel func()
}

// Interrupt implements [Interrupter].
func (r *rangedReader) Interrupt() { r.cancel() }

// Close implements io.Closer.
func (r *rangedReader) Close() error {
	defer r.cancel()
	return r.ReadCloser.Close()
}

// Read implements io.Reader. A reader that ends early has failed.
func (r *rangedReader) Read(p []byte) (int, error) {
	n, err := r.ReadCloser.Read(p)
	r.left -= int64(n)
	switch {
	case err == nil, input.IsEnd(err) && r.left <= 0:
	case input.IsEnd(err):
		err = temporarily(io.ErrUnexpectedEOF)
	default:
		err = temporarily(err)
	}
	return n, err
}

// temporarily marks an error of a source as worth a retry, unless the source says what it
// means itself.
func temporarily(err error) error {
	if errors.Is(err, failure.ErrSource) || errors.Is(err, failure.ErrSourceChanged) {
		return Error(err)
	}
	return Error(fmt.Errorf("%w: %w", failure.ErrSourceUnavailable, err))
}
