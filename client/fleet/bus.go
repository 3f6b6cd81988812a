package fleet

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Headers of messages that the engine stores. They are part of the protocol of NATS.
const (
	headerExpectedSubject = "Nats-Expected-Last-Subject-Sequence"
	headerMessageID       = "Nats-Msg-Id"
	headerIncrement       = "Nats-Incr"
	headerOperation       = "KV-Operation"
	headerMarker          = "Nats-Marker-Reason"
	headerTTL             = "Nats-TTL"
	headerBatchID         = "Nats-Batch-Id"
	headerBatchSequence   = "Nats-Batch-Sequence"
	headerBatchCommit     = "Nats-Batch-Commit"
)

// bus stores messages in the engine.
type bus struct {
	conn    *nats.Conn
	js      jetstream.JetStream
	api     string        // what the subjects of requests to JetStream begin with
	timeout time.Duration // of a call while the engine does not answer
	answer  time.Duration // how long one request waits before it is sent again; 0: answerTime
	handles *sync.Map     // jetstream.Stream by name
}

// newBus returns a bus over js whose requests are limited. A timeout of 0 is the default.
func newBus(js jetstream.JetStream, timeout time.Duration) bus {
	b := bus{conn: js.Conn(), js: js, api: "$JS.API.", timeout: cmp.Or(timeout, defaultEngineTimeout), handles: new(sync.Map)}
	var limited jetstream.JetStream
	var err error
	limit := jetstream.WithDefaultTimeout(answerTime)
	switch options := js.Options(); {
	case options.APIPrefix != "":
		b.api = strings.TrimSuffix(options.APIPrefix, ".") + "."
		limited, err = jetstream.NewWithAPIPrefix(b.conn, options.APIPrefix, limit)
	case options.Domain != "":
		b.api = "$JS." + options.Domain + ".API."
		limited, err = jetstream.NewWithDomain(b.conn, options.Domain, limit)
	default:
		limited, err = jetstream.New(b.conn, limit)
	}
	if err == nil {
		b.js = limited
	}
	return b
}

// setLease has requests repeated several times within a lease: a request that was on its way
// when the engine ended gets no answer.
func (b *bus) setLease(lease time.Duration) { b.answer = max(minAnswerTime, min(answerTime, lease/5)) }

// errConflict means that a subject has another last message than the one that was expected.
var errConflict = errors.New("another process has stored a message")

// stored is the answer of the engine to a message.
type stored struct {
	Sequence  uint64              `json:"seq"`
	Duplicate bool                `json:"duplicate"`
	Error     *jetstream.APIError `json:"error"`
}

// answerTime is how long one request waits for its answer before it is sent again, and
// minAnswerTime how long at least.
const (
	answerTime    = 2 * time.Second
	minAnswerTime = 200 * time.Millisecond
)

// within returns a context for one request.
func (b *bus) within(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, cmp.Or(b.answer, answerTime))
}

// store stores one message once it has an answer, and returns its sequence. It does not
// repeat the request. The error Is errConflict, or as engineError says.
func (b *bus) store(ctx context.Context, msg *nats.Msg) (stored, error) {
	ctx, cancel := b.within(ctx)
	defer cancel()
	answer, err := b.conn.RequestMsgWithContext(ctx, msg)
	if err != nil {
		return stored{}, engineError(err)
	}
	return readStored(answer.Data)
}

func readStored(data []byte) (stored, error) {
	var s stored
	if err := json.Unmarshal(data, &s); err != nil {
		return s, fmt.Errorf("answer of the engine: %w", err)
	}
	if s.Error != nil {
		return s, engineError(s.Error)
	}
	return s, nil
}

// expect returns a message that is stored only if the last message of its subject has this
// sequence. 0: there is none.
func expect(subject string, data []byte, last uint64) *nats.Msg {
	return &nats.Msg{Subject: subject, Data: data, Header: nats.Header{headerExpectedSubject: {strconv.FormatUint(last, 10)}}}
}

// until repeats a call until the engine answers, or until ctx ends. The error of the last
// call is in the error then.
func until(ctx context.Context, call func(context.Context) error) error {
	const (
		first = 20 * time.Millisecond
		most  = 500 * time.Millisecond
	)
	for wait := first; ; wait = min(2*wait, most) {
		err := call(ctx)
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return fmt.Errorf("%w: %w", context.Cause(ctx), err)
		case !isSilent(err):
			return err
		case pause(ctx, wait) != nil:
			return fmt.Errorf("%w: %w", context.Cause(ctx), err)
		}
	}
}

// patiently is until with the timeout of the bus. A request that was on its way when the engine
// ended gets no answer, so each request has to be limited. JetStream limits those whose
// context has no deadline.
func (b *bus) patiently(ctx context.Context, call func(context.Context) error) error {
	limited, cancel := context.WithTimeout(ctx, b.timeout)
	defer cancel()
	open, end := withoutDeadline(limited)
	defer end()
	err := until(open, call)
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return engineError(err)
}

// withoutDeadline returns a context that ends with ctx, and has no deadline.
func withoutDeadline(ctx context.Context) (context.Context, context.CancelFunc) {
	open, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { cancel(context.Cause(ctx)) })
	return open, func() {
		stop()
		cancel(nil)
	}
}

func pause(ctx context.Context, wait time.Duration) error {
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
		return nil
	}
}

// last returns the last message of a subject in a stream, or nil if there is none.
func (b *bus) last(ctx context.Context, stream, subject string) (*jetstream.RawStreamMsg, error) {
	ctx, cancel := b.within(ctx)
	defer cancel()
	if s, ok := b.handles.Load(stream); ok {
		return lastOf(ctx, s.(jetstream.Stream), subject)
	}
	s, err := b.js.Stream(ctx, stream)
	if err != nil {
		return nil, engineError(err)
	}
	b.handles.Store(stream, s)
	return lastOf(ctx, s, subject)
}

// lastOf is one request for the last message of a subject, or nil if there is none. Ctx has to
// limit it, see within.
func lastOf(ctx context.Context, s jetstream.Stream, subject string) (*jetstream.RawStreamMsg, error) {
	msg, err := s.GetLastMsgForSubject(ctx, subject)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil, nil
	}
	return msg, engineError(err)
}

// lastSequence returns the sequence of the last message in a stream whose subject matches a
// filter, or 0. Package jetstream finds the messages of one subject only.
func (b *bus) lastSequence(ctx context.Context, stream, filter string) (uint64, error) {
	ctx, cancel := b.within(ctx)
	defer cancel()
	question, err := json.Marshal(map[string]string{"last_by_subj": filter})
	if err != nil {
		return 0, err
	}
	answer, err := b.conn.RequestWithContext(ctx, b.api+"STREAM.MSG.GET."+stream, question)
	if err != nil {
		return 0, engineError(err)
	}
	var found struct {
		Message struct {
			Sequence uint64 `json:"seq"`
		} `json:"message"`
		Error *jetstream.APIError `json:"error"`
	}
	switch err := json.Unmarshal(answer.Data, &found); {
	case err != nil:
		return 0, fmt.Errorf("answer of the engine: %w", err)
	case found.Error != nil && found.Error.ErrorCode != jetstream.JSErrCodeMessageNotFound:
		return 0, engineError(found.Error)
	}
	return found.Message.Sequence, nil
}

func isConflict(err error) bool { return errors.Is(err, errConflict) }

// ignoreMissing returns nil if a message is missing that was to be removed.
func ignoreMissing(err error) error {
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil
	}
	return err
}

// replace stores a message in place of the one with the sequence last, until the engine
// answers. 0: there is none. If an earlier try was not answered, the engine may have stored the
// message; it is then found by its bytes. With errConflict, it returns the message that the
// engine has, or nil.
func (b *bus) replace(ctx context.Context, stream string, msg *nats.Msg) (sequence uint64, other *jetstream.RawStreamMsg, err error) {
	err = until(ctx, func(ctx context.Context) error {
		s, err := b.store(ctx, msg)
		sequence = s.Sequence
		if !isConflict(err) {
			return err
		}
		last, look := b.last(ctx, stream, msg.Subject)
		switch {
		case look != nil:
			return look
		case last != nil && len(msg.Data) > 0 && bytes.Equal(last.Data, msg.Data):
			sequence = last.Sequence
			return nil
		}
		other = last
		return err
	})
	return sequence, other, err
}

// isDeleted reports whether a message says that its key was deleted or has expired.
func isDeleted(msg *jetstream.RawStreamMsg) bool {
	return msg.Header.Get(headerOperation) != "" || msg.Header.Get(headerMarker) != "" || len(msg.Data) == 0
}

// subjectsOf returns the subjects of a stream that match a filter.
func subjectsOf(ctx context.Context, stream jetstream.Stream, filter string) (map[string]uint64, error) {
	info, err := stream.Info(ctx, jetstream.WithSubjectFilter(filter))
	if err != nil {
		return nil, engineError(err)
	}
	return info.State.Subjects, nil
}
