package fleet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/tusker-go/tusker/client"
)

const (
	workerTTL    = 30 * time.Second // how long a worker that died is listed
	beatInterval = 2 * time.Second
	shareTime    = 5 * time.Second // how long a share of the rate limit holds after a beat
)

// pulse tells the engine that the worker lives and what it has done, and learns from it how
// many workers there are and what the job allows.
type pulse struct {
	*run
	began time.Time
	beats int

	busy, done, failedItems, sentBytes atomic.Int64
	bytes                              atomic.Int64 // of finished items that the engine has not counted yet
	isDraining                         atomic.Bool
	share                              atomic.Pointer[share]

	broke    chan struct{}
	mu       sync.Mutex
	listed   time.Time     // when the engine last confirmed that the worker is in the list
	begins   time.Time     // when the worker may begin to send bytes
	average  time.Duration // how long an item takes
	measured measure
	rate     [2]float64 // bytes and items in a second
	broken   error      // why the worker has to end; broke is closed then
	counted  string     // name of the increment that may have got no answer
	adding   int64      // bytes of that increment
}

// measure is what a worker had done at a time.
type measure struct {
	at          time.Time
	sent, items int64
}

func newPulse(r *run) *pulse {
	now := time.Now()
	p := &pulse{run: r, began: now, average: time.Second, measured: measure{at: now}, broke: make(chan struct{})}
	p.share.Store(&share{})
	return p
}

// took notes how long an item took.
func (p *pulse) took(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.average = (7*p.average + d) / 8
}

// typical returns how long an item takes.
func (p *pulse) typical() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.average
}

func (p *pulse) setBusy(n int)    { p.busy.Store(int64(n)) }
func (p *pulse) setDraining()     { p.isDraining.Store(true) }
func (p *pulse) sent(bytes int64) { p.sentBytes.Add(bytes) }

// finished counts an item that has a result.
func (p *pulse) finished(size int64, ok bool) {
	if !ok {
		p.failedItems.Add(1)
		return
	}
	p.done.Add(1)
	p.bytes.Add(size)
}

// fail has the worker end with an error.
func (p *pulse) fail(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.broken == nil {
		p.broken = err
		close(p.broke)
	}
}

func (p *pulse) brokenBy() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.broken
}

// limit sets the limit of the rate in the configuration of a client. The job may get a limit
// later.
func (p *pulse) limit(cfg *client.Config) {
	own, at := cfg.RateLimit, cfg.RateLimitAt
	cfg.RateLimit = 0
	cfg.RateLimitAt = func(now time.Time) int64 {
		limits := []int64{p.share.Load().at(now), own}
		if at != nil {
			limits = append(limits, at(now))
		}
		return lowest(limits)
	}
}

// lowest returns the lowest positive number, or 0.
func lowest(numbers []int64) int64 {
	low := int64(0)
	for _, n := range numbers {
		if n > 0 && (low == 0 || n < low) {
			low = n
		}
	}
	return low
}

// beatUntil beats until ctx ends. It returns why the worker has to end, or nil.
func (p *pulse) beatUntil(ctx context.Context) error {
	missing := 0
	for p.wait(ctx, missing > 0) {
		if err := p.brokenBy(); err != nil {
			return err
		}
		err := p.try(ctx)
		// An engine that is just starting may not know the job yet.
		const enough = 3
		if missing++; !errors.Is(err, ErrNoJob) {
			missing = 0
		}
		if missing >= enough {
			return err
		}
	}
	return nil
}

// wait waits until the next beat, which may be soon, or until the worker has to end. It is
// false if ctx has ended.
func (p *pulse) wait(ctx context.Context, soon bool) bool {
	interval := beatInterval
	if soon {
		interval /= 4
	}
	t := time.NewTimer(interval)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-p.broke:
	case <-t.C:
	}
	return true
}

// beat is the first beat of a worker. It waits for the engine.
func (p *pulse) beat(ctx context.Context) error { return p.patiently(ctx, p.try) }

// try exchanges what the worker and the engine have to tell.
func (p *pulse) try(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	queue, err := p.js.Stream(ctx, p.queue())
	if err != nil {
		return engineError(err)
	}
	s, err := settingsOf(queue.CachedInfo().Config.Metadata)
	if err != nil {
		return err
	}
	if err := p.announce(ctx); err != nil {
		return err
	}
	asked := time.Now()
	stream, err := p.js.Stream(ctx, p.workerStream())
	if err != nil {
		return engineError(err)
	}
	p.takeShare(s.RateLimit, int64(stream.CachedInfo().State.NumSubjects), asked)
	p.gates.repeat(time.Now())
	return p.count(ctx)
}

// announce stores what the worker says of itself.
func (p *pulse) announce(ctx context.Context) error {
	data, err := json.Marshal(p.status(time.Now()))
	if err != nil {
		return err
	}
	_, err = p.store(ctx, &nats.Msg{Subject: "$KV." + p.workers() + "." + keyOf(p.worker.ID), Data: data})
	return err
}

// keyOf returns a key for any ID.
func keyOf(id string) string {
	key := []byte(id)
	for i, c := range key {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' {
			key[i] = '_'
		}
	}
	return string(key)
}

// status returns what the worker says of itself.
func (p *pulse) status(now time.Time) WorkerStatus {
	p.mu.Lock()
	defer p.mu.Unlock()
	sent, done, failed := p.sentBytes.Load(), p.done.Load(), p.failedItems.Load()
	if took := now.Sub(p.measured.at).Seconds(); took >= 1 {
		p.rate = [2]float64{float64(sent-p.measured.sent) / took, float64(done+failed-p.measured.items) / took}
		p.measured = measure{now, sent, done + failed}
	}
	host, _ := os.Hostname()
	return WorkerStatus{
		ID: p.worker.ID, Host: host, PID: os.Getpid(), Slots: p.worker.Slots, Busy: int(p.busy.Load()), Draining: p.isDraining.Load(),
		Done: done, Failed: failed, Sent: sent, Rate: p.rate[0], FileRate: p.rate[1], Uptime: now.Sub(p.began),
	}
}

// count adds the bytes of finished items to those of the job. An increment that got no answer
// is repeated under the same name, so that the engine counts it once.
func (p *pulse) count(ctx context.Context) error {
	p.mu.Lock()
	if p.counted == "" {
		p.beats++
		p.adding = p.bytes.Swap(0)
		p.counted = fmt.Sprintf("%s.%d", p.worker.ID, p.beats)
	}
	name, adding := p.counted, p.adding
	p.mu.Unlock()
	if adding != 0 {
		header := nats.Header{headerIncrement: {"+" + strconv.FormatInt(adding, 10)}, headerMessageID: {name}}
		if _, err := p.store(ctx, &nats.Msg{Subject: p.names.bytes(), Header: header}); err != nil {
			return err
		}
	}
	p.mu.Lock()
	p.counted = ""
	p.mu.Unlock()
	return nil
}

// leave counts what is not counted yet, and removes the worker from the list.
func (p *pulse) leave() {
	ctx, cancel := context.WithTimeout(context.Background(), leaveTime)
	defer cancel()
	for range 2 { // an increment without an answer first
		_ = p.count(ctx)
	}
	stream, err := p.js.Stream(ctx, p.workerStream())
	if err == nil {
		_ = stream.Purge(ctx, jetstream.WithPurgeSubject("$KV."+p.workers()+"."+keyOf(p.worker.ID)))
	}
}
