package batch

import (
	"context"

	"github.com/tusker-go/tusker/client"
)

// source returns the source that e names. If files leave their place after the upload, sent
// gets the state of the file that the upload opens. A nil sent gets nothing.
func (b *Batch) source(ctx context.Context, e entry, sent *sentFile) (client.Source, error) {
	if e.err != nil {
		return nil, e.err
	}
	var source client.Source
	var err error
	if e.in != nil {
		source, err = e.in.source(&e)
	} else {
		source, err = b.Source(ctx, b.Console, b.Cmd, e.path())
	}
	if err != nil {
		return nil, err
	}
	if b.Disposes() && sent != nil {
		source = sent.track(source)
	}
	return b.Prepare(source), nil
}
