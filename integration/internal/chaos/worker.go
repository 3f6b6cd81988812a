//go:build linux

package chaos

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/filestore"
	"github.com/tusker-go/tusker/client/journal"
	"github.com/tusker-go/tusker/retry"
)

// These variables are the settings of a worker process of [Simple].
const (
	envQueue    = "TUSKER_CHAOS_QUEUE"
	envEndpoint = "TUSKER_CHAOS_ENDPOINT"
	envInput    = "TUSKER_CHAOS_INPUT"
	envState    = "TUSKER_CHAOS_STATE"
	envSlots    = "TUSKER_CHAOS_SLOTS"
	envVariant  = "TUSKER_CHAOS_VARIANT"
)

var (
	errDone = errors.New("all items are done")
	errNone = errors.New("no item is free")
	errLost = errors.New("another worker has the item")
)

// RunWorker is the body of a worker process of [Simple]. It returns nil when all items are
// done.
func RunWorker(ctx context.Context) error {
	slots, err := strconv.Atoi(os.Getenv(envSlots))
	if err != nil {
		return err
	}
	w := &worker{queue: "http://" + os.Getenv(envQueue), variant: Variant(os.Getenv(envVariant))}
	if w.client, err = w.newClient(ctx); err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	for range slots {
		group.Go(func() error { return w.work(ctx) })
	}
	return group.Wait()
}

// worker is a worker of Simple.
type worker struct {
	queue   string // URL
	variant Variant
	client  *client.Client
}

func (w *worker) newClient(ctx context.Context) (*client.Client, error) {
	quick := retry.Backoff{Initial: 20 * time.Millisecond, Max: 200 * time.Millisecond, MaxAttempts: 1 << 20}
	cfg := client.Config{Endpoint: os.Getenv(envEndpoint), Retry: quick, Locked: quick}
	if w.variant == OneRequest {
		c, err := client.New(cfg)
		if err != nil {
			return nil, err
		}
		return c, c.Learn(ctx)
	}
	store, err := filestore.New(os.Getenv(envState))
	if err != nil {
		return nil, err
	}
	cfg.Store, cfg.Ledger, cfg.Once = unlockedStore{store}, store, true
	if w.variant == Unchecked {
		cfg.Store = uncheckedStore{unlockedStore{store}}
	}
	return client.New(cfg)
}

// unlockedStore has no locks, because a stopped process keeps them for longer than its lease.
type unlockedStore struct{ *filestore.Store }

func (unlockedStore) Lock(context.Context, string) (func() error, error) {
	return func() error { return nil }, nil
}

// uncheckedStore replaces and removes records of any revision.
type uncheckedStore struct{ unlockedStore }

func (s uncheckedStore) Save(ctx context.Context, r *journal.Record) error {
	for {
		r.Revision = ""
		if was, err := s.Load(ctx, r.Key); err == nil {
			r.Revision = was.Revision
		}
		if err := s.unlockedStore.Save(ctx, r); !errors.Is(err, journal.ErrConflict) {
			return err
		}
	}
}

// work uploads one item after the other.
func (w *worker) work(ctx context.Context) error {
	for {
		var c claim
		switch err := w.call(ctx, "/claim", nil, &c); {
		case errors.Is(err, errDone):
			return nil
		case errors.Is(err, errNone):
			sleep(ctx, 50*time.Millisecond)
		case err != nil:
			return err
		default:
			if err := w.item(ctx, c); err != nil {
				fmt.Fprintf(os.Stderr, "%s: %v\n", c.Item, err)
			}
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// item uploads an item and writes its result.
func (w *worker) item(ctx context.Context, c claim) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if w.variant == Unchecked {
		cancel = func(error) {} // The worker goes on after it has lost the item.
	}
	go w.renew(ctx, c, cancel)
	// The number is the same in all attempts of an item.
	faulty := crc32.ChecksumIEEE([]byte(c.Item))%100 == 0
	if faulty && w.variant == Skipping {
		return w.call(ctx, "/ack", c, nil)
	}
	path := filepath.Join(os.Getenv(envInput), filepath.FromSlash(c.Item))
	if faulty && w.variant == Careless {
		if err := changeFile(path); err != nil {
			return err
		}
	}
	src, err := client.Path(path)
	if err != nil {
		return err
	}
	res, err := w.client.Upload(ctx, src, nil)
	if err != nil {
		return err
	}
	c.URL = res.URL
	if !faulty || w.variant != Forgetful {
		if err := w.call(ctx, "/result", c, nil); err != nil {
			return err
		}
	}
	return w.call(ctx, "/ack", c, nil)
}

// changeFile changes the first byte of a file, and keeps its modification time.
func changeFile(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	b := make([]byte, 1)
	_, err = f.ReadAt(b, 0)
	if err == nil {
		_, err = f.WriteAt([]byte{b[0] ^ 1}, 0)
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	return os.Chtimes(path, info.ModTime(), info.ModTime())
}

// renew keeps the claim until the context ends, and ends the context if the claim is lost.
func (w *worker) renew(ctx context.Context, c claim, cancel context.CancelCauseFunc) {
	for sleep(ctx, c.Lease/3) {
		if err := w.call(ctx, "/renew", c, nil); errors.Is(err, errLost) {
			cancel(err)
			return
		}
	}
}

// call sends a request to the queue.
func (w *worker) call(ctx context.Context, path string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.queue+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	switch res.StatusCode {
	case http.StatusOK:
		if out == nil {
			return nil
		}
		return json.NewDecoder(res.Body).Decode(out)
	case http.StatusGone:
		return errDone
	case http.StatusNoContent:
		return errNone
	case http.StatusConflict:
		return errLost
	}
	b, _ := io.ReadAll(io.LimitReader(res.Body, 200))
	return fmt.Errorf("%s answered %d: %s", path, res.StatusCode, strings.TrimSpace(string(b)))
}
