package client

import (
	"slices"
	"sync"

	"github.com/tusker-go/tusker/protocol"
)

const (
	// maxWorkers bounds the connections of one upload.
	maxWorkers = 32

	// maxParts bounds the parts of one upload, so that the Upload-Concat which
	// joins them stays short.
	maxParts = 64

	// minPart is the smallest part, in bytes, that is worth its requests.
	minPart = 1 << 20

	// minSegment is the smallest part, in bytes, that is worth a second turn of
	// a worker.
	minSegment = 8 << 20
)

// segments are the stretches of a file that workers take in turn, each to be a
// part. It is safe for concurrent use.
type segments struct {
	mu      sync.Mutex
	parts   []PartRecord // one after the other, the whole file
	next    int          // the first that was not taken
	workers int          // to begin with
	grow    bool         // more workers may follow
	divide  bool         // the last part is what is left: it can be divided further
	most    int          // parts that a header can name
}

// fixedSegments are for n workers: a part for each, and, where that is worth it,
// a shorter one for a second turn, so that a slow connection keeps nobody
// waiting for long.
func fixedSegments(length int64, n int) *segments {
	first := length
	if length/int64(4*n) >= minSegment {
		first = length / 4 * 3
	}
	var parts []PartRecord
	add := func(from, to int64) {
		if from == to {
			return
		}
		for _, r := range protocol.Split(to-from, n) {
			parts = append(parts, PartRecord{Start: from + r.Start, End: from + r.End})
		}
	}
	add(0, first)
	add(first, length)
	return &segments{parts: parts, workers: n, most: maxParts}
}

// autoSegments are divided as workers ask for them.
func autoSegments(length int64) *segments {
	return &segments{parts: []PartRecord{{End: length}}, workers: autoBegin, grow: true, divide: true, most: maxParts}
}

// recordedSegments are those of an earlier run, for n workers, or, where n does
// not say, for as many as there can be.
func recordedSegments(parts []PartRecord, n int) *segments {
	if n <= 1 {
		n = autoMost
	}
	return &segments{parts: slices.Clone(parts), workers: min(n, maxWorkers), divide: true, most: maxParts}
}

// list gives all parts.
func (s *segments) list() []PartRecord {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.parts)
}

// take gives the next part to be sent.
func (s *segments) take() (int, PartRecord, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.next == len(s.parts) {
		return 0, PartRecord{}, false
	}
	i := s.next
	s.next++
	part := &s.parts[i]
	if i == len(s.parts)-1 && part.URL == "" && s.divide {
		if size := s.piece(part.End - part.Start); size < part.End-part.Start {
			rest := PartRecord{Start: part.Start + size, End: part.End}
			part.End = rest.Start
			s.parts = append(s.parts, rest)
			part = &s.parts[i]
		}
	}
	return i, *part, true
}

// piece is how much of the rest the next part gets: a share that becomes smaller
// as the end comes closer, so that all workers are done at about the same time,
// and as large as it must be for the parts that are left.
func (s *segments) piece(rest int64) int64 {
	left := int64(s.most - len(s.parts) + 1)
	if left <= 1 {
		return rest
	}
	size := max(rest/(autoMost+4), rest/left*3/2, minSegment)
	if rest-size < minSegment/2 {
		return rest
	}
	return size
}

// left tells whether there is a part that nobody has taken.
func (s *segments) left() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.next < len(s.parts)
}

// made keeps the URL of a part.
func (s *segments) made(i int, endpoint, url string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.parts[i].URL = url
	s.bound(endpoint, url)
}

// bound learns from the URL of an upload how many of its kind a header can name.
// The lock is held, or nobody else has s yet.
func (s *segments) bound(endpoint, url string) {
	name := shortest(endpoint, url)
	s.most = min(s.most, max(1, maxConcat/(len(name)+len(" "))))
}
