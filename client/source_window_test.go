package client

import (
	"bytes"
	"io"
	"math/rand/v2"
	"testing"
)

// The window against the plain bytes of the stream, while blocks come and go and
// it is released in steps of any size.
func TestWindow(t *testing.T) {
	for seed := range uint64(40) {
		random := rand.New(rand.NewPCG(seed, 0))
		limit := 1 + random.Int64N(1<<(6*random.IntN(4)))
		data := make([]byte, 4*limit)
		_, _ = io.ReadFull(rand.NewChaCha8([32]byte{byte(seed)}), data)
		w := &window{limit: limit, size: 1 + random.Int64N(limit), chunk: limit}
		for w.end < int64(len(data)) {
			if w.end-w.start < limit {
				free, ok := w.room()
				if !ok || len(free) == 0 {
					t.Fatalf("seed %d: no room at %d, window from %d, limit %d", seed, w.end, w.start, limit)
				}
				n := copy(free[:1+random.IntN(len(free))], data[w.end:])
				w.end += int64(n)
			}
			// The first and the last block need not be full.
			if n := int64(len(w.blocks) + len(w.free)); n > (limit+w.size-1)/w.size+1 {
				t.Fatalf("seed %d: %d blocks of %d bytes, limit %d", seed, n, w.size, limit)
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
	w := &window{limit: 1 << 40, size: blockSize, chunk: 1}
	free, _ := w.room()
	if len(free) != blockSize || len(w.blocks) != 1 {
		t.Errorf("%d bytes in %d blocks taken for none", len(free), len(w.blocks))
	}
}
