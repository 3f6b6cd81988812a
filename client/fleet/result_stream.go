package fleet

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// resultKey tells the items of results apart. Half of a SHA-256 is enough for that.
type resultKey [16]byte

// seen keeps which items had a result.
type seen map[resultKey]struct{}

// add reports whether the item is new.
func (s seen) add(id string) bool {
	var key resultKey
	if b, err := hex.DecodeString(id); err == nil {
		copy(key[:], b)
	}
	if _, ok := s[key]; ok {
		return false
	}
	s[key] = struct{}{}
	return true
}

// readResults reads the stream of results from its beginning. The stream has a result twice
// only if a worker and the engine were killed at the wrong moments, so the first one counts.
func (j *Job) readResults(ctx context.Context, f Filter, follow bool) iter.Seq2[Result, error] {
	return func(yield func(Result, error) bool) {
		r := resultReader{Job: j, filter: f, follow: follow, seen: make(seen)}
		err := r.read(ctx, yield)
		switch {
		case err == nil, errors.Is(err, errStopped):
		case ctx.Err() != nil && follow:
		case ctx.Err() != nil:
			yield(Result{}, context.Cause(ctx))
		default:
			yield(Result{}, fmt.Errorf("results of job %s: %w", j.name, err))
		}
	}
}

// errStopped means that the loop over the results has ended.
var errStopped = errors.New("the loop has ended")

// resultReader is one loop over the results.
type resultReader struct {
	*Job
	filter Filter
	follow bool
	seen   seen
	at     uint64 // sequence of the last message that was read
}

// idleTime is how long a reader waits for a message before it asks whether there is one.
const idleTime = 2 * time.Second

// read reads until the end of the results, or until the loop or ctx ends. An engine that
// stops to answer does not end it, if it answers again in time.
func (r *resultReader) read(ctx context.Context, yield func(Result, error) bool) error {
	for {
		messages, end, err := r.open(ctx)
		if err != nil {
			return err
		}
		if end <= r.at && !r.follow {
			if messages != nil {
				messages.Stop()
			}
			return nil
		}
		err = r.readSome(ctx, messages, end, yield)
		messages.Stop()
		if err != nil && !isSilent(err) || ctx.Err() != nil {
			return err
		}
	}
}

// open returns the messages after the last one that was read, and the sequence of the last
// one that the engine has, or 0.
func (r *resultReader) open(ctx context.Context) (messages jetstream.MessagesContext, end uint64, err error) {
	subjects := r.subjects()
	err = r.patiently(ctx, func(ctx context.Context) error {
		stream, err := r.js.Stream(ctx, r.results())
		if err != nil {
			return err
		}
		if end, err = r.end(ctx); err != nil {
			return err
		}
		consumer, err := stream.OrderedConsumer(ctx, jetstream.OrderedConsumerConfig{
			FilterSubjects: subjects, DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: r.at + 1,
		})
		if err != nil {
			return err
		}
		messages, err = consumer.Messages()
		return err
	})
	return messages, end, err
}

// subjects returns the subjects of the results that the filter selects.
func (r *resultReader) subjects() []string {
	switch r.filter {
	case ResultOK:
		return []string{r.ok()}
	case ResultFailed:
		return []string{r.failures()}
	default:
		return []string{r.ok(), r.failures()}
	}
}

// end returns the sequence of the last result, or 0.
func (r *resultReader) end(ctx context.Context) (end uint64, err error) {
	for _, subject := range r.subjects() {
		last, err := r.lastSequence(ctx, r.results(), subject)
		if err != nil {
			return 0, err
		}
		end = max(end, last)
	}
	return end, nil
}

// recent returns the last results, the newest first. It reads the end of the stream, and more of
// it if the end has too few of them.
func (j *Job) recent(ctx context.Context, f Filter, n int) ([]Result, error) {
	const (
		first  = 64
		factor = 8
	)
	for length := uint64(first); ; length *= factor {
		r := resultReader{Job: j, filter: f, seen: make(seen)}
		var end uint64
		err := j.patiently(ctx, func(ctx context.Context) (err error) {
			end, err = r.end(ctx)
			return err
		})
		if err != nil || end == 0 {
			return nil, err
		}
		r.at = end - min(end, length)
		isWhole := r.at == 0
		var found []Result
		if err := r.read(ctx, func(result Result, _ error) bool {
			found = append(found, result)
			return true
		}); err != nil {
			return nil, err
		}
		if len(found) >= n || isWhole {
			slices.Reverse(found)
			return found[:min(n, len(found))], nil
		}
	}
}

// readSome reads messages until the one with the sequence end, or until none comes for a while.
func (r *resultReader) readSome(ctx context.Context, messages jetstream.MessagesContext, end uint64, yield func(Result, error) bool) error {
	for r.follow || r.at < end {
		next, cancel := context.WithTimeout(ctx, idleTime)
		msg, err := messages.Next(jetstream.NextContext(next))
		cancel()
		switch {
		case err != nil && ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil && r.follow && errors.Is(err, context.DeadlineExceeded):
			continue // the engine sends heartbeats
		case err != nil:
			return fmt.Errorf("%w: %w", ErrEngineUnreachable, err)
		}
		result, err := readResult(msg)
		if err != nil {
			return err
		}
		r.at = result.Sequence
		if r.seen.add(result.ID) && !yield(result, nil) {
			return errStopped
		}
	}
	return nil
}

func readResult(msg jetstream.Msg) (Result, error) {
	var o outcome
	if err := json.Unmarshal(msg.Data(), &o); err != nil {
		return Result{}, fmt.Errorf("%w: a result: %w", ErrJobVersion, err)
	}
	r := o.result()
	meta, err := msg.Metadata()
	if err != nil {
		return r, err
	}
	r.Time, r.Sequence = meta.Timestamp.UTC(), meta.Sequence.Stream
	return r, nil
}
