package source

import (
	"context"

	"github.com/tusker-go/tusker/protocol"
)

// part is a range of another opened source. Its identity and its digest are those of no
// upload, so it has none.
type part struct {
	whole Handle
	protocol.Range
}

// Length implements [Handle].
func (p *part) Length() protocol.Length { return protocol.Known(p.Len()) }

// Chunk implements [Handle].
func (p *part) Chunk(ctx context.Context, off, most int64) (Chunk, error) {
	rng, err := protocol.Next(off, p.Length(), most)
	if err != nil {
		return Chunk{}, err
	}
	// At the end of the part, the whole is asked for one byte, since 0 means no limit.
	c, err := p.whole.Chunk(ctx, p.Start+rng.Start, max(rng.Len(), 1))
	if err != nil {
		return Chunk{}, err
	}
	c.Range, c.Last = rng, rng.End == p.Len()
	if len(c.Data) > 0 {
		c.Data = c.Data[:rng.Len()]
	}
	return c, nil
}

// Check implements [Handle].
func (p *part) Check(ctx context.Context) error { return p.whole.Check(ctx) }

// Close implements [Handle]. The whole is closed by its upload.
func (p *part) Close() error { return nil }
