package parts

import (
	"slices"
	"sync"

	"github.com/tusker-go/tusker/client/internal/record"
	"github.com/tusker-go/tusker/client/journal"
	"github.com/tusker-go/tusker/protocol"
)

const (
	// maxWorkers is the most connections of one upload.
	maxWorkers = 32

	// minPart is the smallest part, in bytes, that is worth its requests.
	minPart = 1 << 20

	// minSecond is the smallest part, in bytes, that is worth a second turn of a worker.
	minSecond = 8 << 20
)

// Plan divides a source into the parts that workers take in turn. It is safe for
// concurrent use.
type Plan struct {
	mu      sync.Mutex
	parts   []journal.PartRecord // adjacent, the whole source
	next    int                  // the first part that no worker has taken
	workers int                  // at the beginning
	grow    bool                 // more workers may follow
	divide  bool                 // the last part is the rest of the source, and may be divided further
	most    int                  // parts that one request can name
}

// Fixed plans the parts for n connections, or returns nil if one connection is enough.
// Each worker gets one part and, if that is worth it, a shorter second one, so that a
// slow connection does not delay the end for long.
func Fixed(length int64, n int) *Plan {
	n = int(min(int64(n), maxWorkers, length/minPart))
	if n <= 1 {
		return nil
	}
	first := length
	if length/int64(4*n) >= minSecond {
		first = length / 4 * 3
	}
	p := &Plan{workers: n, most: record.MaxParts}
	p.add(0, first, n)
	p.add(first, length, n)
	return p
}

func (p *Plan) add(from, to int64, n int) {
	if from == to {
		return
	}
	for _, r := range protocol.Split(to-from, n) {
		p.parts = append(p.parts, journal.PartRecord{Start: from + r.Start, End: from + r.End})
	}
}

// growing plans parts that are divided as workers ask for them.
func growing(length int64) *Plan {
	return &Plan{parts: []journal.PartRecord{{End: length}}, workers: autoBegin, grow: true, divide: true, most: record.MaxParts}
}

// Recorded plans the parts of an earlier run for n workers. If n is at most 1, it plans for
// autoMost workers.
func Recorded(parts []journal.PartRecord, n int) *Plan {
	if n <= 1 {
		n = autoMost
	}
	return &Plan{parts: slices.Clone(parts), workers: min(n, maxWorkers), divide: true, most: record.MaxParts}
}

// List returns all parts.
func (p *Plan) List() []journal.PartRecord {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.parts)
}

// takenPart is a part that a worker has taken.
type takenPart struct {
	i    int
	part journal.PartRecord
}

// take returns the next part to be sent.
func (p *Plan) take() (takenPart, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.next == len(p.parts) {
		return takenPart{}, false
	}
	i := p.next
	p.next++
	part := &p.parts[i]
	if i == len(p.parts)-1 && part.URL == "" && p.divide {
		if size := p.share(part.End - part.Start); size < part.End-part.Start {
			rest := journal.PartRecord{Start: part.Start + size, End: part.End}
			part.End = rest.Start
			p.parts = append(p.parts, rest)
			part = &p.parts[i]
		}
	}
	return takenPart{i, *part}, true
}

// share returns the size of the next part. Parts get smaller toward the end, so that all
// workers finish at about the same time. A part is at least so large that the number of
// remaining parts is enough for the rest.
func (p *Plan) share(rest int64) int64 {
	left := int64(p.most - len(p.parts) + 1)
	if left <= 1 {
		return rest
	}
	size := max(rest/(autoMost+4), rest/left*3/2, minSecond)
	if rest-size < minSecond/2 {
		return rest
	}
	return size
}

// hasMore reports whether there is a part that no worker has taken.
func (p *Plan) hasMore() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.next < len(p.parts)
}

// made keeps the URL of a part. Most is how many URLs of its kind one request can name. It is
// true if the boundaries of the parts changed because of that.
func (p *Plan) made(i int, url string, most int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.parts[i].URL = url
	p.most = min(p.most, most)
	return i == 0 && p.merge()
}

// merge makes fewer and larger parts of those behind the first if one request cannot name
// them all. Two parts are the fewest.
func (p *Plan) merge() bool {
	n := max(p.most, 2)
	if p.divide || len(p.parts) <= n {
		return false
	}
	from, to := p.parts[0].End, p.parts[len(p.parts)-1].End
	p.parts = p.parts[:1]
	p.add(from, to, n-1)
	return true
}

// isNew reports whether the boundaries of all parts are set and none of the parts exists.
func (p *Plan) isNew() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !p.divide && p.next == 0 && !slices.ContainsFunc(p.parts, func(part journal.PartRecord) bool { return part.URL != "" })
}

// limit bounds the number of parts that one request can name.
func (p *Plan) limit(most int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.most = min(p.most, most)
}
