package client

import (
	"context"

	"github.com/tusker-go/tusker/protocol"
)

// section is a stretch of a file as a source of its own.
type section struct {
	file *openFile
	protocol.Range
}

func (s *section) cut(ctx context.Context, off, chunk int64) (cut, error) {
	rng, err := protocol.Next(off, s.length(), chunk)
	if err != nil {
		return cut{}, err
	}
	c, err := s.file.cut(ctx, s.Start+rng.Start, max(rng.Len(), 1))
	return cut{Range: rng, last: rng.End == s.Len(), reader: c.reader, data: c.data, file: c.file}, err
}

func (s *section) length() protocol.Length        { return protocol.Known(s.Len()) }
func (s *section) check() error                   { return s.file.check() }
func (s *section) fingerprint(_, _ string) string { return "" }
func (s *section) release(int64)                  {}
func (s *section) close() error                   { return nil }
func (s *section) digest(context.Context) ([]byte, error) {
	return nil, ErrUnverified // only the whole is verified
}
