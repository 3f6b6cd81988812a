package main

import (
	"cmp"
	"container/heap"
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// fleet has the numbers of a simulated job.
type fleet struct {
	name    string
	files   int
	size    int64 // mean size of a file, in bytes; sizes have a log-normal distribution
	workers int
	slots   int           // files that a worker uploads at the same time
	life    time.Duration // mean time until a worker is killed; exponential
	replace time.Duration // until another worker takes the place of one that was killed
	lease   time.Duration

	cycle  time.Duration // work of the engine for one file: claim, record, result and acknowledgment
	rtt    time.Duration // of a request
	create time.Duration // work of the upload server for a creation
	link   int64         // of a worker, in bytes per second
	server int64         // of all upload servers together, in bytes per second
	seed   uint64
}

// outcome is what happened to a job.
type outcome struct {
	took    time.Duration
	deaths  int
	again   int     // items that were delivered again
	orphans int     // uploads that were created and not recorded
	twice   float64 // bytes that were sent twice
	bytes   float64 // of all files
	engine  float64 // share of the time in which the engine works
}

// step is a step of the protocol of one file.
type step uint8

// The steps. The engine serves claim, record and result one after the other; creations and
// bytes go to the upload servers at the same time.
const (
	claim step = iota
	create
	record
	send
	result
)

// slot is one of the places of a worker. It has one item at a time.
type slot struct {
	worker   *worker
	life     int // the number of the life of the worker in which the slot has its item
	next     step
	at       float64 // when the next step reaches the engine or the server, in seconds
	size     float64 // of the item
	has      float64 // bytes of the item that the server had when the slot got it
	recorded bool    // the item has a record, so nothing is created
	began    float64 // when the last piece of the bytes began
	sending  bool
	piece    float64 // bytes of it
	rate     float64 // of it, in bytes per second
}

// item is an item that a dead worker had.
type item struct {
	at        float64 // when its lease ends
	size, has float64
	recorded  bool
}

// worker lives several times: another process takes its place.
type worker struct {
	random *rand.Rand
	starts []float64 // of each life
	ends   []float64
}

// alive makes the lives up to number n.
func (w *worker) alive(n int, f fleet) {
	for len(w.ends) <= n {
		start := 0.0
		if len(w.ends) > 0 {
			start = w.ends[len(w.ends)-1] + f.replace.Seconds()
		}
		w.starts = append(w.starts, start)
		w.ends = append(w.ends, start+w.random.ExpFloat64()*f.life.Seconds())
	}
}

// simulation is a job at work.
type simulation struct {
	fleet
	random   *rand.Rand
	slots    []*slot  // by time, see sink
	returned itemHeap // by time
	left     int      // items that no worker had yet
	open     int      // items without a result
	free     float64  // when the engine has done what it was asked so far
	busy     float64  // how long the engine has worked
	sending  int      // slots that send bytes now
	out      outcome
}

// run simulates a job. The same fleet has the same outcome.
func (f fleet) run() outcome {
	s := &simulation{fleet: f, random: rand.New(rand.NewPCG(f.seed, 1)), left: f.files, open: f.files}
	workers := make([]*worker, f.workers)
	for i := range workers {
		workers[i] = &worker{random: rand.New(rand.NewPCG(f.seed, uint64(i)+2))}
		workers[i].alive(0, f)
		for range f.slots {
			s.slots = append(s.slots, &slot{worker: workers[i], at: s.random.Float64()})
		}
	}
	slices.SortFunc(s.slots, func(a, b *slot) int { return cmp.Compare(a.at, b.at) })
	var now float64
	for s.open > 0 {
		sl := s.slots[0]
		now = sl.at
		if now >= sl.worker.ends[sl.life] {
			s.die(sl)
		} else {
			s.advance(sl)
		}
		s.sink()
	}
	s.out.took = time.Duration(now * float64(time.Second))
	s.out.engine = s.busy / now
	for _, w := range workers {
		for _, end := range w.ends {
			if end < now {
				s.out.deaths++
			}
		}
	}
	return s.out
}

// engineShare is the part of the work of the engine for a file that each step is.
const engineShare = 1.0 / 3

// ask has the engine do a part of a cycle, and returns when the answer is there.
func (s *simulation) ask(now float64) float64 {
	work := s.cycle.Seconds() * engineShare
	s.busy += work
	s.free = math.Max(s.free, now+s.rtt.Seconds()/2) + work
	return s.free + s.rtt.Seconds()/2
}

// advance does the next step of a slot.
func (s *simulation) advance(sl *slot) {
	switch sl.next {
	case claim:
		s.claim(sl)
	case create:
		if sl.recorded {
			sl.next = send
			return
		}
		sl.at += s.rtt.Seconds() + s.create.Seconds()
		sl.next = record
	case record:
		sl.at, sl.next = s.ask(sl.at), send
	case send:
		s.send(sl)
	case result:
		sl.sending = false
		s.sending--
		sl.at, sl.next = s.ask(sl.at), claim
		s.open--
		s.out.bytes += sl.size
	}
}

// longestPiece is how long a slot sends at the same rate, in seconds.
const longestPiece = 20

// send sends the next piece of the bytes. The slots that send at that time share the
// bandwidth.
func (s *simulation) send(sl *slot) {
	wait := 0.0
	if !sl.sending {
		sl.sending = true
		s.sending++
		wait = s.rtt.Seconds()
	}
	sl.rate = math.Min(float64(s.link)/float64(s.fleet.slots), float64(s.server)/float64(s.sending))
	sl.piece = math.Min(sl.size-sl.has, sl.rate*longestPiece)
	sl.began = sl.at + wait
	sl.at = sl.began + sl.piece/sl.rate
	sl.has += sl.piece
	if sl.has >= sl.size {
		sl.next = result
	}
}

// claim gives an item to a slot: first those of dead workers.
func (s *simulation) claim(sl *slot) {
	switch {
	case len(s.returned) > 0 && s.returned[0].at <= sl.at:
		it := heap.Pop(&s.returned).(item) //nolint:forcetypeassert // The heap has nothing else.
		sl.size, sl.has, sl.recorded = it.size, it.has, it.recorded
		s.out.again++
	case s.left > 0:
		s.left--
		// The mean of this distribution is the mean size.
		const sigma = 1.0
		sl.size = float64(s.size) * math.Exp(sigma*s.random.NormFloat64()-sigma*sigma/2)
		sl.has, sl.recorded = 0, false
	default:
		sl.at++ // The worker waits until the lease of a dead one ends.
		return
	}
	sl.at, sl.next = s.ask(sl.at), create
}

// die ends the life of a slot's worker. The step before next was at work.
func (s *simulation) die(sl *slot) {
	end := sl.worker.ends[sl.life]
	if sl.next != claim {
		// The lease was renewed at some moment within its last third.
		it := item{at: end + s.lease.Seconds()*(1-s.random.Float64()/3), size: sl.size, has: sl.has, recorded: sl.recorded}
		switch sl.next {
		case record:
			// The server has created the upload if half of the time had passed.
			if answered := sl.at - s.rtt.Seconds()/2; end > answered {
				s.out.orphans++
			}
		case send, result:
			if sl.sending {
				sl.sending = false
				s.sending--
				it.recorded = true
				s.lose(sl, &it, end)
				break
			}
			// The engine has the record if only its answer is missing.
			stored := end > sl.at-s.rtt.Seconds()/2
			if !it.recorded && !stored {
				s.out.orphans++
			}
			it.recorded = it.recorded || stored
		default:
		}
		heap.Push(&s.returned, it)
	}
	sl.life++
	sl.worker.alive(sl.life, s.fleet)
	sl.at, sl.next = sl.worker.starts[sl.life], claim
}

// lose takes the bytes away that the server did not get before the worker was killed.
func (s *simulation) lose(sl *slot, it *item, end float64) {
	sent := math.Min(sl.piece, math.Max(0, end-sl.began)*sl.rate)
	lost := math.Min(sent, sl.rate*s.rtt.Seconds()) // on their way
	it.has = sl.has - sl.piece + sent - lost
	s.out.twice += lost
}

// sink moves the first slot to its place by time. The slots are a binary heap.
func (s *simulation) sink() {
	slots, i := s.slots, 0
	sl := slots[0]
	for {
		child := 2*i + 1
		if child >= len(slots) {
			break
		}
		if child+1 < len(slots) && slots[child+1].at < slots[child].at {
			child++
		}
		if sl.at <= slots[child].at {
			break
		}
		slots[i] = slots[child]
		i = child
	}
	slots[i] = sl
}

// itemHeap orders items by time.
type itemHeap []item

func (h itemHeap) Len() int           { return len(h) }
func (h itemHeap) Less(i, j int) bool { return h[i].at < h[j].at }
func (h itemHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *itemHeap) Push(x any)        { *h = append(*h, x.(item)) } //nolint:forcetypeassert // The heap has nothing else.

func (h *itemHeap) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}
