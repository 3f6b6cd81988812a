package layers

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
)

// spoolMemory is the number of bytes of a chunk that are kept in memory.
const spoolMemory = 1 << 20

// spool buffers a chunk until it is verified: the beginning in memory, and the
// rest in a temporary file. The caller closes it.
type spool struct {
	start bytes.Buffer
	rest  *os.File // nil: everything is in start
	size  int64
}

// newSpool reads src to its end.
func newSpool(src io.Reader) (*spool, error) {
	s := new(spool)
	if err := s.fill(src); err != nil {
		return nil, fmt.Errorf("buffer the chunk: %w", errors.Join(err, s.close()))
	}
	return s, nil
}

func (s *spool) fill(src io.Reader) error {
	n, err := io.CopyN(&s.start, src, spoolMemory)
	s.size = n
	if errors.Is(err, io.EOF) {
		return nil
	}
	if err != nil {
		return err
	}
	if s.rest, err = os.CreateTemp("", "tusd-checksum-*"); err != nil {
		return err
	}
	n, err = io.Copy(s.rest, src)
	s.size += n
	return err
}

// reader returns a reader of the chunk from its beginning. A new reader
// invalidates the previous one.
func (s *spool) reader() (io.Reader, error) {
	start := bytes.NewReader(s.start.Bytes())
	if s.rest == nil {
		return start, nil
	}
	if _, err := s.rest.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	return io.MultiReader(start, s.rest), nil
}

func (s *spool) close() error {
	if s.rest == nil {
		return nil
	}
	return errors.Join(s.rest.Close(), os.Remove(s.rest.Name()))
}
