package flags

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/tusker-go/tusker/cli/internal/exit"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/source"
	"github.com/tusker-go/tusker/protocol"
)

// ErrNoFiles means that nothing is selected although --if-empty requires a file.
var ErrNoFiles = exit.With(exit.Source, errors.New("there are no files to send (--if-empty fail)"))

// errEmpty means that a source has no bytes.
var errEmpty = fmt.Errorf("%w: it is empty (--if-empty fail)", client.ErrSource)

// refuseEmpty returns a source whose Open fails if src has the length 0.
func refuseEmpty(src client.Source) client.Source { return nonEmpty{src} }

type nonEmpty struct{ client.Source }

// SingleUse implements source.SingleUse.
func (n nonEmpty) SingleUse() bool {
	single, ok := n.Source.(source.SingleUse)
	return ok && single.SingleUse()
}

// Open implements client.Source.
func (n nonEmpty) Open(ctx context.Context, chunk int64) (source.Handle, error) {
	opened, err := n.Source.Open(ctx, chunk)
	if err == nil && opened.Length() == protocol.Known(0) {
		return nil, errors.Join(errEmpty, opened.Close())
	}
	return opened, err
}

// nonEmptyReader returns an error in place of the end of a reader without bytes. It is not
// safe for concurrent use.
type nonEmptyReader struct {
	io.Reader
	read bool // bytes were read
}

// Read implements io.Reader.
func (r *nonEmptyReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	r.read = r.read || n > 0
	if !r.read && errors.Is(err, io.EOF) {
		err = errEmpty
	}
	return n, err
}
