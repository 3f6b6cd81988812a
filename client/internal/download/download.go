// Package download fetches the bytes of an upload by GET, and resumes after failures. tus
// does not define GET; it only says that servers may answer it. Therefore each answer is
// checked: it resumes a download only if it has proof of being the same content.
package download

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/internal/address"
	"github.com/tusker-go/tusker/client/internal/cause"
	"github.com/tusker-go/tusker/client/internal/engine"
	"github.com/tusker-go/tusker/client/internal/header"
	"github.com/tusker-go/tusker/client/internal/redact"
	"github.com/tusker-go/tusker/client/internal/tus"
	"github.com/tusker-go/tusker/client/internal/wire"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
	"github.com/tusker-go/tusker/transport"
)

// Op is the operation of an error of a download.
const Op protocol.Op = "download"

// Client has what downloads need of a client.
type Client struct {
	Server *tus.Server
	Rules  *engine.Rules
}

// Spec describes one download.
type Spec struct {
	URL    string
	Call   wire.Call
	Policy retry.Policy // nil: that of the rules

	// Open is called with what the server offers. It returns the writer and how many bytes
	// the writer has already.
	Open func(Content) (w io.Writer, offset int64, err error)

	// Hear gets the events of progress and retries. nil: there is no listener.
	Hear engine.Listener
}

// Result is how far a download got.
type Result struct {
	Content Content
	Offset  int64 // bytes that the writer has
	Retries int
}

// download is one download under way.
type download struct {
	Client
	Spec
	retrier *engine.Retrier

	upload  *protocol.State // the answer to HEAD; nil: none of a tus server
	content Content
	w       io.Writer // nil until Open was called
	offset  int64     // bytes that w has
	prefix  prefix    // of w
	noRange bool      // the server's ranges have no proof of their content
	done    bool      // all bytes are written
}

// Run fetches an upload. The result says what is known after an error, too.
func (c Client) Run(ctx context.Context, spec Spec) (Result, error) {
	d := &download{Client: c, Spec: spec}
	d.retrier = engine.NewRetrier(c.Rules, spec.Policy, d)
	err := d.run(transport.SingleAttempt(ctx))
	d.content.Header = header.Keep(d.content.Header)
	return Result{Content: d.content, Offset: d.offset, Retries: d.retrier.Retries()}, err
}

func (d *download) run(ctx context.Context) error {
	if ctx.Err() != nil {
		return &failure.Error{Op: Op, URL: d.URL, Err: cause.Why(ctx)}
	}
	u, err := address.Parse(d.URL)
	if err == nil && d.Open == nil {
		err = fmt.Errorf("%w: open is nil", failure.ErrInvalidOption)
	}
	if err == nil {
		err = wire.CheckHeader(d.Call.Header)
	}
	if err != nil {
		return &failure.Error{Op: Op, URL: d.URL, Err: err}
	}
	d.URL = u.String()
	if d.Call.Home == nil {
		d.Call.Home = u
	}
	if err := d.examine(ctx); err != nil {
		return err
	}
	for !d.done {
		err := d.retrier.Hold(ctx, d.URL)
		if err == nil {
			err = d.get(ctx)
		}
		if err == nil {
			continue
		}
		if err := d.retrier.After(ctx, d.URL, err); err != nil {
			return err
		}
		if d.w == nil && d.upload == nil && errors.Is(err, failure.ErrOtherServer) {
			// The server that answered HEAD was perhaps another one, too.
			if err := d.examine(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// examine asks by HEAD whether the upload is complete, and how long it is. A server that
// does not answer HEAD as a tus server may still answer a GET.
func (d *download) examine(ctx context.Context) error {
	var reply *tus.Reply
	for {
		err := d.retrier.Hold(ctx, d.URL)
		if err == nil {
			if reply, err = d.Server.Head(ctx, d.URL, d.Call); err == nil {
				break
			}
		}
		if err = d.retrier.After(ctx, d.URL, err); err == nil {
			continue
		}
		e, ok := errors.AsType[*failure.Error](err)
		if !ok || e.StatusCode == 0 || errors.Is(err, retry.ErrExhausted) || ctx.Err() != nil {
			return err
		}
		d.Rules.Log.LogAttrs(ctx, slog.LevelDebug, "HEAD got no answer of a tus server",
			slog.String("url", redact.URL(d.URL)), slog.Any("err", err))
		d.retrier.Progress()
		return nil
	}
	d.retrier.Progress()
	state := reply.State // a pointer into reply would keep its headers
	d.upload = &state
	if reply.State.Complete() {
		return nil
	}
	has := fmt.Sprintf("the server has %d bytes", reply.State.Offset)
	if n, ok := reply.State.Length.Int64(); ok {
		has += fmt.Sprintf(" of %d", n)
	}
	return reply.Refuse(fmt.Errorf("%w: %s", failure.ErrUnfinished, has))
}

// begin calls Open with the content that the server offers.
func (d *download) begin(ctx context.Context, content Content) error {
	w, offset, err := d.Open(content)
	if err != nil {
		return err
	}
	if w == nil {
		return fmt.Errorf("%w: no writer", failure.ErrInvalidOption)
	}
	length, known := content.Length.Int64()
	if offset < 0 || known && offset > length && content.Version != "" {
		return fmt.Errorf("%w: offset %d of a content of %d bytes", failure.ErrInvalidOption, offset, length)
	}
	d.w, d.content, d.offset = w, content, offset
	if content.validator == (validator{}) {
		d.prefix = newPrefix(w, offset)
	}
	kind := engine.Progress
	if offset > 0 {
		kind = engine.Resumed
		d.Rules.Log.LogAttrs(ctx, slog.LevelInfo, "download resumed", slog.String("url", redact.URL(d.URL)), slog.Int64("offset", offset))
	}
	return d.Report(ctx, d.Event(kind))
}

// Event implements [engine.Reporter].
func (d *download) Event(kind engine.Kind) engine.Event {
	ev := engine.Event{Kind: kind, Offset: d.offset, Sent: d.offset, Length: d.content.Length}
	if d.w != nil {
		ev.URL = d.URL
	}
	return ev
}

// Report implements [engine.Reporter].
func (d *download) Report(ctx context.Context, ev engine.Event) error {
	return engine.Report(ctx, d.Rules.Log, d.Hear, ev)
}
