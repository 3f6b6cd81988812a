package source

import (
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/tusker-go/tusker/client/failure"
)

// errWrongSize means that a file has more or fewer bytes than its size says, as the files that
// a system generates while they are read, in /proc and /sys.
var errWrongSize = fmt.Errorf("%w: its number of bytes differs from its size", failure.ErrSource)

// stream returns the bytes of a file whose size is wrong as a stream.
func (f *openFile) stream(name string, chunk int64) Handle {
	whole := io.NewSectionReader(f.r, 0, math.MaxInt64)
	return &streamedFile{openStream(whole, StreamOptions{Name: name, Spool: maxGenerated}, chunk), f}
}

// maxGenerated is how many bytes of a file whose size is wrong go to a temporary file if the
// server has to know the length.
const maxGenerated = 1 << 30

// streamedFile is a window that closes its file.
type streamedFile struct {
	*window
	file *openFile
}

// Close implements [Handle].
func (s *streamedFile) Close() error { return errors.Join(s.window.Close(), s.file.Close()) }
