package client

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/tusker-go/tusker/protocol"
)

// Errors of UploadOptions.Verify; test for them with errors.Is.
var (
	// ErrDifferent means that an upload is complete and that the server holds
	// other bytes than the source has.
	ErrDifferent = errors.New("server holds other bytes than were sent")

	// ErrUnverified means that an upload is complete, and that the server offers
	// no way to find out whether it holds the right bytes.
	ErrUnverified = errors.New("upload is complete, but the server offers no way to verify it")
)

// verify compares what the server holds with the source: by the SHA-256 that the
// server names (RFC 9530, or its forerunner RFC 3230), or by reading it back.
func (t *transfer) verify(ctx context.Context) error {
	ours, err := t.src.digest(ctx)
	if err != nil {
		return err
	}
	call := &CallOptions{Header: http.Header{"Want-Repr-Digest": {"sha-256=10"}, "Want-Digest": {"sha-256"}}, home: t.call.home}
	merge(call.Header, t.call.header())
	reply, err := t.until(ctx, t.url, func(ctx context.Context) (*Reply, error) {
		return t.c.Head(ctx, t.url, call)
	})
	if err == nil {
		if theirs, ok := digestOf(reply.Header); ok {
			if !bytes.Equal(ours, theirs) {
				return fmt.Errorf("%w: it names another SHA-256", ErrDifferent)
			}
			return nil
		}
	}
	return t.readBack(ctx, ours)
}

// verified is what became of an upload that ended with err.
func (t *transfer) verified(ctx context.Context, err error) error {
	if err != nil || !t.wary {
		return err
	}
	t.loop.Start()
	err = t.verify(ctx)
	t.result.Verified = err == nil
	return err
}

// readBack downloads the upload and compares it with the digest of the source.
func (t *transfer) readBack(ctx context.Context, ours []byte) error {
	h := sha256.New()
	d := &download{
		transfer: t.c.newTransfer(job{UploadOptions: UploadOptions{Header: t.call.Header}, policy: t.loop.Policy}),
		open:     func(Content) (io.Writer, int64, error) { return h, 0, nil },
	}
	d.call.home = t.call.home
	res, err := d.finish(ctx, d.run(ctx, t.url))
	switch {
	case isUnreadable(err):
		return fmt.Errorf("%w: %w", ErrUnverified, err)
	case errors.Is(err, ErrContent):
		return fmt.Errorf("%w: %w", ErrDifferent, err)
	case err != nil:
		return err
	case res.Offset != t.offset:
		return fmt.Errorf("%w: it has %d bytes, %d were sent", ErrDifferent, res.Offset, t.offset)
	case !bytes.Equal(ours, h.Sum(nil)):
		return fmt.Errorf("%w: read back, their SHA-256 is another", ErrDifferent)
	}
	return nil
}

// isUnreadable tells whether the server does not give out the upload, or not as it
// is stored.
func isUnreadable(err error) bool {
	for _, refusal := range []error{
		ErrNotServed, protocol.ErrNotFound, protocol.ErrGone, protocol.ErrForbidden,
		protocol.ErrMethodNotAllowed, protocol.ErrNotImplemented,
	} {
		if errors.Is(err, refusal) {
			return true
		}
	}
	e, ok := errors.AsType[*Error](err)
	if !ok || !errors.Is(err, ErrContent) {
		return false
	}
	coding := e.Header.Get("Content-Encoding")
	return coding != "" && coding != "identity"
}

// digestOf finds the SHA-256 of the whole content.
func digestOf(h http.Header) ([]byte, bool) {
	for _, field := range []string{"Repr-Digest", "Digest"} {
		for item := range strings.SplitSeq(strings.Join(h.Values(field), ","), ",") {
			key, value, _ := strings.Cut(strings.TrimSpace(item), "=")
			value = strings.Trim(value, ":")
			// A value of another length is not decoded: the list may be long.
			if !strings.EqualFold(key, "sha-256") || len(value) != base64.StdEncoding.EncodedLen(sha256.Size) {
				continue
			}
			sum, err := base64.StdEncoding.DecodeString(value)
			if err == nil && len(sum) == sha256.Size {
				return sum, true
			}
		}
	}
	return nil, false
}

// digest reads the file once more.
func (f *openFile) digest(ctx context.Context) ([]byte, error) {
	h := sha256.New()
	if err := sumUp(ctx, h, io.NewSectionReader(f.r, 0, f.size), f.size); err != nil {
		return nil, err
	}
	return h.Sum(nil), f.check()
}

// digest is that of all bytes that passed through the window. Where the server
// had them all from the start, they pass only now.
func (w *window) digest(ctx context.Context) ([]byte, error) {
	defer w.wakeAtEnd(ctx)()

	w.mu.Lock()
	defer w.mu.Unlock()
	if w.sum == nil {
		return nil, fmt.Errorf("%w: the stream was not summed up", ErrUnverified)
	}
	for {
		if ctx.Err() != nil {
			return nil, ended(ctx)
		}
		if w.err != nil {
			break
		}
		w.advance(w.end)
		w.changed.Wait()
	}
	if !isEnd(w.err) {
		return nil, sourceError(w.err)
	}
	w.advance(w.end)
	if err := w.agrees(w.end, true); err != nil {
		return nil, err
	}
	return w.sum.Sum(nil), nil
}

// summedUp has the window sum up what passes through it.
func (w *window) summedUp() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sum = sha256.New()
}
