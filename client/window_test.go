package client

import (
	"bytes"
	"io"
	"math/rand/v2"
	"testing"
)

// The ring against the plain bytes of the stream, while it grows, wraps around
// and is released in steps of any size.
func TestWindow(t *testing.T) {
	for seed := range uint64(40) {
		random := rand.New(rand.NewPCG(seed, 0))
		limit := 1 + random.Int64N(1<<(6*random.IntN(4)))
		data := make([]byte, 4*limit)
		_, _ = io.ReadFull(rand.NewChaCha8([32]byte{byte(seed)}), data)
		w := &window{limit: limit, chunk: limit, changed: make(chan struct{})}
		for w.end < int64(len(data)) {
			if w.end-w.start < limit {
				free, ok := w.room()
				if !ok || len(free) == 0 {
					t.Fatalf("seed %d: no room at %d, window from %d, limit %d", seed, w.end, w.start, limit)
				}
				n := copy(free[:1+random.IntN(len(free))], data[w.end:])
				w.end += int64(n)
			}
			if int64(len(w.buf)) > limit {
				t.Fatalf("seed %d: %d bytes taken, limit %d", seed, len(w.buf), limit)
			}
			if random.IntN(20) == 0 {
				from := w.start + random.Int64N(w.end-w.start+1)
				got, err := io.ReadAll(&windowReader{w: w, pos: from, end: w.end})
				if err != nil || !bytes.Equal(got, data[from:w.end]) {
					t.Fatalf("seed %d: wrong bytes from %d to %d, limit %d, %v", seed, from, w.end, limit, err)
				}
			}
			if w.end-w.start == limit || random.IntN(5) == 0 {
				w.release(w.start + 1 + random.Int64N(w.end-w.start))
			}
		}
	}
}

func TestWindowTakesWhatArrives(t *testing.T) {
	w := &window{limit: 1 << 40, chunk: 1, changed: make(chan struct{})}
	free, _ := w.room()
	if len(free) == 0 || len(w.buf) > 1<<20 {
		t.Errorf("%d bytes taken for none", len(w.buf))
	}
}
