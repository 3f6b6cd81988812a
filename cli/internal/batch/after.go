package batch

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/tusker-go/tusker/cli/internal/advice"
	"github.com/tusker-go/tusker/cli/internal/disposal"
	"github.com/tusker-go/tusker/cli/internal/exit"
	"github.com/tusker-go/tusker/client"
)

// after does what the user wants to happen to a file that was sent.
func (b *Batch) after(ctx context.Context, e entry, sent *sentFile, result *client.Result) error {
	if !b.Disposes() {
		return nil
	}
	err := b.dispose(ctx, e, sent, result)
	if err == nil {
		return nil
	}
	what := "deleted"
	if b.MoveRoot != nil {
		what = "moved"
	}
	return &advice.Failure{Subject: e.name, Err: exit.With(exit.Failed, fmt.Errorf("sent, but not %s: %w", what, err))}
}

// dispose deletes or moves a file that was sent, if it is still the same.
func (b *Batch) dispose(ctx context.Context, e entry, sent *sentFile, result *client.Result) error {
	if err := refusal(result, b.Verify); err != nil {
		return err
	}
	if sent.info == nil {
		return errNotFile
	}
	place, err := placeOf(e)
	if err != nil {
		return err
	}
	defer func() { _ = place.Root.Close() }()
	unchanged := func() error { return sent.unchanged(ctx, b, e) }
	if b.DeleteAfter {
		return place.Remove(sent.info, unchanged)
	}
	to := disposal.Place{Root: b.MoveRoot, Name: filepath.Base(e.name)}
	if e.in != nil {
		to.Name = filepath.FromSlash(e.below)
	}
	return place.Move(ctx, sent.info, to, unchanged)
}

// placeOf returns where a file is. The caller closes its root.
func placeOf(e entry) (disposal.Place, error) {
	if e.in == nil {
		return disposal.Open(e.name)
	}
	root, err := e.in.open()
	return disposal.Place{Root: root, Name: filepath.FromSlash(e.below)}, err
}
