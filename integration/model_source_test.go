package integration

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing/fstest"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
)

// kind is a kind of source.
type kind string

const (
	fromReaderAt kind = "ReaderAt"
	fromFile     kind = "file"
	fromFS       kind = "FS"
	fromKnown    kind = "stream of known length"
	fromUnknown  kind = "stream of unknown length"
)

// damage is the defect of a source.
type damage string

const (
	intact damage = "intact"
	broken damage = "broken" // reading fails
	short  damage = "short"  // it ends before its length
	long   damage = "long"   // it has more bytes than its length
)

var errBroken = errors.New("the disk is broken")

// sourceScript describes the source of a script.
type sourceScript struct {
	kind   kind
	size   int64
	keep   int64         // window of a stream
	piece  int64         // maximum bytes of one Read of a stream
	pause  time.Duration // pause of a stream between some reads
	damage damage
	at     int64 // offset of the damage
}

func (s sourceScript) String() string {
	text := fmt.Sprintf("%s of %d bytes, %s", s.kind, s.size, s.damage)
	if s.damage != intact {
		text += fmt.Sprintf(" at %d", s.at)
	}
	if s.stream() {
		text += fmt.Sprintf(", keep %d, pieces of %d, pauses of %v", s.keep, s.piece, s.pause)
	}
	return text
}

func (s sourceScript) stream() bool { return s.kind == fromKnown || s.kind == fromUnknown }

func drawSource(d dice, size int64, stored bool) sourceScript {
	s := sourceScript{
		kind:   pick(d, fromReaderAt, fromReaderAt, fromFile, fromFS, fromKnown, fromUnknown, fromUnknown),
		size:   size,
		damage: intact,
	}
	if stored {
		s.kind = fromFile
	}
	if s.stream() {
		s.keep = pick(d, 0, 2, 1+size/8+d.Int64N(size+1))
		if s.keep == 2 {
			s.keep = max(s.keep, size/8)
		}
		s.piece = 1 + size/20 + d.upTo(size)
		if d.in(20) {
			s.pause = pick(d, time.Millisecond, time.Second, 45*time.Second)
		}
	}
	if !d.in(6) {
		return s
	}
	switch {
	case s.kind == fromUnknown:
		s.damage, s.at = broken, d.upTo(size)
	case s.kind == fromKnown && d.in(30):
		s.damage, s.at = long, size
	case size > 0 && (s.kind == fromReaderAt || s.kind == fromKnown):
		s.damage, s.at = pick(d, broken, short), d.upTo(size-1)
	}
	return s
}

// open returns the source of one call. seed determines all details that the script does
// not. content is longer than the source.
func (s sourceScript) open(content []byte, dir string, seed uint64) (client.Source, *lent, error) {
	l := &lent{back: make(chan struct{})}
	data := content[:s.size]
	switch s.damage {
	case broken, short:
		data = content[:s.at]
	case long:
		data = content[:s.size+3]
	}
	end := io.EOF
	if s.damage == broken {
		end = errBroken
	}
	switch s.kind {
	case fromReaderAt:
		src, err := client.ReaderAt(&readerUntil{r: bytes.NewReader(data), end: end, lent: l}, s.size)
		return src, l, err
	case fromFile:
		name := filepath.Join(dir, "source")
		if _, err := os.Stat(name); errors.Is(err, fs.ErrNotExist) {
			if err := os.WriteFile(name, data, 0o600); err != nil {
				return nil, nil, err
			}
		}
		src, err := client.Path(name)
		return src, l, err
	case fromFS:
		src, err := client.FS(forwardFS{fstest.MapFS{"source": {Data: data}}}, "source")
		return src, l, err
	}
	opts := &client.StreamOptions{Window: s.keep}
	if s.kind == fromKnown {
		opts.Length = protocol.Known(s.size)
	}
	return client.Stream(&trickle{data: data, end: end, s: s, lent: l, rng: rand.New(rand.NewPCG(seed, 1))}, opts), l, nil
}

// lent records whether a source is read after the call has returned.
type lent struct {
	back chan struct{} // closed when the call has returned
	late atomic.Bool
}

// readerUntil is a reader that ends with a given error.
type readerUntil struct {
	r    *bytes.Reader
	end  error
	lent *lent
}

func (r *readerUntil) ReadAt(p []byte, off int64) (int, error) {
	select {
	case <-r.lent.back:
		r.lent.late.Store(true)
	default:
	}
	n, err := r.r.ReadAt(p, off)
	if errors.Is(err, io.EOF) {
		err = r.end
	}
	return n, err
}

// forwardFS has files that can only be read from start to end.
type forwardFS struct{ fs.FS }

func (f forwardFS) Open(name string) (fs.File, error) {
	file, err := f.FS.Open(name)
	return struct{ fs.File }{file}, err
}

// trickle returns its bytes in pieces, some of them after a pause.
type trickle struct {
	data []byte
	end  error
	s    sourceScript
	lent *lent
	rng  *rand.Rand
}

func (r *trickle) Read(p []byte) (int, error) {
	if r.s.pause > 0 && r.draw(8) == 0 {
		// A running Read may end after its upload, but must end before the bubble.
		select {
		case <-time.After(r.s.pause):
		case <-r.lent.back:
		}
	}
	if len(r.data) == 0 {
		return 0, r.end
	}
	n := copy(p[:min(int64(len(p)), 1+r.draw(r.s.piece))], r.data)
	r.data = r.data[n:]
	// Half of the readers return io.EOF with the last bytes.
	if len(r.data) == 0 && r.draw(2) == 0 {
		return n, r.end
	}
	return n, nil
}

func (r *trickle) draw(n int64) int64 { return r.rng.Int64N(max(n, 1)) }
