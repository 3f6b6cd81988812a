package client

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/tusker-go/tusker/protocol"
)

// Patch sends size bytes of r to the upload at url, beginning at patch.Offset,
// which must be the server's own offset (tus 1.0.0, PATCH). One exchange, no
// retry. The reply's State.Offset is the new offset; after any error, only Head
// tells how much arrived.
//
// r is not read any more once Patch has returned, and is not closed. For that,
// Patch waits for a Read that is under way, even when ctx has ended. Where r
// is a *bytes.Reader, *strings.Reader or *io.SectionReader, a redirect that
// keeps the method can be followed.
func (c *Client) Patch(ctx context.Context, url string, patch protocol.Patch, r io.Reader, size int64, opts *CallOptions) (*Reply, error) {
	b, err := bodyOf(r, size)
	if err != nil {
		return nil, &Error{Op: protocol.OpPatch, URL: url, Err: err}
	}
	return c.patch(ctx, url, patch, b, opts)
}

// bodyOf is the body of a request that a caller brings the bytes for.
func bodyOf(r io.Reader, size int64) (*body, error) {
	if size < 0 {
		return nil, fmt.Errorf("%w: size %d is negative", ErrInvalidOption, size)
	}
	if r == nil && size > 0 {
		return nil, fmt.Errorf("%w: no reader for %d bytes", ErrInvalidOption, size)
	}
	return &body{size: size, reader: again(r)}, nil
}

func (c *Client) patch(ctx context.Context, url string, patch protocol.Patch, b *body, opts *CallOptions) (*Reply, error) {
	return c.do(ctx, exchange{
		op:     protocol.OpPatch,
		method: http.MethodPatch,
		url:    url,
		set:    patch.SetHeader,
		body:   b,
		parse: func(h protocol.Header) (protocol.State, error) {
			state, err := protocol.ParsePatched(h)
			if err != nil {
				return state, err
			}
			rng := protocol.Range{Start: patch.Offset, End: patch.Offset + b.size}
			return state, rng.Accept(state.Offset)
		},
	}, opts)
}

// again makes a reader that can be had more than once, where r allows it.
func again(r io.Reader) func() (io.Reader, error) {
	var ra io.ReaderAt
	var size, pos int64
	switch r := r.(type) {
	case *bytes.Reader:
		ra, size, pos = r, r.Size(), r.Size()-int64(r.Len())
	case *strings.Reader:
		ra, size, pos = r, r.Size(), r.Size()-int64(r.Len())
	case *io.SectionReader:
		var err error
		if pos, err = r.Seek(0, io.SeekCurrent); err == nil {
			ra, size = r, r.Size()
		}
	}
	if ra != nil {
		return func() (io.Reader, error) { return io.NewSectionReader(ra, pos, size-pos), nil }
	}
	used := false
	return func() (io.Reader, error) {
		if used {
			return nil, ErrSourceUsed
		}
		used = true
		return r, nil
	}
}
