// Package jobtest has the tests of package fleet that need an engine, and what they share.
// They are in the module of the engine, so that users of fleet do not download it.
package jobtest

import (
	"context"
	"fmt"
	"iter"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/fleet"
	"github.com/tusker-go/tusker/client/fleet/embedded"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/transport"
)

// Endpoint is the creation URL of the uploads of all tests.
const Endpoint = "http://tus.example/files/"

// Patience is how long a test waits for something that takes milliseconds.
const Patience = 60 * time.Second

// Engine is an engine on a fixed address, which a test can end and start again.
type Engine struct {
	Config embedded.Config

	mu     sync.Mutex
	server *embedded.Server
}

// NewEngine starts an engine that ends with the test.
func NewEngine(t *testing.T, cfg embedded.Config) *Engine {
	t.Helper()
	if cfg.Dir == "" {
		cfg.Dir = t.TempDir()
	}
	if cfg.Listen == "" {
		cfg.Listen = freeAddress(t)
	}
	e := &Engine{Config: cfg}
	e.Start(t)
	t.Cleanup(e.Stop)
	return e
}

// freeAddress returns an address that nothing listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// Start starts the engine again, with the data that it had.
func (e *Engine) Start(t *testing.T) {
	t.Helper()
	s, err := embedded.Start(e.Config)
	if err != nil {
		t.Fatal(err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.server = s
}

// Stop ends the engine.
func (e *Engine) Stop() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.server.Close()
}

// Connect connects to the engine over TCP. The connection ends with the test.
func (e *Engine) Connect(t *testing.T, options ...nats.Option) jetstream.JetStream {
	t.Helper()
	conn, err := fleet.Connect("nats://"+e.Config.Listen, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	return js
}

// Open opens a job over a connection of its own, as another process would.
func (e *Engine) Open(t *testing.T, name string, cfg fleet.Config) *fleet.Job {
	t.Helper()
	if cfg.Endpoint == "" {
		cfg.Endpoint = Endpoint
	}
	job, err := fleet.Open(t.Context(), e.Connect(t), name, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return job
}

// Folder is a folder with files of random sizes, and the items for them.
type Folder struct {
	Dir   string
	Items []fleet.Item
}

// NewFolder makes a folder with n files of these sizes, in turn. Their time of modification is
// a minute ago, so that uploads do not wait for them to settle.
func NewFolder(t *testing.T, n int, sizes ...int) *Folder {
	t.Helper()
	f := &Folder{Dir: t.TempDir()}
	random := rand.NewChaCha8([32]byte{})
	for i := range n {
		data := make([]byte, sizes[i%len(sizes)])
		_, _ = random.Read(data)
		f.Write(t, fmt.Sprintf("%02d/%05d.bin", i%7, i), data)
	}
	slices.SortFunc(f.Items, fleet.OrderWalk.Compare)
	return f
}

// Write writes a file and adds its item.
func (f *Folder) Write(t *testing.T, path string, data []byte) fleet.Item {
	t.Helper()
	name := filepath.Join(f.Dir, filepath.FromSlash(path))
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
	at := time.Now().Add(-time.Minute).Truncate(time.Microsecond)
	if err := os.Chtimes(name, at, at); err != nil {
		t.Fatal(err)
	}
	it := fleet.Item{Root: "r", Path: path, Size: int64(len(data)), ModTime: at}
	f.Items = append(f.Items, it)
	return it
}

// Data returns the bytes of the file of an item.
func (f *Folder) Data(t *testing.T, it fleet.Item) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(f.Dir, filepath.FromSlash(it.Path)))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// Seq returns items as Add takes them.
func Seq(items []fleet.Item) iter.Seq2[fleet.Item, error] {
	return func(yield func(fleet.Item, error) bool) {
		for _, it := range items {
			if !yield(it, nil) {
				return
			}
		}
	}
}

// Add adds all items.
func Add(t *testing.T, job *fleet.Job, items []fleet.Item) fleet.Added {
	t.Helper()
	added, err := job.Add(t.Context(), Seq(items), nil)
	if err != nil {
		t.Fatal(err)
	}
	return added
}

// Worker returns a worker for the files of the folder, whose uploads go to s.
func (f *Folder) Worker(s *fake.Server) fleet.Worker {
	return f.WorkerOver(s.Doer())
}

// WorkerOver returns a worker for the files of the folder, whose requests go through d.
func (f *Folder) WorkerOver(d transport.Doer) fleet.Worker {
	return fleet.Worker{
		Client: client.Config{Doer: d}, Open: fleet.Files(map[string]string{"r": f.Dir}),
		Slots: 4, UntilDone: true, Drain: -1,
	}
}

// Work works until nothing is left.
func Work(t *testing.T, job *fleet.Job, w fleet.Worker) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), Patience)
	defer cancel()
	if err := job.Work(ctx, w); err != nil {
		t.Fatal(err)
	}
	if ctx.Err() != nil {
		st, _ := job.Status(t.Context())
		t.Fatalf("not finished after %v: %+v", Patience, st)
	}
}

// Results returns all results by item ID, and fails the test if an item has two.
func Results(t *testing.T, job *fleet.Job, f fleet.Filter) map[string]fleet.Result {
	t.Helper()
	all := make(map[string]fleet.Result)
	for r, err := range job.Results(t.Context(), f) {
		if err != nil {
			t.Fatal(err)
		}
		if was, ok := all[r.ID]; ok {
			t.Errorf("item %q has two results: %+v and %+v", r.Item.Name(), was, r)
		}
		all[r.ID] = r
	}
	return all
}

// WantDelivered checks that each item has one finished upload with its bytes, whose URL is in
// the results.
func (f *Folder) WantDelivered(t *testing.T, job *fleet.Job, s *fake.Server) {
	t.Helper()
	results := Results(t, job, fleet.ResultAll)
	if len(results) != len(f.Items) {
		t.Errorf("%d results of %d items", len(results), len(f.Items))
	}
	for _, it := range f.Items {
		r, ok := results[it.ID(Endpoint)]
		switch {
		case !ok:
			t.Errorf("item %q has no result", it.Name())
		case !r.OK():
			t.Errorf("item %q: class %s: %s", it.Name(), r.Class, r.Message)
		case string(s.Bytes(r.URL)) != string(f.Data(t, it)):
			t.Errorf("item %q: the upload has other bytes", it.Name())
		}
	}
	WantOnce(t, s, len(f.Items))
}

// NewJob starts an engine and an upload server, and adds a folder of n files of these sizes to a new
// job, see NewFolder.
func NewJob(t *testing.T, cfg fleet.Config, n int, sizes ...int) (*Engine, *fake.Server, *Folder, *fleet.Job) {
	t.Helper()
	e, s, f := NewEngine(t, embedded.Config{}), fake.New(t, fake.Config{}), NewFolder(t, n, sizes...)
	job := e.Open(t, "archive", cfg)
	Add(t, job, f.Items)
	return e, s, f, job
}
