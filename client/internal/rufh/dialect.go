package rufh

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"runtime"
	"slices"
	"strings"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/internal/dialect"
	"github.com/tusker-go/tusker/client/internal/wire"
	"github.com/tusker-go/tusker/client/source"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/protocol/rufh"
)

// The keys of metadata that have a place in the header of a creation: the name of the file,
// and its type.
var (
	nameKeys = []string{"filename", "name"}
	typeKeys = []string{"filetype", "mime_type", "type", "contentType"}
)

// Create implements [dialect.Dialect]. A body is the whole representation; a creation of an
// empty one completes the upload, too.
func (d *Dialect) Create(ctx context.Context, c dialect.Creation) (dialect.Answer, error) {
	empty := c.Length == protocol.Known(0)
	creation := rufh.Creation{
		Version: d.Version, Complete: c.Body != nil || empty, Length: c.Length,
		Name: first(c.Metadata, nameKeys), Type: first(c.Metadata, typeKeys),
	}
	x := &exchange{
		dialect: d, op: protocol.OpCreate, method: d.Method, url: d.Endpoint, fields: creation,
		complete: creation.Complete, heard: c.Heard, length: c.Length,
	}
	if c.Body != nil {
		x.body = bodyOf(*c.Body)
	}
	answer, err := x.do(ctx)
	e, failed := errors.AsType[*failure.Error](err)
	answer.Orphan = failed && answer.URL == "" && (e.AnswerLost || x.isOrphan)
	return answer, err
}

// Offset implements [dialect.Dialect].
func (d *Dialect) Offset(ctx context.Context, url string) (dialect.Answer, error) {
	return (&exchange{dialect: d, op: protocol.OpHead, method: http.MethodHead, url: url, fields: question{d.Version}}).do(ctx)
}

// Append implements [dialect.Dialect]. A last chunk without bytes ends an upload whose bytes
// are all on the server.
func (d *Dialect) Append(ctx context.Context, url string, a dialect.Append) (dialect.Answer, error) {
	patch := rufh.Append{Version: d.Version, Offset: a.Chunk.Start, Complete: a.Chunk.Last}
	if !a.Declared && a.Chunk.Last {
		patch.Length = a.Length
	}
	x := &exchange{
		dialect: d, op: protocol.OpPatch, method: http.MethodPatch, url: url, fields: patch,
		complete: patch.Complete, start: a.Chunk.Start, heard: a.Heard, length: a.Length, body: bodyOf(a),
	}
	return x.do(ctx)
}

// Remove implements [dialect.Remover].
func (d *Dialect) Remove(ctx context.Context, url string) error {
	x := &exchange{dialect: d, op: protocol.OpTerminate, method: http.MethodDelete, url: url, fields: d.Version, slow: true}
	_, err := x.do(ctx)
	if e, ok := errors.AsType[*failure.Error](err); !ok || !e.Stale || ctx.Err() != nil {
		return err
	}
	// The connection died because it was used again. If the upload is gone now, the first request
	// arrived.
	_, err = (&exchange{dialect: d, op: x.op, method: x.method, url: url, fields: d.Version, slow: true}).do(ctx)
	if e, ok := errors.AsType[*failure.Error](err); ok && e.StatusCode != 0 && e.Class == failure.ClassGone {
		return nil
	}
	return err
}

// Discover implements [dialect.Discoverer] with OPTIONS. A server that answers without
// Upload-Limit is silent.
func (d *Dialect) Discover(ctx context.Context, url string, _ bool) (dialect.Features, error) {
	x := &exchange{dialect: d, op: protocol.OpOptions, method: http.MethodOptions, url: url, fields: d.Version}
	_, err := x.do(ctx)
	f := d.server.features(d.Version)
	switch {
	case err != nil:
		return f, err
	case x.verdict.Meaning != rufh.Supported:
		f.Silent = failure.ErrNotRUFH
	}
	return f, nil
}

// Known implements [dialect.Discoverer]. The protocol has its features without a question; only
// limits may not be known.
func (d *Dialect) Known() (dialect.Features, bool) { return d.server.features(d.Version), true }

// question is a request for the state that the upload has now: a cache on the way must not
// answer with an earlier one (RFC 9111, section 5.2.1.4).
type question struct{ rufh.Version }

func (q question) SetHeader(h protocol.Header) error {
	// A browser would have to ask for the permission to send the header.
	if runtime.GOOS != "js" && h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "no-cache")
	}
	return q.Version.SetHeader(h)
}

// bodyOf returns the body of a request with a chunk.
func bodyOf(a dialect.Append) *wire.Body {
	return &wire.Body{Chunk: a.Chunk, Final: a.Chunk.Last, BeforeLast: a.BeforeLast, OnSent: a.OnSent, Gauge: a.Gauge}
}

// endOf returns the offset after the bytes of b, or the zero value if the network did not take
// all of them.
func endOf(start int64, b *wire.Body) protocol.Length {
	switch {
	case b == nil:
		return protocol.Known(start)
	case b.Chunk.Len() == 0, b.SentAll():
		return protocol.Known(start + b.Sent())
	}
	return protocol.Length{}
}

// Keeps reports whether a creation carries the metadata of a key.
func Keeps(key string) bool { return slices.Contains(nameKeys, key) || slices.Contains(typeKeys, key) }

// Question returns the header by which a server knows that an OPTIONS asks for limits of
// resumable uploads.
func Question() http.Header {
	h := http.Header{}
	_ = rufh.Newest.SetHeader(h) // it is valid
	return h
}

// Learn takes the header of a response to OPTIONS for the endpoint: its limits, and the version
// of its server, which is Newest if the header names none. It returns 0 if the header does not
// announce resumable uploads. A server that speaks tus as well does not count.
func (s *Server) Learn(h http.Header) rufh.Version {
	v := cmp.Or(rufh.ParseVersion(h), rufh.Newest)
	r := v.ParseResponse(http.StatusNoContent, h)
	if r.Tus || !announces(h, r) {
		return 0
	}
	if r.Limits != nil {
		s.Hear(*r.Limits)
	}
	return v
}

// announces reports whether a response to OPTIONS has a field that only servers of resumable
// uploads send: Upload-Limit, or, in the drafts -10 and -11, Accept-Patch with the media type of
// appends. The limits of a void Upload-Limit are ignored, but a server of tus does not send the
// field at all.
func announces(h http.Header, r rufh.Response) bool {
	isAppend := func(line string) bool { return strings.Contains(strings.ToLower(line), rufh.MediaType) }
	return r.Limits != nil || slices.Contains(r.Void, rufh.HeaderUploadLimit) || slices.ContainsFunc(h.Values("Accept-Patch"), isAppend)
}

// first returns the value of the first key that metadata has.
func first(metadata protocol.Metadata, keys []string) string {
	for _, key := range keys {
		if v := metadata[key]; v != "" {
			return v
		}
	}
	return ""
}

// isStarved reports whether a stream had to end its request, because the server did not
// acknowledge bytes while it received them.
func isStarved(chunk source.Chunk, err error) bool {
	return chunk.Live && errors.Is(err, failure.ErrUnacknowledged)
}
