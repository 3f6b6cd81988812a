package fleet

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/source"
)

// edge is how many bytes at each end of a file are compared between two workers.
const edge = 64 << 10

// itemSource is the source of an item under the identity of the item, which is the same on all
// machines. Opened is called with each handle; an error fails the upload before anything is
// sent.
type itemSource struct {
	client.Source
	item   Item
	id     string
	opened func(ctx context.Context, h source.Handle) error
}

// Open implements source.Source.
func (s *itemSource) Open(ctx context.Context, chunk int64) (source.Handle, error) {
	h, err := s.Source.Open(ctx, chunk)
	if err != nil {
		return nil, err
	}
	if err := s.check(ctx, h); err != nil {
		_ = h.Close()
		return nil, source.Error(err)
	}
	return &itemHandle{h, s.id}, nil
}

func (s *itemSource) check(ctx context.Context, h source.Handle) error {
	n, known := h.Length().Int64()
	switch {
	case !known:
		return fmt.Errorf("%w: the length of the source is not known", ErrInvalid)
	case n != s.item.Size:
		return fmt.Errorf("%w: it had %d bytes when it was added, and has %d now", client.ErrSourceChanged, s.item.Size, n)
	}
	return s.opened(ctx, h)
}

// edgesOf returns the SHA-256 of both ends of a source, in hexadecimal.
func edgesOf(ctx context.Context, h source.Handle) (string, error) {
	n, _ := h.Length().Int64()
	sum := sha256.New()
	ends := [][2]int64{{0, min(edge, n)}, {max(edge, n-edge), n}}
	for _, end := range ends {
		for at := end[0]; at < end[1]; {
			c, err := h.Chunk(ctx, at, end[1]-at)
			if err != nil {
				return "", err
			}
			if c.Len() == 0 {
				return "", fmt.Errorf("%w: it ends at %d of %d bytes", client.ErrSourceChanged, at, n)
			}
			if err := readChunk(sum, c); err != nil {
				return "", err
			}
			at = c.End
		}
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

func readChunk(w io.Writer, c source.Chunk) error {
	if c.Data != nil {
		_, err := w.Write(c.Data)
		return err
	}
	r, err := c.Reader()
	if err != nil {
		return err
	}
	if closer, ok := r.(io.Closer); ok {
		defer func() { _ = closer.Close() }()
	}
	_, err = io.Copy(w, r)
	return err
}

// itemHandle is an opened source with the identity of its item. It passes on what a source
// may be able to do besides.
type itemHandle struct {
	source.Handle
	id string
}

// Identity implements source.Identifier.
func (h *itemHandle) Identity() string { return h.id }

// SettleTime implements source.Settler.
func (h *itemHandle) SettleTime(step time.Duration) time.Duration {
	if s, ok := h.Handle.(source.Settler); ok {
		return s.SettleTime(step)
	}
	return 0
}

// Step implements source.Settler.
func (h *itemHandle) Step() time.Duration {
	if s, ok := h.Handle.(source.Settler); ok {
		return s.Step()
	}
	return time.Nanosecond
}

// IsTrusted implements source.Settler.
func (h *itemHandle) IsTrusted() bool {
	s, ok := h.Handle.(source.Settler)
	return !ok || s.IsTrusted()
}

// FindWriters implements source.Settler.
func (h *itemHandle) FindWriters() source.Writers {
	if s, ok := h.Handle.(source.Settler); ok {
		return s.FindWriters()
	}
	return source.WritersUnknown
}

// Compact implements source.Settler.
func (h *itemHandle) Compact() {
	if s, ok := h.Handle.(source.Settler); ok {
		s.Compact()
	}
}

// IsReplaced implements source.ReplacementDetector.
func (h *itemHandle) IsReplaced() bool {
	r, ok := h.Handle.(source.ReplacementDetector)
	return ok && r.IsReplaced()
}

// PrepareDigest implements source.Digester.
func (h *itemHandle) PrepareDigest() {
	if d, ok := h.Handle.(source.Digester); ok {
		d.PrepareDigest()
	}
}

// Digest implements source.Digester.
func (h *itemHandle) Digest(ctx context.Context) ([]byte, error) {
	if d, ok := h.Handle.(source.Digester); ok {
		return d.Digest(ctx)
	}
	return nil, client.ErrUnverified
}

var (
	_ source.Identifier          = (*itemHandle)(nil)
	_ source.Settler             = (*itemHandle)(nil)
	_ source.ReplacementDetector = (*itemHandle)(nil)
	_ source.Digester            = (*itemHandle)(nil)
)
