package fleet

import "time"

// share is the part of the rate limit of the job that a worker may use.
//
// The shares of all workers together are never more than the limit. A worker divides the limit
// by the number of workers in the list of the engine, and uses this share for shareTime at most
// after it has asked for that number. A worker that comes into the list waits for shareTime
// before it sends bytes, so that all shares that do not count it have ended. No clocks are
// compared.
type share struct {
	rate        int64     // bytes in a second; 0: no limit
	from, until time.Time // when the worker may send
}

// pausedRate is the rate of a worker that may not send now. Bytes are at most a few in a
// second, so that requests do not end.
const pausedRate = 1

// at returns the limit at a time. 0: none.
func (s *share) at(now time.Time) int64 {
	if s.rate > 0 && (now.Before(s.from) || now.After(s.until)) {
		return pausedRate
	}
	return s.rate
}

// takeShare takes the limit of the job, and the number of workers in the list, which the worker
// asked for at a time. The worker itself is in the list since then at the latest.
func (p *pulse) takeShare(limit, workers int64, asked time.Time) {
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	isFirst := p.listed.IsZero()
	// The engine may have removed a worker that it has not heard of for long.
	wasRemoved := !isFirst && asked.Sub(p.listed) > workerTTL/2
	if isFirst && workers > 1 || wasRemoved {
		p.begins = now.Add(shareTime)
	}
	p.listed = asked
	if limit > 0 {
		limit = max(1, limit/max(1, workers))
	}
	p.share.Store(&share{rate: limit, from: p.begins, until: asked.Add(shareTime)})
}

// mayBegin reports whether the worker may begin an item: without a limit at once, and otherwise
// when it has a share.
func (p *pulse) mayBegin(now time.Time) bool {
	s := p.share.Load()
	return s.rate == 0 || !now.Before(s.from)
}
