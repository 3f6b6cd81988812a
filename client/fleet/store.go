package fleet

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/tusker-go/tusker/client/journal"
	"github.com/tusker-go/tusker/client/lease"
)

// Store keeps records of uploads in the engine, for programs that have no queue of items but
// want each file to be sent once. It is a [journal.Store], [journal.Lister],
// [journal.SuffixLister], [journal.Leaser] and [journal.Ledger]. Its records are in the
// bucket of the job, apart from those of the items, and are removed with the job. It is safe
// for concurrent use, also by several processes. [Job.Store] returns it.
type Store struct {
	job *Job
	ttl time.Duration
}

// Kinds of what a Store keeps.
const (
	ownRecord   = "record"
	ownLock     = "lock"
	ownFinished = "finished"
)

// markerTTL is how long the engine remembers that a record was deleted, or that a lock has
// expired. Nothing depends on it.
const markerTTL = time.Hour

// Store returns a store in the engine of the job, for client.Config. Its locks expire after
// the lease of the job if their process was killed.
func (j *Job) Store() *Store { return &Store{j, j.settings.Lease} }

// Load implements journal.Store.
func (s *Store) Load(ctx context.Context, key string) (*journal.Record, error) {
	r, err := s.load(ctx, ownRecord, key)
	return r, failed("load", key, err)
}

// load returns a record of a kind. Its revision is the sequence of its message. The error Is
// journal.ErrNoRecord, and those of journal.Decode.
func (s *Store) load(ctx context.Context, kind, key string, prefix ...string) (*journal.Record, error) {
	if err := check(ctx, key); err != nil {
		return nil, err
	}
	var r *journal.Record
	err := until(ctx, func(ctx context.Context) error {
		msg, err := s.job.last(ctx, s.job.recordStream(), s.job.own(kind, strings.Join(append(prefix, key), ".")))
		switch {
		case err != nil:
			return err
		case msg == nil, isDeleted(msg):
			return journal.ErrNoRecord
		}
		if r, err = journal.Decode(key, msg.Data); err == nil {
			r.Revision = strconv.FormatUint(msg.Sequence, 10)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return r, nil
}

// check checks the arguments of a call.
func check(ctx context.Context, key string) error {
	if err := journal.CheckKey(key); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

func failed(op, key string, err error) error {
	if err == nil {
		return nil
	}
	if journal.CheckKey(key) != nil {
		return fmt.Errorf("fleet: %s record: %w", op, err)
	}
	return fmt.Errorf("fleet: %s record %s: %w", op, key, err)
}

// Save implements journal.Store.
func (s *Store) Save(ctx context.Context, r *journal.Record) error {
	if err := r.Validate(); err != nil {
		return fmt.Errorf("fleet: save record: %w", err)
	}
	revision, err := s.save(ctx, r)
	if err != nil {
		return failed("save", r.Key, err)
	}
	r.Revision = revision
	return nil
}

func (s *Store) save(ctx context.Context, r *journal.Record) (revision string, err error) {
	if err := check(ctx, r.Key); err != nil {
		return "", err
	}
	last, err := sequenceOf(r.Revision)
	if err != nil {
		return "", err
	}
	// The revision tells this call from others that save the same record.
	data, err := journal.Encode(r, rand.Text())
	if err != nil {
		return "", err
	}
	for {
		sequence, other, err := s.job.replace(ctx, s.job.recordStream(), expect(s.job.own(ownRecord, r.Key), data, last))
		switch {
		case err == nil:
			return strconv.FormatUint(sequence, 10), nil
		case !isConflict(err):
			return "", err
		case other == nil || r.Revision != "" || other.Sequence == last:
			return "", journal.ErrConflict
		case !isDeleted(other):
			_, err := journal.Decode(r.Key, other.Data)
			switch {
			case errors.Is(err, journal.ErrRecordVersion):
				return "", err
			case !errors.Is(err, journal.ErrRecordDamaged):
				return "", journal.ErrConflict
			}
		}
		last = other.Sequence // of a record that counts as none
	}
}

// sequenceOf returns the sequence of a revision, or 0. No record has a revision that is not a
// number.
func sequenceOf(revision string) (uint64, error) {
	if revision == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(revision, 10, 64)
	if err != nil || n == 0 {
		return 0, journal.ErrConflict
	}
	return n, nil
}

// Delete implements journal.Store.
func (s *Store) Delete(ctx context.Context, key, revision string) error {
	return failed("delete", key, s.remove(ctx, key, revision))
}

func (s *Store) remove(ctx context.Context, key, revision string) error {
	if err := check(ctx, key); err != nil {
		return err
	}
	subject := s.job.own(ownRecord, key)
	last, err := sequenceOf(revision)
	if err == nil {
		marker := expect(subject, nil, last)
		marker.Header[headerOperation] = []string{"DEL"}
		marker.Header[headerTTL] = []string{markerTTL.String()}
		if last != 0 {
			_, _, err = s.job.replace(ctx, s.job.recordStream(), marker)
		}
		if last != 0 && !isConflict(err) {
			return err
		}
	}
	return until(ctx, func(ctx context.Context) error {
		msg, err := s.job.last(ctx, s.job.recordStream(), subject)
		switch {
		case err != nil:
			return err
		case msg == nil, isDeleted(msg):
			return nil
		}
		return journal.ErrConflict
	})
}

// Lock implements journal.Store. Use Lease to learn that the lock was lost.
func (s *Store) Lock(ctx context.Context, key string) (unlock func() error, err error) {
	_, unlock, err = s.take(ctx, "lock", key)
	return unlock, err
}

// Lease implements journal.Leaser. Locks and leases exclude each other.
func (s *Store) Lease(ctx context.Context, key string) (held context.Context, release func() error, err error) {
	return s.take(ctx, "lease", key)
}

func (s *Store) take(ctx context.Context, op, key string) (context.Context, func() error, error) {
	if err := check(ctx, key); err != nil {
		return nil, nil, failed(op, key, err)
	}
	l := &storeLock{s, s.job.own(ownLock, key), []byte(rand.Text())}
	held, release, err := lease.Take(ctx, lease.Lock{TTL: s.ttl, Take: l.take, Renew: l.renew, Release: l.release})
	if err != nil {
		return nil, nil, failed(op, key, err)
	}
	return held, release, nil
}

// storeLock is a lock of a Store: a message with the token of the holder that expires.
type storeLock struct {
	*Store
	subject string
	token   []byte
}

// write stores the token, or with remove its end, in place of the message with a sequence.
func (l *storeLock) write(ctx context.Context, last uint64, remove bool) (bool, error) {
	msg := expect(l.subject, l.token, last)
	msg.Header[headerTTL] = []string{l.ttl.String()}
	if remove {
		msg.Data = nil
		msg.Header[headerOperation] = []string{"DEL"}
	}
	_, err := l.job.store(ctx, msg)
	if isConflict(err) {
		return false, nil
	}
	return err == nil, err
}

// holder returns the sequence of the last message, whether the lock is free, and whether this
// holder has it.
func (l *storeLock) holder(ctx context.Context) (last uint64, free, mine bool, err error) {
	msg, err := l.job.last(ctx, l.job.recordStream(), l.subject)
	if err != nil || msg == nil {
		return 0, true, false, err
	}
	return msg.Sequence, isDeleted(msg), string(msg.Data) == string(l.token), nil
}

func (l *storeLock) take(ctx context.Context) (bool, error) {
	last, free, mine, err := l.holder(ctx)
	if err != nil || mine || !free {
		return mine, err
	}
	return l.write(ctx, last, false)
}

func (l *storeLock) renew(ctx context.Context) (bool, error) {
	last, _, mine, err := l.holder(ctx)
	if err != nil || !mine {
		return false, err
	}
	return l.write(ctx, last, false)
}

func (l *storeLock) release(ctx context.Context) error {
	last, _, mine, err := l.holder(ctx)
	if err != nil || !mine {
		return err
	}
	_, err = l.write(ctx, last, true)
	return err
}

// endpointKey is the part of the key of a finished upload that stands for its endpoint.
func endpointKey(endpoint string) string {
	sum := sha256.Sum256([]byte(endpoint))
	return hex.EncodeToString(sum[:16])
}

// LoadFinished implements journal.Ledger.
func (s *Store) LoadFinished(ctx context.Context, endpoint, key string) (*journal.Record, error) {
	r, err := s.load(ctx, ownFinished, key, endpointKey(endpoint))
	if err != nil {
		return nil, failed("load finished", key, err)
	}
	r.Revision = ""
	return r, nil
}

// SaveFinished implements journal.Ledger.
func (s *Store) SaveFinished(ctx context.Context, r *journal.Record) error {
	if err := r.Validate(); err != nil {
		return fmt.Errorf("fleet: save finished record: %w", err)
	}
	if err := check(ctx, r.Key); err != nil {
		return failed("save finished", r.Key, err)
	}
	data, err := journal.Encode(r, "")
	if err == nil {
		msg := &nats.Msg{Subject: s.job.own(ownFinished, endpointKey(r.Endpoint)+"."+r.Key), Data: data}
		err = until(ctx, func(ctx context.Context) error {
			_, err := s.job.store(ctx, msg)
			return err
		})
	}
	return failed("save finished", r.Key, err)
}

// List implements journal.Lister.
func (s *Store) List(ctx context.Context) iter.Seq2[*journal.Record, error] {
	return s.ListSuffix(ctx, "")
}

// ListSuffix implements journal.SuffixLister.
func (s *Store) ListSuffix(ctx context.Context, suffix string) iter.Seq2[*journal.Record, error] {
	return func(yield func(*journal.Record, error) bool) {
		keys, err := s.keys(ctx, suffix)
		if err != nil {
			yield(nil, fmt.Errorf("fleet: list records: %w", err))
			return
		}
		for _, key := range keys {
			r, err := s.Load(ctx, key)
			switch {
			case ctx.Err() != nil:
				yield(nil, fmt.Errorf("fleet: list records: %w", context.Cause(ctx)))
				return
			case errors.Is(err, journal.ErrNoRecord): // it was deleted meanwhile
			case !yield(r, err):
				return
			}
		}
	}
}

// keys returns the keys of the records that end in suffix.
func (s *Store) keys(ctx context.Context, suffix string) ([]string, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	stream, err := s.job.js.Stream(ctx, s.job.recordStream())
	if err != nil {
		return nil, engineError(err)
	}
	subjects, err := subjectsOf(ctx, stream, s.job.own(ownRecord, ">"))
	if err != nil {
		return nil, engineError(err)
	}
	prefix := s.job.own(ownRecord, "")
	var keys []string
	for subject := range subjects {
		if key := strings.TrimPrefix(subject, prefix); strings.HasSuffix(key, suffix) {
			keys = append(keys, key)
		}
	}
	return keys, nil
}
