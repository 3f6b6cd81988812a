package batch

import (
	"context"

	"github.com/tusker-go/tusker/client"
)

// source returns the source that e names.
func (b *Batch) source(ctx context.Context, e entry) (client.Source, error) {
	switch {
	case e.err != nil:
		return nil, e.err
	case e.in != nil:
		source, err := e.in.source(&e)
		if err != nil {
			return nil, err
		}
		return b.Prepare(source), nil
	}
	source, err := b.Source(ctx, b.Console, b.Cmd, e.name)
	if err != nil {
		return nil, err
	}
	return b.Prepare(source), nil
}

// learn asks the server for its extensions, which saves a request for each small
// file.
func (b *Batch) learn(ctx context.Context) {
	if err := b.Client.Learn(ctx); err != nil {
		b.Console.Log.DebugContext(ctx, "the server does not say what it can do", "err", err)
	}
}
