package sourcetest

import (
	"bytes"
	"context"
	"errors"
	"io"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/internal/input"
	"github.com/tusker-go/tusker/client/source"
)

// unchanged checks a source before and after it was read.
func unchanged(s subject) {
	o := s.opened()
	if err := o.Check(s.ctx); err != nil {
		s.Errorf("Check: %v", err)
	}
	s.inOrder(o, 0, s.Content)
	if err := o.Check(s.ctx); err != nil {
		s.Errorf("Check after the source was read: %v", err)
	}
}

// send reads an opened source as an upload does: it checks the source before each chunk and at
// the end.
func send(ctx context.Context, o source.Handle) ([]byte, error) {
	var sent []byte
	for {
		if err := o.Check(ctx); err != nil {
			return sent, err
		}
		c, err := o.Chunk(ctx, int64(len(sent)), 0)
		if err != nil {
			return sent, err
		}
		b, err := read(c)
		sent = append(sent, b...)
		if err != nil {
			return sent, err
		}
		if c.Last {
			return sent, o.Check(ctx)
		}
		if c.Len() <= 0 {
			return sent, io.ErrNoProgress
		}
	}
}

// changed changes the bytes of a source that is open. Either Check or a reader has to fail.
func changed(s subject) {
	if s.Change == nil {
		s.Skip("Config.Change is nil")
	}
	o := s.opened()
	s.chunk(o, 0, s.size()/2+1, s.Content)
	s.Change(s.T)
	sent, err := send(s.ctx, o)
	if !errors.Is(err, failure.ErrSourceChanged) {
		s.Errorf("%d bytes of a changed source were read, error %v, want one that Is failure.ErrSourceChanged", len(sent), err)
	}
	s.wantSourceError("read a changed source", err)
}

// truncated removes the end of a source that is open. An end that comes early is an error for
// the upload, so the reader may report it as io.EOF.
func truncated(s subject) {
	if s.Truncate == nil {
		s.Skip("Config.Truncate is nil")
	}
	o := s.opened()
	s.Truncate(s.T)
	sent, err := send(s.ctx, o)
	switch {
	case err == nil:
		s.Errorf("%d bytes of a truncated source were read without an error", len(sent))
	case input.IsEnd(err), input.IsShort(err):
	default:
		s.wantSourceError("read a truncated source", err)
	}
	if d, ok := o.(source.Digester); ok {
		if _, err := d.Digest(s.ctx); err == nil {
			s.Error("Digest of a truncated source without an error")
		}
	}
}

// replaced puts another source in the place of one that is open.
func replaced(s subject) {
	if s.Replace == nil {
		s.Skip("Config.Replace is nil")
	}
	o := s.opened()
	r, ok := o.(source.ReplacementDetector)
	if ok && r.IsReplaced() {
		s.Error("Replaced, although nothing took the place of the source")
	}
	s.Replace(s.T)
	sent, err := send(s.ctx, o)
	if err == nil && !bytes.Equal(sent, s.Content) {
		s.Error("other bytes after the source was replaced")
	}
	if ok && err == nil && !r.IsReplaced() {
		s.Error("not Replaced, although another source took its place")
	}
}

// errEnded is the cause of contexts that the suite ends.
var errEnded = errors.New("sourcetest has ended the context")

// wantEnded checks that err is why a context ended.
func (s subject) wantEnded(what string, err error) {
	s.Helper()
	if !errors.Is(err, errEnded) && !errors.Is(err, context.Canceled) {
		s.Errorf("%s: error %v, want why the context ended", what, err)
	}
}

// contextEnds ends contexts before a call and while the source waits.
func contextEnds(s subject) {
	ctx, cancel := context.WithCancelCause(s.ctx)
	cancel(errEnded)
	o := s.opened()
	// A source that need not wait may give the chunk.
	c, err := o.Chunk(ctx, 0, 0)
	if err != nil {
		s.wantEnded("Chunk after the context ended", err)
	} else if err := checkChunk(c, 0, 0, s.Content); err != nil && !errors.Is(err, errEnded) && !errors.Is(err, context.Canceled) {
		s.Errorf("Chunk after the context ended: %v", err)
	}
	if s.Stall == nil {
		return
	}
	stalled, waiting := s.Stall(s.T)
	ctx, cancel = context.WithCancelCause(s.ctx)
	defer cancel(nil)
	done := make(chan error, 1)
	go func() {
		o, err := stalled.Open(ctx, 0)
		if err == nil {
			_, err = send(ctx, o)
			err = errors.Join(err, o.Close())
		}
		done <- err
	}()
	select {
	case <-waiting:
	case err := <-done:
		s.Fatalf("the source that stalls does not wait, error %v", err)
	case <-s.ctx.Done():
		s.Fatal("nothing waits for the source that stalls")
	}
	cancel(errEnded)
	select {
	case err := <-done:
		s.wantEnded("read a source that stalls", err)
	case <-s.ctx.Done():
		s.Fatal("a source that stalls still waits after its context ended")
	}
}
