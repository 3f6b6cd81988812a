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

var errNoDigest = fmt.Errorf("%w: the source cannot compute a SHA-256", ErrUnverified)

// prepareDigest has the source compute its SHA-256 while it is read, if it is a stream. If only
// the SHA-256 is wanted and cannot be computed, nothing is sent.
func (j *job) prepareDigest(ctx context.Context) error {
	d, ok := j.source.(source.Digester)
	if ok {
		d.PrepareDigest()
		return nil
	}
	if j.options.Digest {
		j.close(ctx)
		return errNoDigest
	}
	return nil
}

// sum adds the SHA-256 of the source to the result.
func (j *job) sum(ctx context.Context) error {
	d, ok := j.source.(source.Digester)
	if !ok {
		return errNoDigest
	}
	ours, err := handle.Digest(ctx, d)
	if err != nil && ctx.Err() != nil {
		return cause.Why(ctx)
	}
	j.result.SHA256 = ours
	return err
}

// isUnasked reports whether the ledger has the upload and the server was not asked.
func (j *job) isUnasked() bool { return j.trustLedger && j.result.Skipped }

// verify computes the SHA-256 of the source and compares it with the bytes on the server, as
// far as the caller asked for it. It uses the SHA-256 that the server names, or else downloads
// the upload.
func (j *job) verify(ctx context.Context) error {
	compare := j.options.Verify && !j.isUnasked()
	if compare || j.options.Digest && j.result.SHA256 == nil {
		if err := j.sum(ctx); err != nil {
			return err
		}
	}
	if !compare {
		return nil
	}
	ours := j.result.SHA256
	j.retrier.Restart()
	theirs, err := j.digest(ctx)
	switch {
	case ctx.Err() != nil:
		return cause.Why(ctx)
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
