package tus

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/internal/dialect"
	"github.com/tusker-go/tusker/client/internal/wire"
	"github.com/tusker-go/tusker/protocol"
)

// expectFrom is the size in bytes from which a server is asked whether it wants the
// body of a creation (RFC 9110, section 10.1.1): below, the question costs more time
// than the bytes that a refusal would waste.
const expectFrom = 4 << 20

// leastStall is the shortest Conn.Stall with which a server is asked: a server that ignores the
// question gets the body after a second (nethttp.Config, http.DefaultTransport), which is no stall.
const leastStall = 2 * time.Second

// smallBody is the size in bytes up to which a body is sent in one piece with the
// headers: a connection of nethttp buffers as much.
const smallBody = 32 << 10

// Options describes the tus requests of one upload.
type Options struct {
	// Endpoint is the creation URL, "" if nothing is created.
	Endpoint string

	// Call has the headers of the upload.
	Call wire.Call

	// Checksum is "", ChecksumAuto, or one of ChecksumAlgorithms.
	Checksum string
}

// Dialect speaks tus 1.0.0 for one upload.
type Dialect struct {
	server   *Server
	endpoint string
	call     wire.Call
	wanted   string // checksum that the caller asks for
	sum      checksum
	length   protocol.Length // that the server knows of the upload; unknown: not declared
}

// Dialect implements these interfaces of package dialect.
var (
	_ dialect.Dialect    = (*Dialect)(nil)
	_ dialect.Joiner     = (*Dialect)(nil)
	_ dialect.Remover    = (*Dialect)(nil)
	_ dialect.Discoverer = (*Dialect)(nil)
	_ dialect.Negotiator = (*Dialect)(nil)
	_ dialect.Verifier   = (*Dialect)(nil)
)

// New returns the dialect of one upload.
func (s *Server) New(o Options) *Dialect {
	o.Call.Warned = new(wire.Names) // a server repeats itself in each answer
	return &Dialect{server: s, endpoint: o.Endpoint, call: o.Call, wanted: o.Checksum}
}

// Name implements [dialect.Dialect].
func (d *Dialect) Name() string { return "tus/" + protocol.Version }

// Supports implements [dialect.Dialect].
func (d *Dialect) Supports(dialect.Feature) bool { return true }

// DefaultChunk implements [dialect.Dialect]: a checksum before the bytes limits them.
func (d *Dialect) DefaultChunk() int64 {
	if d.sum.new != nil && !d.sum.trailer {
		return checksumChunk
	}
	return 0
}

// Part implements [dialect.Joiner].
func (d *Dialect) Part() dialect.Dialect {
	part := *d
	return &part
}

// isComplete reports whether the upload is complete: the server has as many bytes as the length
// that it knows. Some servers leave the length out of their answers.
func (d *Dialect) isComplete(a dialect.Answer) bool {
	if _, ok := a.Length.Int64(); ok {
		d.length = a.Length
	}
	_, declared := d.length.Int64()
	return declared && a.Offset == d.length
}

// Create implements [dialect.Dialect].
func (d *Dialect) Create(ctx context.Context, c dialect.Creation) (dialect.Answer, error) {
	d.length = c.Length
	creation := protocol.Creation{Length: c.Length, Metadata: c.Metadata}
	if c.Part {
		creation.Concat.Kind = protocol.ConcatPartial
	}
	if c.Body == nil {
		reply, err := d.server.Create(ctx, d.endpoint, creation, nil, d.call)
		if err != nil {
			return failedCreation(err, 0), d.nameLimit(err, c.Length)
		}
		answer := answerOf(reply)
		answer.Offset = protocol.Known(0)
		answer.Complete = d.isComplete(answer)
		return answer, nil
	}
	return d.createWithBody(ctx, creation, c.Body)
}

// nameLimit adds the largest upload of the server, if it is known, to the error of a creation
// that the server refused because of its length.
func (d *Dialect) nameLimit(err error, length protocol.Length) error {
	caps, _ := d.server.Known()
	most, limited := caps.MaxSize.Int64()
	n, _ := length.Int64()
	if !limited || n <= most || !errors.Is(err, protocol.ErrTooLarge) {
		return err
	}
	return fmt.Errorf("%w (the largest upload of the server has %d bytes)", err, most)
}

func (d *Dialect) createWithBody(ctx context.Context, creation protocol.Creation, a *dialect.Append) (dialect.Answer, error) {
	// A hook of the server may take its time if the upload is complete with these bytes.
	b := &wire.Body{Chunk: a.Chunk, Final: creation.Length == protocol.Known(a.Chunk.Len()), OnSent: a.OnSent, Gauge: a.Gauge}
	if a.Chunk.Len() <= smallBody && d.server.Conn.Pace == nil {
		if err := b.Load(); err != nil {
			return dialect.Answer{}, err
		}
	}
	call := d.call
	if stall := d.server.Conn.Stall; a.Chunk.Len() > expectFrom && (stall == 0 || stall >= leastStall) {
		call = call.With(http.Header{"Expect": {"100-continue"}})
	}
	reply, err := d.server.Create(ctx, d.endpoint, creation, b, call)
	sent := b.Sent()
	if b.InMemory && hasArrived(err) {
		sent = a.Chunk.Len()
	}
	if err != nil {
		return failedCreation(err, sent), err
	}
	answer := answerOf(reply)
	answer.Sent, answer.SentAll = sent, sent == a.Chunk.Len()
	// If the answer names no offset or an impossible one, the server is asked.
	_, unreadable := protocol.ParseCreated(reply.Header)
	if unreadable == nil && reply.Header.Get(protocol.HeaderUploadOffset) != "" && reply.State.Offset <= sent {
		answer.Offset = protocol.Known(reply.State.Offset)
		answer.Complete = d.isComplete(answer)
	}
	return answer, nil
}

// hasArrived reports whether a creation that ended with err may have reached the
// server.
func hasArrived(err error) bool {
	e, ok := errors.AsType[*failure.Error](err)
	return !ok || e.StatusCode != 0 || mayHaveCreated(e)
}

// failedCreation returns what is known after a creation that failed.
func failedCreation(err error, sent int64) dialect.Answer {
	e, ok := errors.AsType[*failure.Error](err)
	// If the source failed in the middle of the body, the answer is not read.
	orphan := ok && mayHaveCreated(e) || sent > 0 && errors.Is(err, failure.ErrSource)
	return dialect.Answer{Sent: sent, Orphan: orphan}
}

// Offset implements [dialect.Dialect].
func (d *Dialect) Offset(ctx context.Context, url string) (dialect.Answer, error) {
	reply, err := d.server.Head(ctx, url, d.call)
	if err != nil {
		return dialect.Answer{}, err
	}
	answer := answerOf(reply)
	answer.Offset = protocol.Known(reply.State.Offset)
	answer.Complete = d.isComplete(answer)
	return answer, nil
}

// Append implements [dialect.Dialect]. The last request declares the length if the
// server does not know it.
func (d *Dialect) Append(ctx context.Context, url string, a dialect.Append) (dialect.Answer, error) {
	chunk := a.Chunk
	patch := protocol.Patch{Offset: chunk.Start}
	if a.Declared {
		d.length = a.Length
	} else if chunk.Last {
		patch.Length = a.Length
	}
	b := &wire.Body{Chunk: chunk, Final: chunk.Last, BeforeLast: a.BeforeLast, OnSent: a.OnSent, Gauge: a.Gauge}
	if d.sum.trailer {
		b.Trailer = d.sum.behind()
	} else if d.sum.new != nil && chunk.Len() > 0 {
		var err error
		if patch.Checksum, err = d.sum.of(ctx, chunk); err != nil {
			return dialect.Answer{}, err
		}
	}
	reply, err := d.server.patch(ctx, url, patch, b, d.judgeTrailer, d.call)
	sent := b.Sent()
	all := sent == chunk.Len()
	if err != nil {
		return dialect.Answer{Sent: sent, SentAll: all}, err
	}
	answer := answerOf(reply)
	answer.Sent, answer.SentAll, answer.Offset = sent, all, protocol.Known(reply.State.Offset)
	answer.Length = patch.Length
	answer.Complete = d.isComplete(answer)
	if err := (protocol.Range{Start: chunk.Start, End: chunk.Start + sent}).Accept(reply.State.Offset); err != nil {
		return dialect.Answer{Sent: sent, SentAll: all}, answer.Refuse(err)
	}
	return answer, nil
}

// answerOf copies what every answer says of an upload.
func answerOf(r *Reply) dialect.Answer {
	return dialect.Answer{
		URL: r.URL, Next: r.State.Location, Length: r.State.Length, Expires: r.State.Expires,
		Metadata: r.State.Metadata, Header: r.Header, Refuse: r.Refuse,
	}
}

// Join implements [dialect.Joiner].
func (d *Dialect) Join(ctx context.Context, parts []string, metadata protocol.Metadata) (dialect.Answer, error) {
	reply, err := d.server.Concat(ctx, d.endpoint, shorten(d.endpoint, parts), metadata, d.call)
	if err != nil {
		return failedCreation(err, 0), err
	}
	return answerOf(reply), nil
}

// MaxParts implements [dialect.Joiner].
func (d *Dialect) MaxParts(part string) int { return maxParts(d.endpoint, part) }

// CheckJoin implements [dialect.Joiner].
func (d *Dialect) CheckJoin(ctx context.Context, part string, n int) error {
	if n <= d.MaxParts(part) {
		return nil
	}
	return d.server.checkLength(ctx, d.endpoint, part, n, d.call)
}

// Remove implements [dialect.Remover].
func (d *Dialect) Remove(ctx context.Context, url string) error {
	_, err := d.server.Terminate(ctx, url, d.call)
	return err
}

// Discover implements [dialect.Discoverer].
func (d *Dialect) Discover(ctx context.Context, url string, required bool) (dialect.Features, error) {
	caps, silent, err := d.server.Discover(ctx, url, required, d.call)
	f := featuresOf(caps)
	f.Silent = silent
	return f, err
}

// Known implements [dialect.Discoverer].
func (d *Dialect) Known() (dialect.Features, bool) {
	caps, ok := d.server.Known()
	f := featuresOf(caps)
	// Servers need not check the checksum of a creation.
	f.CreateWithBody = f.CreateWithBody && d.sum.new == nil
	return f, ok
}

func featuresOf(caps protocol.Capabilities) dialect.Features {
	return dialect.Features{
		DeferLength:    caps.Has(protocol.ExtensionCreationDeferLength),
		CreateWithBody: caps.Has(protocol.ExtensionCreationWithUpload),
		Join:           caps.Has(protocol.ExtensionConcatenation),
		JoinUnfinished: caps.Has(protocol.ExtensionConcatenationUnfinished),
		Limits:         caps.Limits(),
		Terms: dialect.Terms{
			DeferLength: string(protocol.ExtensionCreationDeferLength),
			Join:        string(protocol.ExtensionConcatenation),
		},
	}
}

// Digest implements [dialect.Verifier]: the SHA-256 that the server names in its answer
// to HEAD (RFC 9530, or its predecessor RFC 3230).
func (d *Dialect) Digest(ctx context.Context, url string) ([]byte, error) {
	call := d.call.With(http.Header{"Want-Repr-Digest": {"sha-256=10"}, "Want-Digest": {"sha-256"}})
	reply, err := d.server.Head(ctx, url, call)
	if err != nil {
		return nil, err
	}
	return digestOf(reply.Header), nil
}

// digestOf finds the SHA-256 of the whole content, or returns nil.
func digestOf(h http.Header) []byte {
	for _, field := range []string{"Repr-Digest", "Digest"} {
		for item := range strings.SplitSeq(strings.Join(h.Values(field), ","), ",") {
			key, value, _ := strings.Cut(strings.TrimSpace(item), "=")
			if !strings.EqualFold(key, "sha-256") {
				continue
			}
			sum, err := base64.StdEncoding.DecodeString(strings.Trim(value, ":"))
			if err == nil && len(sum) == sha256.Size {
				return sum
			}
		}
	}
	return nil
}
