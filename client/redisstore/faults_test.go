package redisstore_test

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/tusker-go/tusker/client/journal"
	"github.com/tusker-go/tusker/client/redisstore"
	"github.com/tusker-go/tusker/client/storetest/databases"
)

// A server that is killed loses nothing that it has confirmed. While it is gone, each call fails
// with an error that is worth a retry, and changes nothing.
func TestServerIsKilled(t *testing.T) {
	t.Parallel()
	server := databases.Redis(t)
	s := open(t, connect(t, server), redisstore.Config{})
	r := record("k")
	save(t, s, r)
	if err := s.SaveFinished(t.Context(), record("done")); err != nil {
		t.Fatal(err)
	}
	server.Kill()
	known := r.Revision
	_, loaded := s.Load(t.Context(), "k")
	_, finished := s.LoadFinished(t.Context(), r.Endpoint, "done")
	_, locked := s.Lock(t.Context(), "k")
	var listed error
	for _, err := range s.List(t.Context()) {
		listed = err
	}
	_, pruned := s.Prune(t.Context(), 0)
	databases.WantRefused(t, map[string]error{
		"Load": loaded, "Save": s.Save(t.Context(), r), "Delete": s.Delete(t.Context(), "k", known), "Lock": locked, "List": listed,
		"LoadFinished": finished, "SaveFinished": s.SaveFinished(t.Context(), r), "Prune": pruned,
	})
	server.Restart()
	got, err := s.Load(t.Context(), "k")
	// The client dials again in the background, and fails until then.
	for err != nil && !errors.Is(err, journal.ErrNoRecord) {
		databases.Pause(t)
		got, err = s.Load(t.Context(), "k")
	}
	if err != nil || got.Revision != known {
		t.Errorf("Load after the restart: record %v, error %v, want Revision %q and no error", got, err, known)
	}
	if _, err := s.LoadFinished(t.Context(), r.Endpoint, "done"); err != nil {
		t.Errorf("LoadFinished after the restart: %v", err)
	}
	save(t, s, r)
}

// A lease survives a restart of the server, and is lost if the server is gone for longer.
func TestLeaseWithoutServer(t *testing.T) {
	t.Parallel()
	server := databases.Redis(t)
	s := open(t, connect(t, server), redisstore.Config{Lease: 20 * time.Second})
	held, release, err := s.Lease(t.Context(), "k")
	if err != nil {
		t.Fatal(err)
	}
	server.Kill()
	server.Restart()
	other := open(t, connect(t, server), redisstore.Config{})
	if _, err := other.Lock(t.Context(), "k"); !errors.Is(err, journal.ErrBusy) {
		t.Errorf("Lock after the restart: error %v, want %v", err, journal.ErrBusy)
	}
	if held.Err() != nil {
		t.Errorf("the lease ended: %v", context.Cause(held))
	}
	if err := release(); err != nil {
		t.Error(err)
	}
	short := open(t, connect(t, server), redisstore.Config{Lease: time.Second})
	held, _, err = short.Lease(t.Context(), "k")
	if err != nil {
		t.Fatal(err)
	}
	server.Kill()
	<-held.Done()
	if cause := context.Cause(held); !errors.Is(cause, journal.ErrLeaseLost) {
		t.Errorf("the lease ended with %v, want %v", cause, journal.ErrLeaseLost)
	}
}

// A call ends with its context although the server accepts connections and does not answer.
func TestSilentServer(t *testing.T) {
	t.Parallel()
	silent, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	db := redis.NewClient(&redis.Options{Addr: silent.Addr().String(), ReadTimeout: time.Hour, MaxRetries: -1})
	s := open(t, db, redisstore.Config{})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := s.Load(ctx, "k"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Load: error %v, want %v", err, context.DeadlineExceeded)
	}
	if err := errors.Join(silent.Close(), db.Close()); err != nil {
		t.Error(err)
	}
}

// TestHolder is the body of the process of TestHolderIsKilled.
func TestHolder(t *testing.T) {
	url := databases.ProcessURL(t)
	options, err := redis.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	db := redis.NewClient(options)
	s := open(t, db, redisstore.Config{Lease: time.Second})
	databases.Hold(t, func(ctx context.Context) error {
		_, err := s.Lock(ctx, "k")
		return err
	})
}

// The lock of a process that was killed is free after the time of its lease.
func TestHolderIsKilled(t *testing.T) {
	t.Parallel()
	server := databases.Redis(t)
	s := open(t, connect(t, server), redisstore.Config{})
	databases.KillHolder(t, server, "TestHolder", func(ctx context.Context) error {
		unlock, err := s.Lock(ctx, "k")
		if err == nil {
			err = unlock()
		}
		return err
	})
}
