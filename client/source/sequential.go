package source

import (
	"io"
	"io/fs"
	"sync"

	"github.com/tusker-go/tusker/client/internal/input"
)

// sequential makes an io.ReaderAt of a file that can only be read forward, or sought. It
// is safe for concurrent use.
type sequential struct {
	fsys fs.FS
	name string

	mu  sync.Mutex
	f   fs.File
	pos int64
}

func (s *sequential) ReadAt(p []byte, off int64) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.seek(off); err != nil {
		return 0, err
	}
	n, err := io.ReadFull(s.f, p)
	s.pos += int64(n)
	if input.IsShort(err) {
		err = io.EOF
	}
	return n, err
}

func (s *sequential) seek(off int64) error {
	if off == s.pos {
		return nil
	}
	if sk, ok := s.f.(io.Seeker); ok {
		_, err := sk.Seek(off, io.SeekStart)
		if err == nil {
			s.pos = off
		}
		return err
	}
	if off < s.pos {
		f, err := s.fsys.Open(s.name)
		if err != nil {
			return err
		}
		_ = s.f.Close()
		s.f, s.pos = f, 0
	}
	n, err := io.CopyN(io.Discard, s.f, off-s.pos)
	s.pos += n
	return err
}

func (s *sequential) stat() (fs.FileInfo, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.f.Stat()
}

func (s *sequential) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.f.Close()
}
