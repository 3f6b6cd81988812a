package client_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/client/source"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
	"github.com/tusker-go/tusker/transport"
)

// limited is a Doer that has only so many connections.
func limited(next transport.Doer, connections int64, lack error) transport.Doer {
	free := make(chan struct{}, connections)
	return transport.DoerFunc(func(req *http.Request) (*http.Response, error) {
		select {
		case free <- struct{}{}:
			defer func() { <-free }()
			return next.Do(req)
		default:
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("socket", lack)}
		}
	})
}

// rareSource opens only so many of its kind at a time.
type rareSource struct {
	client.Source
	opened *atomic.Int64
	most   int64
}

func (s rareSource) Open(ctx context.Context, chunk int64) (source.Handle, error) {
	if !takeOne(s.opened, s.most) {
		return nil, &os.PathError{Op: "open", Path: s.Name(), Err: syscall.EMFILE}
	}
	o, err := s.Source.Open(ctx, chunk)
	return rareOpened{o, s.opened}, err
}

// takeOne adds one to n unless it is most. A failed try changes nothing, so it cannot make
// another one fail.
func takeOne(n *atomic.Int64, most int64) bool {
	for {
		was := n.Load()
		if was >= most {
			return false
		}
		if n.CompareAndSwap(was, was+1) {
			return true
		}
	}
}

type rareOpened struct {
	source.Handle
	opened *atomic.Int64
}

func (o rareOpened) Close() error {
	o.opened.Add(-1)
	return o.Handle.Close()
}

// A lack of open files or ports lets no upload fail, even if no retry is allowed, while
// another upload can end. It is reported once.
func TestScarceResources(t *testing.T) {
	for name, test := range map[string]struct {
		connections, files int64
		lack               error
	}{
		"open files of the process, connections": {1, 99, syscall.EMFILE},
		"open files of the system, connections":  {2, 99, syscall.ENFILE},
		"ports":                                  {1, 99, syscall.EADDRNOTAVAIL},
		"buffers":                                {1, 99, syscall.ENOBUFS},
		"sources":                                {99, 2, nil},
		"sources and connections":                {1, 3, syscall.EMFILE},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fake.New(t, fake.Config{})
				var log bytes.Buffer
				c := clienttest.NewClient(t, s, client.Config{
					Doer: limited(s.Doer(), test.connections, test.lack), Retry: retry.Never, Concurrency: 8, InlineSize: -1,
					Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn})),
				})
				var opened atomic.Int64
				var items []client.Item
				for i := range 30 {
					src := client.Bytes(fmt.Appendf(nil, "content %d", i))
					items = append(items, client.Item{Source: rareSource{src, &opened, test.files}})
				}
				if _, err := c.UploadAll(t.Context(), items); err != nil {
					t.Fatal(err)
				}
				if n := strings.Count(log.String(), "\n"); n > 1 {
					t.Errorf("%d warnings, want at most 1:\n%s", n, &log)
				}
			})
		})
	}
}

// Without another upload that could end, the policy decides, and each wait is told.
func TestScarceAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		c := clienttest.NewClient(t, s, client.Config{Doer: limited(s.Doer(), 0, syscall.EMFILE), Retry: retry.Backoff{MaxAttempts: 3}})
		waits := 0
		res, err := c.Upload(t.Context(), client.Bytes([]byte("x")), &client.UploadOptions{OnEvent: func(e client.Event) {
			if e.Kind == client.EventRetry && errors.Is(e.Err, syscall.EMFILE) {
				waits++
			}
		}})
		if waits != 2 || res.Retries != 2 {
			t.Errorf("%d waits are told, %d retries, want 2 and 2", waits, res.Retries)
		}
		e, ok := errors.AsType[*client.Error](err)
		if !errors.Is(err, retry.ErrExhausted) || !errors.Is(err, syscall.EMFILE) || !ok || e.Class != client.ClassScarce || e.Op != protocol.OpCreate {
			t.Errorf("error %v, want ErrExhausted, %v, ok true, Class %v and Op %q", err, syscall.EMFILE, client.ClassScarce, protocol.OpCreate)
		}
	})
}

// A source that cannot be opened for lack of open files is waited for, and the log says so.
func TestScarceSourceAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		s := fake.New(t, fake.Config{})
		c := clienttest.NewClient(t, s, client.Config{Logger: slog.New(slog.NewTextHandler(&log, nil)), Retry: retry.Backoff{MaxAttempts: 3}})
		_, err := c.Upload(t.Context(), rareSource{client.Bytes([]byte("x")), new(atomic.Int64), 0}, nil)
		clienttest.WantErrorIs(t, err, retry.ErrExhausted, syscall.EMFILE)
		if n := strings.Count(log.String(), "waits for an open file"); n != 2 {
			t.Errorf("%d waits in the log, want 2:\n%s", n, &log)
		}
	})
}
