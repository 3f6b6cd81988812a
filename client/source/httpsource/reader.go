package httpsource

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/internal/input"
	"github.com/tusker-go/tusker/client/source"
	"github.com/tusker-go/tusker/retry"
)

// open implements source.Ranged. The reader replaces a request that failed by another one.
func (o *Object) open(ctx context.Context, offset, length int64) (io.ReadCloser, error) {
	if length == 0 {
		return http.NoBody, nil
	}
	loop := o.requester.loop()
	r := &reader{
		off: offset, end: offset + length,
		get:   func(start, end int64) (io.ReadCloser, int64, error) { return o.get(ctx, start, end) },
		wait:  func(err error) error { return loop.Wait(ctx, err) },
		moved: loop.Progress,
		broke: func(err error) error { return o.requester.failed(ctx, err) },
	}
	// The tus server gets no request if the object cannot be read.
	if err := r.connect(); err != nil {
		return nil, err
	}
	return r, nil
}

func (r *requester) loop() *retry.Loop {
	loop := &retry.Loop{Policy: r.Retry, OnWait: func(a retry.Attempt, wait time.Duration) {
		if r.OnRetry != nil {
			r.OnRetry(r.Name, a, wait)
		}
	}}
	loop.Start()
	return loop
}

// get requests the bytes [start, end), and returns how many of them the body has.
func (o *Object) get(ctx context.Context, start, end int64) (content io.ReadCloser, n int64, err error) {
	a, err := o.requester.get(ctx, func(h http.Header) {
		h.Set("Range", fmt.Sprintf("bytes=%d-%d", start, end-1))
		o.facts.version.condition(h)
	})
	if err != nil {
		return nil, 0, err
	}
	n, wrong := o.facts.judge(a.answer(), start, end)
	if wrong != nil {
		return nil, 0, o.requester.refused(a, wrong)
	}
	return a.Body, n, nil
}

// reader reads a range of an object by one request, and by another one after each failure.
type reader struct {
	off, end int64
	get      func(start, end int64) (io.ReadCloser, int64, error)
	wait     func(err error) error // until another request may be sent, or returns the final error
	moved    func()
	broke    func(err error) error // returns the error of a request whose answer broke off

	body   io.ReadCloser // of the request under way; nil: there is none
	left   int64         // bytes that body has
	failed error         // why the last request failed; nil: it did not
}

// connect sends requests until one succeeds.
func (r *reader) connect() error {
	for {
		if r.failed != nil {
			if err := r.wait(r.failed); err != nil {
				return source.Error(err)
			}
		}
		r.body, r.left, r.failed = nil, 0, nil
		body, n, err := r.get(r.off, r.end)
		if err == nil {
			r.body, r.left = body, n
			return nil
		}
		r.failed = err
	}
}

// Read implements io.Reader.
func (r *reader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for r.off < r.end {
		if r.body == nil {
			if err := r.connect(); err != nil {
				return 0, err
			}
		}
		n, err := r.body.Read(p[:min(int64(len(p)), r.left)])
		r.off, r.left = r.off+int64(n), r.left-int64(n)
		if n > 0 {
			r.moved()
		}
		switch {
		case r.left == 0 && r.off < r.end:
			r.drop(nil) // the server sent fewer bytes than were requested
		case err == nil, r.left == 0:
		case input.IsEnd(err):
			r.drop(r.broke(fmt.Errorf("%w: the answer ended early", io.ErrUnexpectedEOF)))
		default:
			r.drop(err)
		}
		if n > 0 {
			return n, nil
		}
	}
	return 0, io.EOF
}

// drop ends the request under way.
func (r *reader) drop(why error) {
	_ = r.body.Close()
	r.body, r.left, r.failed = nil, 0, why
}

// Close implements io.Closer.
func (r *reader) Close() error {
	if r.body == nil {
		return nil
	}
	return r.body.Close()
}

// isStreamed reports whether err is about an object that only a stream can read.
func isStreamed(err error) bool {
	return errors.Is(err, ErrNoRanges) || errors.Is(err, ErrNoVersion)
}

// changedError is the error of an object that has not the version that was asked for.
func changedError(name string) error {
	return source.Error(&RequestError{Name: name, Err: fmt.Errorf("%w: it has another ETag than the one that was given", failure.ErrSourceChanged)})
}
