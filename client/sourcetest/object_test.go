package sourcetest_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/internal/cause"
	"github.com/tusker-go/tusker/client/source"
	"github.com/tusker-go/tusker/client/sourcetest"
	"github.com/tusker-go/tusker/protocol"
)

// full is a source with every optional interface, each method of which can be replaced.
type full struct {
	content atomic.Pointer[[]byte]
	open    atomic.Int64
	used    atomic.Bool
	gone    atomic.Bool // another source took its place

	length    func(n int64) protocol.Length
	opening   func() error
	single    bool
	expecting bool // it is a file
	careless  bool // it asks for the condition of a file and ignores it
	accepts   func(fs.FileInfo) bool
	chunk     func(o *openFull, ctx context.Context, off, most int64) (source.Chunk, error)
	reader    func(o *openFull, c source.Chunk) io.Reader
	check     func(o *openFull) error
	closing   func() error
	identity  func(o *openFull) string
	state     func(o *openFull) string
	place     func(o *openFull) string
	part      func(o *openFull, rng protocol.Range) source.Handle
	digest    func(o *openFull) ([]byte, error)
	release   func(o *openFull, off int64)
	spool     int64
	replaced  func() bool
	unsettled func(step time.Duration) time.Duration
	writers   source.Writers
	compact   func(o *openFull)
	wait      func(context.Context) error // of a source that stalls
}

func newFull(content []byte) *full {
	f := &full{
		length:  protocol.Known,
		opening: func() error { return nil },
		chunk:   (*openFull).chunk,
		reader:  func(o *openFull, c source.Chunk) io.Reader { return o.reader(c) },
		check: func(o *openFull) error {
			if o.from.content.Load() != o.was {
				return source.Error(failure.ErrSourceChanged)
			}
			return nil
		},
		closing:  func() error { return nil },
		identity: func(o *openFull) string { return fmt.Sprintf("%x", sha256.Sum256(*o.was)) },
		state:    func(o *openFull) string { return fmt.Sprintf("%p", o.was) },
		place:    func(*openFull) string { return "here" },
		part:     func(o *openFull, rng protocol.Range) source.Handle { return &fullPart{o, rng} },
		digest: func(o *openFull) ([]byte, error) {
			sum := sha256.Sum256(*o.from.content.Load())
			return sum[:], o.from.check(o)
		},
		release:   func(*openFull, int64) {},
		unsettled: func(step time.Duration) time.Duration { return step },
		compact:   func(*openFull) {},
		wait: func(ctx context.Context) error {
			<-ctx.Done()
			return cause.Why(ctx)
		},
	}
	f.replaced = f.gone.Load
	f.content.Store(&content)
	return f
}

func (f *full) Name() string            { return "full" }
func (f *full) Length() protocol.Length { return f.length(int64(len(*f.content.Load()))) }
func (f *full) SingleUse() bool         { return f.single }

func (f *full) Expect(accept func(fs.FileInfo) bool) source.Source {
	if !f.expecting {
		return f
	}
	g := newFull(*f.content.Load())
	g.accepts = func(info fs.FileInfo) bool { return accept(info) || f.careless }
	return g
}

func (f *full) Open(context.Context, int64) (source.Handle, error) {
	if f.accepts != nil && !f.accepts(nil) {
		return nil, source.Error(failure.ErrSourceChanged)
	}
	if f.single && f.used.Swap(true) {
		if err := f.opening(); err != nil {
			return nil, err
		}
	}
	f.open.Add(1)
	return &openFull{from: f, was: f.content.Load()}, nil
}

type openFull struct {
	from    *full
	was     *[]byte
	compact bool
	started bool
}

func (o *openFull) Length() protocol.Length { return o.from.length(int64(len(*o.was))) }

func (o *openFull) Chunk(ctx context.Context, off, most int64) (source.Chunk, error) {
	return o.from.chunk(o, ctx, off, most)
}

func (o *openFull) chunk(_ context.Context, off, most int64) (source.Chunk, error) {
	o.started = o.started || off > 0
	rng, err := protocol.Next(off, protocol.Known(int64(len(*o.was))), most)
	if err != nil {
		return source.Chunk{}, source.Error(err)
	}
	c := source.Chunk{Range: rng, Last: rng.End == int64(len(*o.was))}
	c.Reader = func() (io.Reader, error) {
		o.from.open.Add(1)
		return struct {
			io.Reader
			io.Closer
		}{o.from.reader(o, c), closer(func() { o.from.open.Add(-1) })}, nil
	}
	return c, nil
}

func (o *openFull) reader(c source.Chunk) io.Reader {
	now := *o.from.content.Load()
	end := min(c.End, int64(len(now)))
	return bytes.NewReader(now[min(c.Start, end):end])
}

type closer func()

func (c closer) Close() error { c(); return nil }

func (o *openFull) Check(context.Context) error { return o.from.check(o) }

func (o *openFull) Close() error {
	o.from.open.Add(-1)
	return o.from.closing()
}

func (o *openFull) Identity() string                            { return o.from.identity(o) }
func (o *openFull) StateIdentity() string                       { return o.from.state(o) }
func (o *openFull) Place() string                               { return o.from.place(o) }
func (o *openFull) Part(rng protocol.Range) source.Handle       { return o.from.part(o, rng) }
func (o *openFull) PrepareDigest()                              {}
func (o *openFull) Digest(context.Context) ([]byte, error)      { return o.from.digest(o) }
func (o *openFull) Release(off int64)                           { o.from.release(o, off) }
func (o *openFull) Spool() int64                                { return o.from.spool }
func (o *openFull) IsReplaced() bool                            { return o.from.replaced() }
func (o *openFull) SettleTime(step time.Duration) time.Duration { return o.from.unsettled(step) }
func (o *openFull) Step() time.Duration                         { return time.Second }
func (o *openFull) IsTrusted() bool                             { return true }
func (o *openFull) FindWriters() source.Writers                 { return o.from.writers }
func (o *openFull) Compact()                                    { o.compact = true; o.from.compact(o) }

// fullPart is a range of a full source.
type fullPart struct {
	whole *openFull
	protocol.Range
}

func (p *fullPart) Length() protocol.Length { return protocol.Known(p.Len()) }

func (p *fullPart) Chunk(_ context.Context, off, most int64) (source.Chunk, error) {
	rng, err := protocol.Next(off, p.Length(), most)
	if err != nil {
		return source.Chunk{}, source.Error(err)
	}
	return source.Chunk{Range: rng, Last: rng.End == p.Len(), Reader: func() (io.Reader, error) {
		return bytes.NewReader((*p.whole.was)[p.Start+rng.Start : p.Start+rng.End]), nil
	}}, nil
}

func (p *fullPart) Check(ctx context.Context) error { return p.whole.Check(ctx) }
func (p *fullPart) Close() error                    { return nil }

// config returns the functions with which the suite changes the source.
func (f *full) config() sourcetest.Config {
	content := bytes.Clone(*f.content.Load())
	return sourcetest.Config{
		Source: f, Content: content, CountOpen: func() int { return int(f.open.Load()) },
		Other: func(*testing.T) source.Source {
			other := newFull(append(bytes.Clone(content), 'x'))
			other.identity, other.state = f.identity, f.state
			return other
		},
		Change: func(*testing.T) {
			other := bytes.Clone(content)
			other[len(other)/2] ^= 1
			f.content.Store(&other)
		},
		Truncate: func(*testing.T) {
			shorter := content[:len(content)-1]
			f.content.Store(&shorter)
		},
		Replace: func(*testing.T) { f.gone.Store(true) },
		Stall: func(*testing.T) (source.Source, <-chan struct{}) {
			stalled, waiting := newFull(content), make(chan struct{})
			stalled.chunk = func(_ *openFull, ctx context.Context, _, _ int64) (source.Chunk, error) {
				close(waiting)
				return source.Chunk{}, f.wait(ctx)
			}
			return stalled, waiting
		},
		Patience: time.Second,
	}
}
