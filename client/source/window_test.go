package source

import (
	"bytes"
	"io"
	"math/rand/v2"
	"testing"
)

// The window against the plain bytes of the stream, while blocks come and go and
// it is released in steps of any size, and taken back.
func TestWindow(t *testing.T) {
	for seed := range uint64(40) {
		random := rand.New(rand.NewPCG(seed, 0))
		limit := 1 + random.Int64N(1<<(6*random.IntN(4)))
		data := make([]byte, 4*limit)
		_, _ = io.ReadFull(rand.NewChaCha8([32]byte{byte(seed)}), data)
		w := &window{limit: limit, size: 1 + random.Int64N(limit), chunk: limit}
		for w.end < int64(len(data)) {
			if w.end-w.start < limit || w.start < w.mark {
				before := w.start
				free, ok := w.room()
				if !ok || len(free) == 0 {
					t.Fatalf("seed %d: no room at %d, window from %d, limit %d", seed, w.end, w.start, limit)
				}
				if w.start > max(before, w.mark) {
					t.Fatalf("seed %d: given up to %d, want at most %v, released to %d", seed, w.start, max(before, w.mark), w.mark)
				}
				n := copy(free[:1+random.IntN(len(free))], data[w.end:])
				w.end += int64(n)
			}
			if held := w.end - w.start; held > limit || w.start > 0 && held < limit-max(1, limit/4) {
				t.Fatalf("seed %d: %d bytes are held, limit %d, want at most the limit, and after the start at least 3/4 of it", seed, held, limit)
			}
			wantFewBlocks(t, w)
			if random.IntN(20) == 0 {
				from := w.start + random.Int64N(w.end-w.start+1)
				got, err := io.ReadAll(&windowReader{w: w, pos: from, end: w.end})
				if err != nil || !bytes.Equal(got, data[from:w.end]) {
					t.Fatalf("seed %d: wrong bytes from %d to %d, limit %d, %v", seed, from, w.end, limit, err)
				}
			}
			if w.end-w.start == limit || random.IntN(5) == 0 {
				w.Release(w.start + 1 + random.Int64N(w.end-w.start))
			}
		}
	}
}

// wantFewBlocks compares the memory with the limit. The first and the last block need not
// be full.
func wantFewBlocks(t *testing.T, w *window) {
	t.Helper()
	if n := int64(len(w.blocks) + len(w.free)); n > (w.limit+w.size-1)/w.size+1 {
		t.Fatalf("%d blocks of %d bytes, limit %d, want at most %v", n, w.size, w.limit, (w.limit+w.size-1)/w.size+1)
	}
}

// The usual window takes its 8 MiB and nothing more, though what is acknowledged
// stays: blocks go round.
func TestWindowMemory(t *testing.T) {
	w := &window{limit: DefaultWindow, size: blockSize, chunk: DefaultWindow / 2}
	made := make(map[*byte]bool)
	for w.end < 8*DefaultWindow {
		if w.end-w.start == w.limit {
			w.Release(w.start + w.chunk)
		}
		free, _ := w.room()
		if w.end%blockSize == 0 {
			made[&free[0]] = true
		}
		w.end += min(int64(len(free)), 64<<10) // as a pipe gives it
		wantFewBlocks(t, w)
	}
	if want := DefaultWindow / blockSize; len(made) != want || len(w.blocks)+len(w.free) != want {
		t.Errorf("%d blocks were made, %d are held, %d are free, want %d", len(made), len(w.blocks), len(w.free), want)
	}
}

func TestWindowTakesWhatArrives(t *testing.T) {
	w := &window{limit: 1 << 40, size: blockSize, chunk: 1}
	free, _ := w.room()
	if len(free) != blockSize || len(w.blocks) != 1 {
		t.Errorf("%d bytes in %d blocks taken for none, want %v and 1 in blocks", len(free), len(w.blocks), blockSize)
	}
}
