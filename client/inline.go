package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/tusker-go/tusker/protocol"
)

// expectFrom is the size in bytes above which a server is asked whether it wants
// the bytes (RFC 9110, section 10.1.1): below, the question costs more time than
// the bytes that a refusal would waste.
const expectFrom = 4 << 20

// smallBody is the size in bytes up to which the bytes are sent in one piece with
// the headers: what a connection of nethttp buffers.
const smallBody = 32 << 10

// createAny makes the upload the cheapest way that the server is known to
// support.
func (t *transfer) createAny(ctx context.Context, endpoint string, creation protocol.Creation) error {
	piece, ok, err := t.inlinePiece(ctx)
	if err != nil {
		return err
	}
	if !ok {
		return t.createPlain(ctx, endpoint, creation)
	}
	return t.createInline(ctx, endpoint, creation, piece)
}

// createPlain makes the upload without any of its bytes.
func (t *transfer) createPlain(ctx context.Context, endpoint string, creation protocol.Creation) error {
	if err := t.create(ctx, endpoint, func(ctx context.Context) (*Reply, error) {
		return t.c.Create(ctx, creation, t.call)
	}); err != nil {
		return err
	}
	_, t.declared = creation.Length.Int64()
	t.known = true
	return nil
}

// inlinePiece is the whole source, where it may go along with its creation.
func (t *transfer) inlinePiece(ctx context.Context) (cut, bool, error) {
	n, known := t.size().Int64()
	// Servers need not look at the checksum of a creation.
	if !known || n == 0 || n > t.c.inline || t.sum.new != nil {
		return cut{}, false, nil
	}
	caps, known := t.c.recall(ctx)
	if !known || !caps.Has(protocol.ExtensionCreationWithUpload) {
		return cut{}, false, nil
	}
	piece, err := t.src.cut(ctx, 0, t.chunk)
	if err != nil {
		return cut{}, false, err
	}
	if limit, ok := t.c.limits.of(t.c.address); ok && piece.Len() > limit {
		return cut{}, false, nil
	}
	return piece, piece.last && piece.Len() == n, nil
}

// createInline makes the upload and sends all its bytes along, once: an answer
// that was lost, or a refusal, may be about the bytes, so any further try goes
// without them.
func (t *transfer) createInline(ctx context.Context, endpoint string, creation protocol.Creation, piece cut) error {
	tried, inline := false, false
	err := t.create(ctx, endpoint, func(ctx context.Context) (*Reply, error) {
		inline = !tried
		if !tried {
			tried = true
			reply, err := t.createWith(ctx, creation, piece)
			if !isBodyRefused(err) {
				return reply, err
			}
			inline = false
		}
		return t.c.Create(ctx, creation, t.call)
	})
	if err != nil {
		return err
	}
	_, t.declared = creation.Length.Int64()
	if !inline {
		t.offset, t.known = 0, true
		return nil
	}
	return nil
}

// createWith is one try with the bytes.
func (t *transfer) createWith(ctx context.Context, creation protocol.Creation, piece cut) (*Reply, error) {
	// Its answer has no more time than that of a creation: whoever needs longer
	// gets the bytes in a request of their own.
	b := &body{size: piece.Len(), reader: piece.reader}
	if err := t.inMemory(b, piece); err != nil {
		return nil, err
	}
	call := t.call
	if piece.Len() > expectFrom {
		call = &CallOptions{Header: http.Header{"Expect": {"100-continue"}}}
		merge(call.Header, t.call.header())
	}
	reply, err := t.c.createWith(ctx, creation, b, call)
	sent := b.sent()
	if b.data != nil && hasArrived(err) {
		sent = b.size
	}
	t.result.Sent += sent
	if sent > 0 {
		t.loop.Moved()
	}
	if err != nil {
		if sent > 0 && errors.Is(err, ErrSource) {
			t.result.Orphans++ // nobody waits for the answer
		}
		return nil, err
	}
	t.reach = sent
	// A server that does not say what it kept is asked, and so is one that
	// says what cannot be.
	offset := reply.State.Offset
	_, unreadable := protocol.ParseCreated(reply.Header)
	t.known = unreadable == nil && reply.Header.Get(protocol.HeaderUploadOffset) != "" && offset <= sent
	if t.known {
		t.offset, t.best = offset, offset
		t.src.release(offset)
	}
	t.allSent = sent == piece.Len() && !t.partial && (!t.known || offset == sent)
	return reply, nil
}

// inMemory gives a body that fits into what is sent at once its bytes.
func (t *transfer) inMemory(b *body, piece cut) error {
	if b.size > smallBody || t.c.pace != nil {
		return nil
	}
	if b.data = piece.data; b.data != nil {
		return nil
	}
	r, err := b.reader()
	if err != nil {
		return sourceError(err)
	}
	b.data = make([]byte, b.size)
	n, err := io.ReadFull(r, b.data)
	if isEnd(err) || isShort(err) {
		err = fmt.Errorf("%w: %d bytes are missing", ErrSourceChanged, len(b.data)-n)
	}
	if err != nil {
		return sourceError(err)
	}
	return nil
}

// hasArrived tells whether a creation that ended with err may have reached the
// server.
func hasArrived(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return !ok || e.StatusCode != 0 || isAmbiguous(err)
}
