package client

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/transport"
)

// maxConcat is how many bytes the URLs of parts may take in one header: proxies
// refuse headers over 8 KiB, and the others of a request need room too.
const maxConcat = 7 << 10

// join makes the final upload of complete parts. A request that may have arrived
// is repeated only while the parts are still there to be joined.
func (t *transfer) join(ctx context.Context, endpoint string, parts []string, metadata protocol.Metadata) error {
	t.loop.Start()
	orphans, list := t.result.Orphans, shorten(endpoint, parts)
	return t.create(ctx, endpoint, func(ctx context.Context) (*Reply, error) {
		if t.result.Orphans > orphans {
			if err := t.stillThere(ctx, parts); err != nil {
				return nil, err
			}
		}
		// Parts of what is now another source must not become one upload.
		if t.src != nil {
			if err := t.src.check(); err != nil {
				return nil, err
			}
		}
		reply, err := t.c.Concat(ctx, list, metadata, t.call)
		t.mayBeJoined = t.mayBeJoined || isAmbiguous(err) || err != nil && ctx.Err() != nil
		return reply, err
	})
}

// stillThere fails with ErrUncertain where a part is gone: a server may delete
// parts once it has joined them.
func (t *transfer) stillThere(ctx context.Context, parts []string) error {
	for _, part := range parts {
		_, err := t.c.Head(ctx, part, t.call)
		if e, ok := errors.AsType[*Error](err); ok && e.Class() == ClassGone {
			e.Err = fmt.Errorf("%w: %w", ErrUncertain, e.Err)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// shorten leaves the origin out of the URLs of parts where all of them would
// make a header that is too long.
func shorten(endpoint string, parts []string) []string {
	size := len("final;")
	for _, p := range parts {
		size += len(p) + len(" ")
	}
	base, err := url.Parse(endpoint)
	if size <= maxConcat || err != nil {
		return parts
	}
	short := make([]string, len(parts))
	for i, p := range parts {
		short[i] = relative(base, p)
	}
	return short
}

// relative is the URL of a part without the origin, where that is the base's.
func relative(base *url.URL, part string) string {
	u, err := url.Parse(transport.EscapeURL(part))
	// A path of two slashes would be read as a host.
	if err != nil || !sameOrigin(base, u) || strings.HasPrefix(u.Path, "//") {
		return part
	}
	return u.RequestURI()
}

// shortest is how shorten names a part where it has to.
func shortest(endpoint, part string) string {
	base, err := url.Parse(endpoint)
	if err != nil {
		return part
	}
	return relative(base, part)
}
