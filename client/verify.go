package client

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/internal/cause"
	"github.com/tusker-go/tusker/client/internal/dialect"
	"github.com/tusker-go/tusker/client/internal/download"
	"github.com/tusker-go/tusker/client/internal/handle"
	"github.com/tusker-go/tusker/client/internal/wire"
	"github.com/tusker-go/tusker/client/source"
	"github.com/tusker-go/tusker/protocol"
)

// verify compares the bytes on the server with the source if the caller asked for it. It uses
// the SHA-256 that the server names, or else downloads the upload.
func (j *job) verify(ctx context.Context) error {
	if !j.options.Verify {
		return nil
	}
	d, ok := j.source.(source.Digester)
	if !ok {
		return fmt.Errorf("%w: the source cannot compute a SHA-256", ErrUnverified)
	}
	ours, err := handle.Digest(ctx, d)
	if err != nil && ctx.Err() != nil {
		return cause.Of(ctx)
	}
	if err != nil {
		return err
	}
	j.retrier.Restart()
	theirs, err := j.digest(ctx)
	switch {
	case ctx.Err() != nil:
		return cause.Of(ctx)
	case err != nil || theirs == nil:
		err = j.readBack(ctx, ours)
	case !bytes.Equal(ours, theirs):
		err = fmt.Errorf("%w: the server names another SHA-256", ErrDifferent)
	}
	j.result.Verified = err == nil
	return err
}

// digest asks the server for the SHA-256 of the upload. It is nil if the server does not
// return one.
func (j *job) digest(ctx context.Context) (sum []byte, err error) {
	v, ok := j.dialect.(dialect.Verifier)
	if !ok {
		return nil, nil
	}
	err = j.ask(ctx, j.result.URL, func(ctx context.Context) (err error) {
		sum, err = v.Digest(ctx, j.result.URL)
		return err
	})
	return sum, err
}

// readBack downloads the upload and compares it with the digest of the source.
func (j *job) readBack(ctx context.Context, ours []byte) error {
	h := sha256.New()
	res, err := j.downloads().Run(ctx, download.Spec{
		URL: j.result.URL, Call: wire.Call{Header: j.options.Header, Home: j.call.Home}, Policy: j.options.Retry,
		Open: func(download.Content) (io.Writer, int64, error) { return h, 0, nil },
	})
	switch {
	case isUnreadable(err):
		return fmt.Errorf("%w: %w", ErrUnverified, err)
	case errors.Is(err, ErrContent):
		return fmt.Errorf("%w: %w", ErrDifferent, err)
	case err != nil:
		return err
	case res.Offset != j.result.Offset:
		return fmt.Errorf("%w: the server has %d bytes, the source has %d", ErrDifferent, res.Offset, j.result.Offset)
	case !bytes.Equal(ours, h.Sum(nil)):
		return fmt.Errorf("%w: the downloaded bytes have another SHA-256", ErrDifferent)
	}
	return nil
}

// isUnreadable reports whether the server does not let clients download the upload, or not
// in the form in which it is stored.
func isUnreadable(err error) bool {
	for _, refusal := range []error{
		ErrNotServed, protocol.ErrNotFound, protocol.ErrGone, protocol.ErrForbidden,
		protocol.ErrMethodNotAllowed, protocol.ErrNotImplemented, failure.ErrCompressed,
	} {
		if errors.Is(err, refusal) {
			return true
		}
	}
	return false
}
