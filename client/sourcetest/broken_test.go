package sourcetest_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/source"
	"github.com/tusker-go/tusker/client/sourcetest"
	"github.com/tusker-go/tusker/protocol"
)

// brokenEnv is set in the process that puts broken sources through the suite.
const brokenEnv = "SOURCETEST_BROKEN"

// alterChunk has change made to each chunk.
func alterChunk(change func(o *openFull, c *source.Chunk)) func(*full) {
	return func(f *full) {
		f.chunk = func(o *openFull, ctx context.Context, off, most int64) (source.Chunk, error) {
			c, err := o.chunk(ctx, off, most)
			if err == nil {
				change(o, &c)
			}
			return c, err
		}
	}
}

// broken are sources with one fault each, and the checks that must find it.
var broken = map[string]struct {
	alter func(*full)
	found []string
}{
	"has a wrong length": {
		func(f *full) { f.length = func(n int64) protocol.Length { return protocol.Known(n + 1) } },
		[]string{"length"},
	},
	"never knows its length": {
		func(f *full) { f.length = func(int64) protocol.Length { return protocol.Length{} } },
		[]string{"length"},
	},
	"always reads from the beginning": {
		alterChunk(func(o *openFull, c *source.Chunk) {
			n := c.Len()
			c.Reader = func() (io.Reader, error) { return bytes.NewReader((*o.was)[:n]), nil }
		}),
		[]string{"chunks_at_any_offset", "chunks_in_order"},
	},
	"ignores the size of a chunk": {
		func(f *full) {
			f.chunk = func(o *openFull, ctx context.Context, off, _ int64) (source.Chunk, error) {
				return o.chunk(ctx, off, 0)
			}
		},
		[]string{"chunks_at_any_offset", "chunks_in_order", "chunks_of_the_size_that_was_announced"},
	},
	"never says that a chunk is the last": {
		alterChunk(func(_ *openFull, c *source.Chunk) { c.Last = false }),
		[]string{"chunks_at_any_offset", "length"},
	},
	"says too early that a chunk is the last": {
		alterChunk(func(_ *openFull, c *source.Chunk) { c.Last = true }),
		[]string{"chunks_in_order"},
	},
	"has wrong bytes in memory": {
		alterChunk(func(_ *openFull, c *source.Chunk) { c.Data = make([]byte, c.Len()) }),
		[]string{"chunks_in_order"},
	},
	"names a wrong place in a file": {
		alterChunk(func(_ *openFull, c *source.Chunk) {
			if self, err := os.Open(os.Args[0]); err == nil {
				c.File = self
			}
		}),
		[]string{"chunks_in_order"},
	},
	"has no bytes in the middle": {
		alterChunk(func(_ *openFull, c *source.Chunk) {
			if c.Start > 0 {
				c.End, c.Last = c.Start, false
			}
		}),
		[]string{"chunks_in_order"},
	},
	"has bytes behind the end": {
		func(f *full) {
			f.chunk = func(o *openFull, ctx context.Context, off, most int64) (source.Chunk, error) {
				return o.chunk(ctx, min(off, int64(len(*o.was))), most)
			}
		},
		[]string{"chunks_beyond_the_end_are_refused"},
	},
	"has one reader for all": {
		alterChunk(func(_ *openFull, c *source.Chunk) {
			r, err := c.Reader()
			c.Reader = func() (io.Reader, error) { return r, err }
		}),
		[]string{"chunks_can_be_read_again"},
	},
	"gives a chunk once": {
		func(f *full) {
			f.chunk = func(o *openFull, ctx context.Context, off, most int64) (source.Chunk, error) {
				if o.started && off == 0 {
					return source.Chunk{}, source.Error(failure.ErrSourceWindow)
				}
				o.started = true
				return o.chunk(ctx, off, most)
			}
		},
		[]string{"chunks_can_be_read_again"},
	},
	"reads short": {
		func(f *full) {
			f.reader = func(o *openFull, c source.Chunk) io.Reader { return io.LimitReader(o.reader(c), c.Len()/2) }
		},
		[]string{"chunks_in_order", "chunks_are_read_beside_other_calls"},
	},
	"can be opened once, and does not say so": {
		func(f *full) {
			f.opening = func() error { return nil }
			f.closing = func() error { f.content.Store(new([]byte)); return nil }
			f.chunk = func(o *openFull, ctx context.Context, off, most int64) (source.Chunk, error) {
				if len(*o.from.content.Load()) == 0 {
					return source.Chunk{}, source.Error(failure.ErrSourceUsed)
				}
				return o.chunk(ctx, off, most)
			}
		},
		[]string{"several_uploads"},
	},
	"says that it can be opened once, and can be opened again": {
		func(f *full) { f.single = true },
		[]string{"single_use"},
	},
	"refuses a second use with any error": {
		func(f *full) { f.single, f.opening = true, func() error { return errors.New("used") } },
		[]string{"single_use"},
	},
	"fails to close": {
		func(f *full) { f.closing = func() error { return errors.New("not closed") } },
		[]string{"nothing_stays_open"},
	},
	"leaves something open": {
		func(f *full) { f.closing = func() error { f.open.Add(1); return nil } },
		[]string{"nothing_stays_open"},
	},
	"always seems changed": {
		func(f *full) { f.check = func(*openFull) error { return source.Error(failure.ErrSourceChanged) } },
		[]string{"unchanged_source_passes_its_check", "chunks_are_read_beside_other_calls"},
	},
	"never seems changed": {
		func(f *full) { f.check = func(*openFull) error { return nil } },
		[]string{"changed_content_is_found"},
	},
	"reports a change with any error": {
		func(f *full) {
			check := f.check
			f.check = func(o *openFull) error {
				if check(o) != nil {
					return errors.New("changed")
				}
				return nil
			}
		},
		[]string{"changed_content_is_found", "truncated_content_is_found"},
	},
	"fills up what was cut off": {
		func(f *full) {
			f.check = func(*openFull) error { return nil }
			f.reader = func(o *openFull, c source.Chunk) io.Reader {
				return io.LimitReader(io.MultiReader(o.reader(c), zeros{}), c.Len())
			}
		},
		[]string{"truncated_content_is_found"},
	},
	"does not notice that it was replaced": {
		func(f *full) { f.replaced = func() bool { return false } },
		[]string{"replaced_source_is_read_to_its_end"},
	},
	"seems replaced from the start": {
		func(f *full) { f.replaced = func() bool { return true } },
		[]string{"replaced_source_is_read_to_its_end"},
	},
	"waits although its context ended": {
		func(f *full) { f.wait = func(context.Context) error { select {} } },
		[]string{"contexts_that_end"},
	},
	"reports an ended context with any error": {
		func(f *full) {
			f.chunk = func(o *openFull, ctx context.Context, off, most int64) (source.Chunk, error) {
				if ctx.Err() != nil {
					return source.Chunk{}, source.Error(errors.New("stopped"))
				}
				return o.chunk(ctx, off, most)
			}
		},
		[]string{"contexts_that_end"},
	},
	"has another identity each time": {
		func(f *full) { f.identity = func(*openFull) string { return time.Now().String() } },
		[]string{"identity"},
	},
	"has the identity of any other": {
		func(f *full) {
			f.identity = func(*openFull) string { return "me" }
			f.check = func(*openFull) error { return nil }
		},
		[]string{"identity"},
	},
	"keeps its identity after a change": {
		func(f *full) {
			f.identity = func(o *openFull) string { return string((*o.was)[:1]) + o.Length().String() }
			f.check = func(*openFull) error { return nil }
		},
		[]string{"identity"},
	},
	"has another state each time": {
		func(f *full) { f.state = func(*openFull) string { return time.Now().String() } },
		[]string{"state_identity"},
	},
	"is at another place after a change": {
		func(f *full) { f.place = f.identity },
		[]string{"place"},
	},
	"has overlapping parts": {
		func(f *full) {
			f.part = func(o *openFull, rng protocol.Range) source.Handle {
				if rng.Start > 0 {
					rng.Start, rng.End = rng.Start-1, rng.End-1
				}
				return &fullPart{o, rng}
			}
		},
		[]string{"parts"},
	},
	"has parts that are the whole": {
		func(f *full) { f.part = func(o *openFull, _ protocol.Range) source.Handle { return o } },
		[]string{"parts"},
	},
	"has a wrong digest": {
		func(f *full) { f.digest = func(*openFull) ([]byte, error) { return make([]byte, 32), nil } },
		[]string{"digest", "truncated_content_is_found"},
	},
	"fails to sum up": {
		func(f *full) { f.digest = func(*openFull) ([]byte, error) { return nil, errors.New("no") } },
		[]string{"digest"},
	},
	"loses bytes that were not released": {
		func(f *full) {
			released := int64(0)
			f.release = func(_ *openFull, off int64) { released = off + 1 }
			f.chunk = func(o *openFull, ctx context.Context, off, most int64) (source.Chunk, error) {
				if off < released {
					return source.Chunk{}, source.Error(failure.ErrSourceWindow)
				}
				return o.chunk(ctx, off, most)
			}
		},
		[]string{"release"},
	},
	"overwrites released bytes": {
		func(f *full) {
			f.release = func(o *openFull, off int64) { clear((*o.was)[:off]) }
		},
		[]string{"release"},
	},
	"allows a negative number of bytes to be copied": {
		func(f *full) { f.spool = -1 },
		[]string{"spool"},
	},
	"is unsettled for longer than a step": {
		func(f *full) { f.unsettled = func(step time.Duration) time.Duration { return step + 1 } },
		[]string{"settling"},
	},
	"has unknown writers": {
		func(f *full) { f.writers = 77 },
		[]string{"settling"},
	},
	"loses its identity when it is compacted": {
		func(f *full) {
			identity := f.identity
			f.identity = func(o *openFull) string {
				if o.compact {
					return ""
				}
				return identity(o)
			}
		},
		[]string{"settling"},
	},
	"opens a file that is not expected": {
		func(f *full) { f.expecting, f.careless = true, true },
		[]string{"expected_file"},
	},
}

// zeros is a reader without an end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// The source that the broken ones are made of passes.
func TestFull(t *testing.T) {
	sourcetest.Run(t, func(*testing.T) sourcetest.Config {
		f := newFull(noise(1000))
		f.spool = 2000
		f.expecting = true
		return f.config()
	})
}

// The suite finds each fault. It fails its *testing.T if it finds a fault, so it runs in
// a separate process.
func TestBroken(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a process")
	}
	if runtime.GOOS == "js" || runtime.GOOS == "wasip1" {
		t.Skip("cannot start processes")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, "-test.run=^TestBrokenChild$")
	cmd.Env = append(os.Environ(), brokenEnv+"=1")
	out, _ := cmd.CombinedOutput()
	found := make(map[string][]string)
	for _, m := range regexp.MustCompile(`--- FAIL: TestBrokenChild/([^/\s]+)/(\S+)`).FindAllStringSubmatch(string(out), -1) {
		found[m[1]] = append(found[m[1]], m[2])
	}
	for name, b := range broken {
		t.Run(name, func(t *testing.T) {
			got := found[strings.ReplaceAll(name, " ", "_")]
			for _, want := range b.found {
				if !slices.Contains(got, want) {
					t.Errorf("%s passes; what fails is %q", want, got)
				}
			}
		})
	}
	if t.Failed() {
		t.Logf("%s", out)
	}
}

// TestBrokenChild is the body of the process that TestBroken starts.
func TestBrokenChild(t *testing.T) {
	if os.Getenv(brokenEnv) == "" {
		t.Skip("only for TestBroken")
	}
	for name, b := range broken {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sourcetest.Run(t, func(*testing.T) sourcetest.Config {
				f := newFull(noise(1000))
				f.spool = 2000
				b.alter(f)
				return f.config()
			})
		})
	}
}
