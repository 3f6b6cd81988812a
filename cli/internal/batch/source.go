package batch

import (
	"context"

	"github.com/tusker-go/tusker/cli/internal/remote"
	"github.com/tusker-go/tusker/client"
)

// description is what the metadata of an upload say of its file.
type description struct {
	name      string // the file name follows from it
	mediaType string // the type that a server names; "": it names none
}

// source returns the source that e names. If files leave their place after the upload, sent
// gets the state of the file that the upload opens. A nil sent gets nothing.
func (b *Batch) source(ctx context.Context, e entry, sent *sentFile) (client.Source, error) {
	src, _, err := b.open(ctx, e, sent)
	return src, err
}

// open returns the source that e names, and the description of its file.
func (b *Batch) open(ctx context.Context, e entry, sent *sentFile) (client.Source, description, error) {
	if e.err != nil {
		return nil, description{}, e.err
	}
	about := description{name: e.path()}
	var source client.Source
	var err error
	switch {
	case e.remote != nil:
		var file *remote.File
		if file, err = b.Remote.Open(ctx, e.remote.file, e.remote.etag); err == nil {
			source, about = file, description{file.FileName(), file.MediaType()}
		}
	case e.in != nil:
		source, err = e.in.source(&e)
	default:
		source, err = b.Source(ctx, b.Console, b.Cmd, e.path(), &b.List.paths)
	}
	if err != nil {
		return nil, description{}, err
	}
	if b.Disposes() && sent != nil {
		source = sent.track(source)
	}
	return b.Prepare(source), about, nil
}
