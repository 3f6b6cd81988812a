package sourcetest

import (
	"errors"
	"sync"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/source"
	"github.com/tusker-go/tusker/protocol"
)

// severalUploads uses the source for uploads side by side, and for one after them.
func severalUploads(s subject) {
	s.isRepeatable()
	var uploads sync.WaitGroup
	errs := make([]error, 3)
	for i := range errs {
		o, _ := s.open(s.Source)
		uploads.Go(func() { errs[i] = s.readAll(o, int64(i)*7+s.size()/4+1) })
	}
	uploads.Wait()
	if err := errors.Join(errs...); err != nil {
		s.Errorf("uploads side by side: %v", err)
	}
	first, closeFirst := s.open(s.Source)
	second, _ := s.open(s.Source)
	s.chunk(first, 0, 0, s.Content)
	closeFirst()
	s.inOrder(second, 0, s.Content)
}

// readAll reads an opened source from another goroutine than that of the test.
func (s subject) readAll(o source.Handle, most int64) error {
	for off := int64(0); ; {
		c, err := o.Chunk(s.ctx, off, most)
		if err != nil {
			return err
		}
		if err := checkChunk(c, off, most, s.Content); err != nil {
			return err
		}
		if off = c.End; c.Last {
			return nil
		}
	}
}

// singleUse opens a source for the second time.
func singleUse(s subject) {
	if !s.isSingleUse() {
		s.Skip("the source can be opened several times")
	}
	s.opened()
	o, err := s.Source.Open(s.ctx, 0)
	if err == nil {
		_ = o.Close()
	}
	s.wantSourceError("Open for the second time", err)
}

// wantSourceError checks that err is an error of a source.
func (s subject) wantSourceError(what string, err error) {
	s.Helper()
	if !errors.Is(err, failure.ErrSource) {
		s.Errorf("%s: error %v, want one that Is failure.ErrSource", what, err)
	}
}

// nothingOpen closes the source after an upload that read nothing, one that stopped in the
// middle of a chunk, and one that read all.
func nothingOpen(s subject) {
	sources := []source.Source{s.Source}
	if !s.isSingleUse() {
		sources = append(sources, s.Source, s.Source)
	}
	for i, src := range sources {
		o, closeIt := s.open(src)
		switch i {
		case 0:
			s.inOrder(o, s.size()/3+1, s.Content)
		case 1:
			c, err := o.Chunk(s.ctx, 0, 0)
			if err != nil {
				s.Fatalf("Chunk: %v", err)
			}
			r, err := c.Reader()
			if err != nil {
				s.Fatalf("Reader: %v", err)
			}
			_, _ = r.Read(make([]byte, 1))
			closeReader(r)
		}
		closeIt()
		if s.CountOpen == nil {
			continue
		}
		if n := s.CountOpen(); n != 0 {
			s.Errorf("%d things are open after Close, want 0", n)
		}
	}
}

// parts reads ranges of the source side by side, as an upload in parts does.
func parts(s subject) {
	o := s.opened()
	d, ok := o.(source.Divider)
	if !ok {
		s.Skip("the source is no source.Divider")
	}
	ranges := protocol.Split(s.size(), 4)
	errs := make([]error, len(ranges))
	var uploads sync.WaitGroup
	for i, rng := range ranges {
		p := d.Part(rng)
		if p == nil {
			s.Skip("the source cannot be divided")
		}
		if n := p.Length(); n != protocol.Known(rng.Len()) {
			s.Errorf("Length of the part from %d to %d is %v, want %v", rng.Start, rng.End, n, protocol.Known(rng.Len()))
		}
		uploads.Go(func() {
			of := s
			of.Content = s.Content[rng.Start:rng.End]
			errs[i] = errors.Join(of.readAll(p, rng.Len()/3+1), of.readAll(p, 0), p.Check(s.ctx), p.Close())
		})
	}
	uploads.Wait()
	if err := errors.Join(errs...); err != nil {
		s.Errorf("parts side by side: %v", err)
	}
	// To close the parts does not close the whole.
	s.inOrder(o, 0, s.Content)
}
