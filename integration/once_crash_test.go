//go:build unix

package integration

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/filestore"
	"github.com/tusker-go/tusker/client/pgstore"
	"github.com/tusker-go/tusker/client/redisstore"
	"github.com/tusker-go/tusker/client/storetest/databases"
	"github.com/tusker-go/tusker/retry"
	"github.com/tusker-go/tusker/testserver"
	"github.com/tusker-go/tusker/transport/nethttp"
)

// These variables are for the worker processes of TestOnceWithKilledProcesses, except that
// envOnceRounds makes the test longer, and envOnceControl runs it without Config.Once.
const (
	envOnceEndpoint = "TUSKER_ONCE_ENDPOINT"
	envOnceFolder   = "TUSKER_ONCE_FOLDER"
	envOnceSeed     = "TUSKER_ONCE_SEED"
	envOnceLock     = "TUSKER_ONCE_LOCK"
	envOnceControl  = "TUSKER_ONCE_CONTROL"
	envOnceRounds   = "TUSKER_ONCE_ROUNDS"
	envOnceDatabase = "TUSKER_ONCE_DATABASE" // its URL; "": the folder has the records
)

// onceFiles is the number of files, of which the first is empty.
const onceFiles = 6

// onceStore is a store of records and of finished uploads.
type onceStore interface {
	client.Store
	client.Ledger
}

// unlocked is a store without a lock. A process that was stopped for longer than its lease
// works with a store like this one.
type unlocked struct{ onceStore }

func (unlocked) Lock(context.Context, string) (func() error, error) {
	return func() error { return nil }, nil
}

// TestOnceWorker is the body of the processes. It uploads all files in a random order, and
// writes the URLs to the file "results".
func TestOnceWorker(t *testing.T) {
	endpoint, folder := os.Getenv(envOnceEndpoint), os.Getenv(envOnceFolder)
	if endpoint == "" {
		t.Skip("this test only runs in the processes of other tests")
	}
	seed, err := strconv.ParseUint(os.Getenv(envOnceSeed), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(seed, 1))
	store := openOnce(t, os.Getenv(envOnceDatabase), folder)
	doer := nethttp.New(nethttp.Config{})
	defer doer.CloseIdleConnections()
	cfg := client.Config{Endpoint: endpoint, Doer: doer, Store: store, Ledger: store, Once: true, Retry: quick, Locked: quick}
	if os.Getenv(envOnceLock) == "" {
		cfg.Store = unlocked{store}
	}
	if os.Getenv(envOnceControl) != "" {
		cfg.Once = false
	}
	c := newClient(t, cfg)
	for _, i := range random.Perm(onceFiles) {
		var res *client.Result
		err := errors.New("not tried")
		for try := 0; err != nil; try++ {
			if try == 1000 {
				t.Fatalf("file %d: %v", i, err)
			}
			src, serr := client.Path(filepath.Join(folder, fmt.Sprint("file", i)))
			if serr != nil {
				t.Fatal(serr)
			}
			if res, err = c.Upload(t.Context(), src, nil); err != nil {
				// Workers on the same file overtake one another.
				_ = retryPause(t.Context(), time.Duration(random.Int64N(int64(30*time.Millisecond))))
			}
		}
		results, err := os.OpenFile(filepath.Join(folder, "results"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := fmt.Fprintf(results, "%d %s\n", i, res.URL); err != nil {
			t.Fatal(err)
		}
		if err := results.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// openOnce opens the store of a worker: the database, or the folder.
func openOnce(t *testing.T, database, folder string) onceStore {
	t.Helper()
	var store onceStore
	var err error
	// The lock of a process that was killed is free after this time.
	const expiry = time.Second
	switch scheme, _, _ := strings.Cut(database, ":"); scheme {
	case "redis":
		options, uerr := redis.ParseURL(database)
		if uerr != nil {
			t.Fatal(uerr)
		}
		db := redis.NewClient(options)
		t.Cleanup(func() { _ = db.Close() })
		store, err = redisstore.New(db, redisstore.Config{Lease: expiry})
	case "postgres":
		pool, perr := pgxpool.New(t.Context(), database)
		if perr != nil {
			t.Fatal(perr)
		}
		t.Cleanup(pool.Close)
		store, err = pgstore.New(pool, pgstore.Config{Lease: expiry})
	default:
		store, err = filestore.New(filepath.Join(folder, "state"))
	}
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// retryPause waits between two calls for the same file.
func retryPause(ctx context.Context, d time.Duration) error {
	loop := retry.Loop{Policy: retry.Delays(d)}
	return loop.Wait(ctx, errors.New("overtaken"))
}

// onceProcess is a worker process.
type onceProcess struct {
	cmd  *exec.Cmd
	out  bytes.Buffer
	done chan error
}

func startOnce(t *testing.T, endpoint, folder string, seed uint64, lock, database string) *onceProcess {
	t.Helper()
	return startTest(t, "TestOnceWorker", envOnceEndpoint+"="+endpoint, envOnceFolder+"="+folder,
		envOnceSeed+"="+strconv.FormatUint(seed, 10), envOnceLock+"="+lock, envOnceDatabase+"="+database)
}

// startTest runs one test of this program in a process of its own.
func startTest(t *testing.T, test string, env ...string) *onceProcess {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &onceProcess{cmd: exec.CommandContext(t.Context(), self, "-test.run=^"+test+"$"), done: make(chan error, 1)}
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.out
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.done <- p.cmd.Wait() }()
	return p
}

// wait waits until the process ends. Killed means that a signal may have ended it.
func (p *onceProcess) wait(t *testing.T, killed bool) {
	t.Helper()
	if err := <-p.done; err != nil && !killed {
		t.Errorf("a worker failed: %v\n%s", err, &p.out)
	}
}

// S-BYTES-ONCE: processes that share a store and a ledger upload each file once, although some are
// killed at any moment and one is stopped while the others continue. All results have the same
// URL, and no other upload has bytes.
func TestOnceWithKilledProcesses(t *testing.T) {
	for name, lock := range map[string]string{"with locks": "yes", "without locks": ""} {
		t.Run(name, func(t *testing.T) { onceRounds(t, lock, nil) })
	}
}

// S-BYTES-ONCE: the same with records in Redis, whose locks expire, and which is killed and
// restarted meanwhile.
func TestOnceInRedis(t *testing.T) {
	onceRounds(t, "yes", databases.Redis(t))
}

// S-BYTES-ONCE: the same with records in PostgreSQL, which is killed and restarted meanwhile.
func TestOnceInPostgres(t *testing.T) {
	onceRounds(t, "yes", migratedPostgres(t))
}

// migratedPostgres starts PostgreSQL with the tables of a store.
func migratedPostgres(t *testing.T) *databases.Server {
	t.Helper()
	server := databases.Postgres(t)
	pool, err := pgxpool.New(t.Context(), server.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	if err := pgstore.Migrate(t.Context(), pool, pgstore.Config{}); err != nil {
		t.Fatal(err)
	}
	return server
}

// onceRounds runs several rounds. The database is nil for records in a folder.
func onceRounds(t *testing.T, lock string, database *databases.Server) {
	t.Helper()
	rounds := 2
	if n, err := strconv.Atoi(os.Getenv(envOnceRounds)); err == nil {
		rounds = n
	}
	for round := range rounds {
		onceRound(t, uint64(round), lock, database)
	}
}

// onceRound runs workers until all files are uploaded.
func onceRound(t *testing.T, seed uint64, lock string, server *databases.Server) {
	t.Helper()
	random := rand.New(rand.NewPCG(seed, 2))
	srv := testserver.New(t, testserver.Config{})
	defer srv.Close()
	database := ""
	if server != nil {
		database = server.URL()
	}
	folder := t.TempDir()
	data := content(onceFiles << 20)
	for i := range onceFiles {
		writeOld(t, filepath.Join(folder, fmt.Sprint("file", i)), data[:i<<20])
	}
	// A stopped process keeps the locks of a folder, so it works without them.
	zombie := startOnce(t, srv.URL(), folder, random.Uint64(), "", database)
	pause := func(most time.Duration) { _ = retryPause(t.Context(), time.Duration(random.Int64N(int64(most)))) }
	pause(300 * time.Millisecond)
	_ = zombie.cmd.Process.Signal(syscall.SIGSTOP)
	var workers sync.WaitGroup
	for range 2 {
		seeds := []uint64{random.Uint64(), random.Uint64(), random.Uint64()}
		waits := []time.Duration{time.Duration(random.Int64N(int64(200 * time.Millisecond))), time.Duration(random.Int64N(int64(400 * time.Millisecond)))}
		workers.Go(func() {
			for i, wait := range waits {
				p := startOnce(t, srv.URL(), folder, seeds[i], lock, database)
				_ = retryPause(t.Context(), wait)
				_ = p.cmd.Process.Kill()
				p.wait(t, true)
			}
			startOnce(t, srv.URL(), folder, seeds[2], lock, database).wait(t, false)
		})
	}
	if server != nil {
		pause(500 * time.Millisecond)
		server.Kill()
		server.Restart()
	}
	pause(time.Second)
	_ = zombie.cmd.Process.Signal(syscall.SIGCONT)
	workers.Wait()
	zombie.wait(t, false)
	checkOnce(t, srv, folder, data)
}

// checkOnce compares the uploads with the files and with the results of the workers.
func checkOnce(t *testing.T, srv *testserver.Server, folder string, data []byte) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, "results"))
	if err != nil {
		t.Fatal(err)
	}
	urls := make(map[string]string) // by file
	for line := range strings.Lines(string(text)) {
		file, url, _ := strings.Cut(strings.TrimSpace(line), " ")
		if was := urls[file]; was != "" && was != url {
			t.Errorf("file %s has the URLs %s and %s", file, was, url)
		}
		urls[file] = url
	}
	for i := range onceFiles {
		checkStored(t, srv, urls[strconv.Itoa(i)], data[:i<<20])
	}
	all, err := srv.Uploads()
	if err != nil {
		t.Fatal(err)
	}
	withBytes := 0
	for _, u := range all {
		if b, err := srv.Bytes(u); err == nil && len(b) > 0 {
			withBytes++
		}
	}
	if withBytes != onceFiles-1 {
		t.Errorf("%d uploads have bytes, want %d", withBytes, onceFiles-1)
	}
}
