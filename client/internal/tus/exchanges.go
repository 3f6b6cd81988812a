// Package tus is the dialect of tus 1.0.0. It has the single exchanges such as
// [Server.Head], the meaning of an answer for an upload ([Judge]), and the driver of an
// upload ([Dialect]).
//
// It implements the Core Protocol and the extensions Creation, Creation With Upload,
// Creation Defer Length, Expiration, Checksum, Checksum Trailer, Termination and
// Concatenation.
package tus

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"time"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/internal/redact"
	"github.com/tusker-go/tusker/client/internal/wire"
	"github.com/tusker-go/tusker/protocol"
)

// Server does the exchanges of one Client, and remembers what the server of its
// endpoint supports. It is safe for concurrent use.
type Server struct {
	Conn *wire.Conn

	known capabilities
}

// Reply is a server's answer to one exchange.
type Reply struct {
	// State is what the answer says of the upload. Its Location is absolute. In an
	// answer to any exchange but a creation, it is the URL of the request, or the URL that
	// redirects led to.
	State protocol.State

	// URL is the URL to use for the upload from now on: the Location of a creation, or else
	// the URL of the request, or the URL that permanent redirects (301, 308) led to.
	URL string

	// Capabilities is set in the answer to Options only.
	Capabilities protocol.Capabilities

	// StatusCode and Header are those of the answer. Some servers return their own
	// identifiers in headers.
	StatusCode int
	Header     http.Header

	answer *wire.Answer
}

// Refuse returns the error of an answer whose status is a success, but whose headers
// contradict the upload.
func (r *Reply) Refuse(err error) error { return r.answer.Refuse(err) }

// MetadataError returns why a part of the metadata could not be read, or nil.
func (r *Reply) MetadataError() error { return r.State.Warning(protocol.HeaderUploadMetadata) }

// SentBy returns the header field that tells the answers of tus servers from others, and
// its value. The value is "" if no tus server sent h.
func SentBy(h http.Header) (field, value string) {
	return protocol.HeaderResumable, h.Get(protocol.HeaderResumable)
}

// exchange is one request of tus.
type exchange struct {
	op     protocol.Op
	method string
	url    string
	set    func(protocol.Header) error                   // headers of the protocol
	body   *wire.Body                                    // nil: none
	parse  func(protocol.Header) (protocol.State, error) // nil: nothing is read
	slow   bool                                          // the answer may take FinishTimeout
	stall  time.Duration                                 // see wire.Request.Stall
	judge  func(*failure.Error, http.Header)             // nil: Judge
}

// do sends x once. Every error is a *failure.Error.
func (s *Server) do(ctx context.Context, x exchange, call wire.Call) (*Reply, error) {
	var state protocol.State
	r := wire.Request{
		Op: x.op, Method: x.method, URL: x.url, Body: x.body, Slow: x.slow, Stall: x.stall, Judge: x.judge,
		Set: x.set, Success: func(op protocol.Op, status int, _ http.Header) error { return protocol.StatusError(op, status) },
	}
	if r.Judge == nil {
		r.Judge = Judge
	}
	if x.parse != nil {
		r.Parse = func(h http.Header) (location string, offset int64, err error) {
			if state, err = x.parse(h); err != nil {
				return "", 0, explain(err, h)
			}
			return state.Location, state.Offset, nil
		}
	}
	answer, err := s.Conn.Do(ctx, r, call)
	if err != nil {
		return nil, err
	}
	for _, w := range state.Warnings {
		if h, ok := errors.AsType[*protocol.HeaderError](w); ok && !call.Warned.Add(h.Name) {
			continue
		}
		s.Conn.Log.LogAttrs(ctx, slog.LevelWarn, "unreadable header", slog.String("op", string(x.op)),
			slog.String("url", redact.URL(x.url)), slog.Any("err", w))
	}
	state.Location = answer.Next
	return &Reply{State: state, URL: answer.URL, StatusCode: answer.StatusCode, Header: answer.Header, answer: answer}, nil
}

// explain adds what the answer was if that explains why it lacks a header.
func explain(err error, h http.Header) error {
	if !errors.Is(err, protocol.ErrMissingHeader) || h.Get(protocol.HeaderResumable) != "" {
		return err
	}
	if t := h.Get(protocol.HeaderContentType); t != "" {
		return fmt.Errorf("%w: %w: it is %q", err, failure.ErrNotTus, redact.Shorten(t, redact.MaxText))
	}
	return fmt.Errorf("%w: %w", err, failure.ErrNotTus)
}

// Create makes a new upload at endpoint (tus 1.0.0, Creation). With a body, it sends
// the first bytes along (Creation With Upload).
func (s *Server) Create(ctx context.Context, endpoint string, creation protocol.Creation, b *wire.Body, call wire.Call) (*Reply, error) {
	creation.WithBody = b != nil
	return s.do(ctx, exchange{
		op: protocol.OpCreate, method: http.MethodPost, url: endpoint,
		set: creation.SetHeader, body: b, parse: parseCreated,
		slow: creation.Length == protocol.Known(0), // the upload is complete
	}, call)
}

// Concat joins partial uploads, in their order, into a new final upload (tus 1.0.0,
// Concatenation).
func (s *Server) Concat(ctx context.Context, endpoint string, parts []string, metadata protocol.Metadata, call wire.Call) (*Reply, error) {
	creation := protocol.Creation{
		Metadata: metadata,
		Concat:   protocol.Concat{Kind: protocol.ConcatFinal, Parts: parts},
	}
	return s.do(ctx, exchange{
		op: protocol.OpConcat, method: http.MethodPost, url: endpoint,
		set: creation.SetHeader, parse: parseCreated, slow: true,
	}, call)
}

// parseCreated requires only the Location: an offset that cannot be read has to be
// asked for.
func parseCreated(h protocol.Header) (protocol.State, error) {
	state, err := protocol.ParseCreated(h)
	if state.Location != "" {
		return state, nil
	}
	return state, err
}

// Head asks how much the server has of the upload at url, and its length and metadata (tus
// 1.0.0, HEAD).
func (s *Server) Head(ctx context.Context, url string, call wire.Call) (*Reply, error) {
	return s.do(ctx, exchange{
		op: protocol.OpHead, method: http.MethodHead, url: url, set: setQuestion, parse: protocol.ParseHead,
	}, call)
}

// Patch sends a body to the upload at url (tus 1.0.0, PATCH).
func (s *Server) Patch(ctx context.Context, url string, patch protocol.Patch, b *wire.Body, call wire.Call) (*Reply, error) {
	return s.patch(ctx, url, patch, b, nil, call)
}

func (s *Server) patch(ctx context.Context, url string, patch protocol.Patch, b *wire.Body, judge func(*failure.Error, http.Header), call wire.Call) (*Reply, error) {
	return s.do(ctx, exchange{
		op: protocol.OpPatch, method: http.MethodPatch, url: url,
		set: patch.SetHeader, body: b, judge: judge,
		parse: func(h protocol.Header) (protocol.State, error) {
			state, err := protocol.ParsePatched(h)
			if err != nil {
				return state, err
			}
			rng := protocol.Range{Start: patch.Offset, End: patch.Offset + b.Chunk.Len()}
			return state, rng.Accept(state.Offset)
		},
	}, call)
}

// Terminate deletes the upload at url, complete or not (tus 1.0.0, Termination). If a reused
// connection dies, it repeats the request once at once, over a new connection. An upload that
// is gone then counts as deleted: the first request may have arrived.
func (s *Server) Terminate(ctx context.Context, url string, call wire.Call) (*Reply, error) {
	x := exchange{op: protocol.OpTerminate, method: http.MethodDelete, url: url, set: setVersion, slow: true}
	reply, err := s.do(ctx, x, call)
	if e, ok := errors.AsType[*failure.Error](err); !ok || !e.Stale || ctx.Err() != nil {
		return reply, err
	}
	reply, err = s.do(ctx, x, call)
	if e, ok := errors.AsType[*failure.Error](err); ok && e.StatusCode != 0 && e.Class == failure.ClassGone {
		return &Reply{State: protocol.State{Location: url}, URL: url, StatusCode: e.StatusCode, Header: e.Header}, nil
	}
	return reply, err
}

// setQuestion asks for the state that the upload has now: a cache on the way must not
// answer with an earlier one (RFC 9111, section 5.2.1.4). A browser would have to ask for
// the permission to send the header, which servers do not give.
func setQuestion(h protocol.Header) error {
	if runtime.GOOS != "js" && h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "no-cache")
	}
	return setVersion(h)
}

func setVersion(h protocol.Header) error {
	protocol.SetVersion(h)
	return nil
}
